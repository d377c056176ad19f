"""Scalability as a diagnosis: the Universal Scalability Law through levels, told in a sentence.

Concurrency is the mean number of requests at work, by Little's law: so levels of users who
wait and of arrivals that do not are points of one curve.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from capacity import figures
from capacity.model.usl import ScalabilityError, fit

if TYPE_CHECKING:
    from capacity.demands import LevelSeen
    from capacity.evidence import Span
    from capacity.model.usl import Scalability

CONCURRENCY, PODS = "requests at a time", "pods"


def diagnoses(levels: "Iterable[LevelSeen]") -> list[str]:
    """What a calibration's levels say by concurrency, on one number of pods, and by pods."""
    known = list(levels)
    if not known:
        return []
    counts = [level.pods for level in known]
    usual = max(set(counts), key=lambda pods: (counts.count(pods), pods))
    most: dict[float, float] = {}
    for level in known:
        most[level.pods] = max(level.rate, most.get(level.pods, 0.0))
    at_once = [(level.at_once, level.rate) for level in known if level.pods == usual]
    return [diagnosis(CONCURRENCY, at_once), diagnosis(PODS, most.items())]


def diagnosis(of: str, points: Iterable[tuple[float, float]]) -> str:
    """The law through `points` (size, requests per second), or why there is none."""
    sizes, rates = zip(*points, strict=True)
    try:
        found = fit(sizes, rates)
    except ScalabilityError as error:
        return f"Scalability by {of}: {error}."
    return (
        f"Scalability by {of} (a diagnosis): one alone carries {_span(found.unit_rate)} req/s, "
        f"contention {_percent(found.contention)}, coherency {_percent(found.coherency)}; "
        f"{_peak(found)}."
    )


def _peak(found: "Scalability") -> str:
    tested = figures.number(found.largest_tested)
    if found.peak is None:
        return f"throughput only levels off (tested up to {tested})"
    point = found.at(found.peak)
    where = f"most at {figures.number(point.size)}"
    if point.beyond:
        return f"{where}, which is beyond twice the {tested} tested: a guess"
    return f"{where}, {figures.number(point.rate)} req/s (tested up to {tested})"


def _span(span: "Span", factor: float = 1.0) -> str:
    low, mid, high = (figures.number(factor * one) for one in (span.low, span.mid, span.high))
    return f"{mid} ({low} to {high})"


def _percent(span: "Span") -> str:
    return f"{_span(span, 100)} %"
