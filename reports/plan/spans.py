"""Rows with a bar: where a figure and its interval lie on a track, in percent of its width."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite

from capacity import figures
from capacity.evidence import Evidence
from capacity.inputs import Input
from capacity.plan.shapes import Bar, Figure, Limit, PlanResult, Sensitivity

_ROOM = 1.05
"""A track is this much longer than what lies on it."""


@dataclass(frozen=True, slots=True)
class Span:
    """A row: `fill` is a bar from one place to another, `low` to `high` an interval on it."""

    name: str
    note: str
    text: str
    between: str
    evidence: Evidence
    fill: tuple[float, float]
    interval: tuple[float, float] | None = None
    mark: float | None = None
    alarm: bool = False


def headroom(limits: Sequence[Limit]) -> list[Span]:
    """How full every resource is at the busiest seconds; the mark is where it is full."""
    end = _ROOM * max(1.0, *(one.used.high for one in limits))
    return [
        Span(
            one.name,
            f"{one.what}; full at {figures.count(one.full_at_users.mid)} users",
            percent(one.used.mid),
            interval(one.used),
            one.used.evidence,
            (0.0, _place(one.used.mid, end)),
            (_place(one.used.low, end), _place(one.used.high, end)),
            _place(1.0, end),
            alarm=one.used.high >= 1,
        )
        for one in limits
    ]


def run_out(plan: PlanResult) -> list[Span]:
    """When each growth path outgrows the plan, on one line of months."""
    ends = [one.month_high or one.month_mid or one.month_low for one in plan.runs_out]
    end = _ROOM * max([12.0, *(month for month in ends if month is not None)])
    found = []
    for one in plan.runs_out:
        mid = end if one.month_mid is None else one.month_mid
        low = mid if one.month_low is None else one.month_low
        high = end if one.month_high is None else one.month_high
        found.append(
            Span(
                f"path {one.path}",
                "",
                month(one.date_mid),
                f"{month(one.date_low)} to {month(one.date_high)}",
                Evidence.ASSUMED,
                (0.0, _place(mid, end)),
                (_place(low, end), _place(high, end)),
            )
        )
    return found


def tornado(outcome: Sensitivity, inputs: Mapping[str, Input], most: int) -> list[Span]:
    """The `most` inputs that move an outcome most, about its middle."""
    bars = outcome.bars[:most]
    ends = [end for one in bars for end in (one.at_low, one.at_high) if isfinite(end)]
    least, width = min([outcome.middle, *ends]), max([outcome.middle, *ends])
    width = width - least or 1.0
    effects = {one.name: one for one in outcome.effects}

    def place(value: float) -> float:
        return 2 + 96 * min(max((value - least) / width, 0.0), 1.0)

    def row(one: Bar) -> Span:
        given, told = inputs[one.name], effects.get(one.name)
        note = f"{figures.number(given.low)} to {figures.number(given.high)} {given.unit}"
        if told is not None:
            alone, whole = figures.number(told.first, 2), figures.number(told.total, 2)
            note += f"; Sobol {alone} alone, {whole} in all"
        return Span(
            _words(one.name),
            note,
            f"{money(one.at_low, outcome.unit)} to {money(one.at_high, outcome.unit)}",
            "",
            given.evidence,
            (
                place(min(one.at_low, one.at_high)),
                place(max(one.at_low, one.at_high)),
            ),
            mark=place(outcome.middle),
        )

    return [row(one) for one in bars]


def _words(name: str) -> str:
    """`activity.daily_share` for people: `activity: daily share`."""
    return name.replace(".", ": ").replace("_", " ")


def _place(value: float, end: float) -> float:
    return round(100 * min(max(value / end, 0.0), 1.0), 2)


def percent(share: float) -> str:
    """A share in per cent."""
    return f"{figures.number(100 * share)} %"


def interval(figure: Figure) -> str:
    """`12 to 34 %`, or in the figure's own unit's numbers."""
    if figure.unit == "share":
        return f"{figures.number(100 * figure.low)} to {figures.number(100 * figure.high)} %"
    return f"{figures.number(figure.low)} to {figures.number(figure.high)}"


def money(value: float, unit: str) -> str:
    """A value of an outcome: dollars with their sign, shares in per cent."""
    if unit == "share":
        return percent(value)
    if unit.startswith("USD"):
        return f"{'-' if value < 0 else ''}${figures.number(abs(value))}"
    return figures.figure(value, unit)


def month(day: date | None) -> str:
    """`May 2028`."""
    return "beyond a century" if day is None else f"{day:%B %Y}"
