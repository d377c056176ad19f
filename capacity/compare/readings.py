"""What one run says of each endpoint: the figures that are compared.

A figure's error is its standard error within the run, on the scale of changes; it is asked
for only when there is nothing better, which is other runs.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil, log, sqrt
from typing import TYPE_CHECKING

import numpy as np

from capacity import figures
from capacity.compare.statistic import Statistic
from capacity.endpoint_cpu import by_route, reached_by_route
from capacity.histogram import Histogram
from capacity.intervals import LARGEST_BLOCKS, Interval, quantile_ranks, ratio
from capacity.model.classes import route
from capacity.observation import Observation, name
from capacity.run import BESIDE, JOURNEY, EndpointStats
from capacity.spool import Cell

if TYPE_CHECKING:
    import pandas as pd

ALL = "all requests"
"""The endpoint that stands for every request together."""
BEYOND = 5
"""The fewest requests that must lie beyond a percentile; in any other figure four times as many."""
BEYOND_ALONE = 25
"""The same where a run stands alone, and its requests must tell how sure the percentile is."""
ROUTE_CPU = "route_cpu"
"""The statistic that only systems have which tell their CPU by route."""
_FEWEST_TIMED = 200
"""Requests of a route that reached a pod: the reference app times one in seven, so some thirty."""
_RESAMPLES = 1_000
_Z = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""
_US_PER_MS = 1000.0
_LEAST_BLOCKS = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """One figure of one run; `too_few` says why it cannot be compared, if so."""

    value: float
    samples: int
    error: float | None = None
    too_few: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """Which figure: of which endpoint, which statistic."""

    endpoint: str
    statistic: str


def read(
    seen: Observation, known: Sequence[Statistic], cells: Sequence[Cell] | None = None
) -> dict[Key, Reading]:
    """Every figure the run has. With `cells` (which may be none) each comes with its error."""
    by_endpoint = None if cells is None else _seconds(seen, cells)
    found: dict[Key, Reading] = {}
    for endpoint, stats in _by_endpoint(seen.everything()).items():
        mine = None if by_endpoint is None else by_endpoint.get(endpoint, [])
        latencies = Histogram.merged(Histogram.decode(one.corrected) for one in stats)
        readings = {
            one.id: _latency(latencies, one.percent, mine)
            for one in known
            if one.percent is not None
        }
        readings["throughput"] = _throughput(seen, stats, mine)
        readings["failures"] = _failures(stats, errors=cells is not None)
        if endpoint == ALL:
            readings["cpu"] = _cpu(seen, errors=cells is not None)
        found |= {Key(endpoint, name): one for name, one in readings.items() if one is not None}
    return found | _cpu_of_routes(seen, errors=cells is not None)


def _by_endpoint(stats: Iterable[EndpointStats]) -> dict[str, list[EndpointStats]]:
    """All requests first, then endpoints and journeys as they come."""
    found: dict[str, list[EndpointStats]] = {ALL: []}
    for one in stats:
        for endpoint in _compared_as(one):
            found.setdefault(endpoint, []).append(one)
    return found


def _compared_as(one: EndpointStats | Cell) -> tuple[str, ...]:
    """The endpoints that `one` counts for: its own and all requests, a journey only its own."""
    if one.method == JOURNEY:
        return (name(one),)
    return () if one.method in BESIDE else (ALL, name(one))


@dataclass(slots=True)
class _Second:
    """What one endpoint did in one second: how often each latency, how many succeeded."""

    second: int
    latencies: Counter[float]
    succeeded: int


def _seconds(seen: Observation, cells: Iterable[Cell]) -> dict[str, list[_Second]]:
    """By endpoint, and for all requests, the seconds in which requests ended, in order."""
    measured = {step.name for step in seen.run.measured_steps()}
    found: dict[str, dict[int, _Second]] = defaultdict(dict)
    for cell in cells:
        if cell.step not in measured:
            continue
        counts = dict(Histogram.decode(cell.corrected).counts()) if cell.corrected else {}
        for endpoint in _compared_as(cell):
            one = found[endpoint].setdefault(cell.second, _Second(cell.second, Counter(), 0))
            one.latencies.update(counts)
            one.succeeded += cell.requests - cell.failures - cell.refusals
    return {
        endpoint: [seconds[second] for second in sorted(seconds)]
        for endpoint, seconds in found.items()
    }


def _latency(latencies: Histogram, percent: float, seconds: list[_Second] | None) -> Reading | None:
    if latencies.count == 0:
        return None
    beyond = BEYOND if seconds is None else BEYOND_ALONE
    needed = ceil(round(beyond / (1 - percent / 100), 6))
    value = latencies.percentile(percent) / _US_PER_MS
    if latencies.count < needed:
        return Reading(value, latencies.count, None, _too_few(latencies.count, needed))
    error = None if seconds is None else _percentile_error(latencies, percent, seconds)
    return Reading(value, latencies.count, error)


def _too_few(count: int, needed: int) -> str:
    words = figures.too_few(count, "successful request in a run", "successful requests in a run")
    return f"{words}, {figures.count(needed)} are needed"


def _percentile_error(
    latencies: Histogram, percent: float, seconds: Sequence[_Second]
) -> float | None:
    """The standard error of the log of a percentile; the larger of two.

    One comes from resampling blocks of seconds, which keeps together what happened together
    (Künsch 1989, Ann. Statist. 17:1217; here the blocks do not overlap), the other from the
    ranks independent requests would have: all there is for a record without seconds.
    """
    by_rank = _rank_error(latencies, percent)
    blocks = _blocks(seconds)
    if by_rank is None or len(blocks) < _LEAST_BLOCKS:
        return by_rank if not blocks else None
    values = sorted(set().union(*blocks))
    table = np.array([[block[value] for value in values] for block in blocks])
    chance = np.random.default_rng(len(blocks))
    weights = chance.multinomial(len(blocks), [1 / len(blocks)] * len(blocks), _RESAMPLES)
    below = np.cumsum(weights @ table, axis=1)
    reached = below >= np.ceil(below[:, -1:] * percent / 100)
    over_time = float(np.log(np.array(values)[reached.argmax(axis=1)]).std(ddof=1))
    return max(by_rank, over_time)


def _blocks(seconds: Sequence[_Second]) -> list[Counter[float]]:
    """The latencies of up to `LARGEST_BLOCKS` stretches of seconds, in order."""
    size = max(1, ceil(len(seconds) / LARGEST_BLOCKS))
    return [
        sum((one.latencies for one in seconds[start : start + size]), Counter())
        for start in range(0, len(seconds), size)
    ]


def _rank_error(latencies: Histogram, percent: float) -> float | None:
    """The same from the ranks that enclose the percentile; None when they do not."""
    low, high = quantile_ranks(latencies.count, percent / 100)
    if low is None or high is None:
        return None
    ends = [latencies.percentile(100 * rank / latencies.count) for rank in (low, high)]
    return log(ends[1] / ends[0]) / (2 * _Z)


def _throughput(
    seen: Observation, stats: Sequence[EndpointStats], seconds: list[_Second] | None
) -> Reading | None:
    succeeded = sum(one.requests - one.failures - one.refusals for one in stats)
    if succeeded == 0 or seen.seconds <= 0:
        return None
    value = succeeded / seen.seconds
    if succeeded < 4 * BEYOND:
        return Reading(value, succeeded, None, _too_few(succeeded, 4 * BEYOND))
    if seconds is None:
        return Reading(value, succeeded)
    over_time = _rate_error(seen, seconds)
    return Reading(value, succeeded, 1 / sqrt(succeeded) if over_time is None else over_time)


def _rate_error(seen: Observation, seconds: Iterable[_Second]) -> float | None:
    """The error of a rate over time; None for a record without seconds."""
    counted = {one.second: one.succeeded for one in seconds}
    whole = [
        counted.get(second, 0)
        for step in seen.run.measured_steps()
        for second in range(ceil(step.start_s), int(step.end_s))
    ]
    if not sum(whole):
        return None
    return _log_error(*ratio(whole, [1.0] * len(whole)))


def _log_error(value: float, bounds: Interval) -> float | None:
    """The standard error of a figure's log from its 95 % interval."""
    if bounds.low is None or bounds.high is None or value <= 0:
        return None
    return (bounds.high - bounds.low) / (2 * _Z) / value


def _failures(stats: Sequence[EndpointStats], *, errors: bool) -> Reading | None:
    """Failures in percent; the error after Agresti & Coull 1998, never nothing."""
    judged = sum(one.requests - one.refusals for one in stats)
    if judged == 0:
        return None
    failed = sum(one.failures for one in stats)
    value = 100 * failed / judged
    if judged < 4 * BEYOND:
        few = figures.too_few(judged, "request in a run", "requests in a run")
        return Reading(value, judged, None, few)
    share = (failed + 2) / (judged + 4)
    error = 100 * sqrt(share * (1 - share) / (judged + 4)) if errors else None
    return Reading(value, judged, error)


def _cpu(seen: Observation, *, errors: bool) -> Reading | None:
    """CPU of every service of the system, in ms per request; None when it was not seen."""
    busy, done = seen.summed("service.*.cpu"), seen.summed("load.requests")
    return None if busy is None or done is None else _per_request(seen, busy, done, errors=errors)


def _cpu_of_routes(seen: Observation, *, errors: bool) -> dict[Key, Reading]:
    """CPU that the system itself says a request of each route took, in ms.

    Of the requests that reached a pod, and none where the system does not tell how many did.
    Endpoints that differ in their query only are one: the system does not tell them apart.
    """
    cores, reached = by_route(seen), reached_by_route(seen)
    called: dict[str, str] = {}
    for one in seen.endpoints():
        called.setdefault(route(name(one)), name(one).partition("?")[0])
    found: dict[Key, Reading] = {}
    for at in called:
        if at in cores and at in reached:
            reading = _per_request(seen, cores[at], reached[at], errors=errors)
            if reading is not None:
                found[Key(called[at], ROUTE_CPU)] = _if_timed_enough(reading)
    return found


def _if_timed_enough(reading: Reading) -> Reading:
    if reading.samples >= _FEWEST_TIMED:
        return reading
    few = figures.too_few(
        reading.samples,
        "request in a run that reached a pod",
        "requests in a run that reached a pod",
    )
    return replace(reading, error=None, too_few=f"{few}, {_FEWEST_TIMED} are needed")


def _per_request(
    seen: Observation, busy: "pd.Series[float]", done: "pd.Series[float]", *, errors: bool
) -> Reading | None:
    """CPU in ms per request, of the seconds in which both were read.

    None when that is not half of them, or nothing was used. Utilisation law: demand = busy
    time / completions (Lazowska et al. 1984, 3.3).
    """
    both = busy.index.intersection(done.index)
    if len(both) < seen.seconds / 2:
        return None
    tops, bottoms = _floats(busy.loc[both]), _floats(done.loc[both])
    if not (sum(bottoms) > 0 and sum(tops) > 0):
        return None
    value, bounds = ratio(tops, bottoms)
    error = _log_error(value, bounds) if errors else None
    return Reading(1000 * value, round(sum(bottoms)), error)


def _floats(series: "pd.Series[float]") -> list[float]:
    return [float(value) for value in series]
