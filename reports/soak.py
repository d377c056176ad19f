"""What a long run shows of memory and connections, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from capacity import figures
from capacity.soak import Course, Trend

SYMBOLS = {Course.FLAT: "✓", Course.FILLING: "↗", Course.RISING: "✗", Course.UNSURE: "?"}

_OWN_COUNT = "redis.memory"
"""What Redis says of itself, beside what its process takes."""


@dataclass(frozen=True, slots=True)
class Line:
    """One gauge as a row of a table."""

    symbol: str
    course: str
    what: str
    level: str
    growth: str
    interval: str
    allowed: str


def lines(trends: Sequence[Trend]) -> list[Line]:
    """One for each, what rises first, then what is not sure."""
    worst_first = (Course.RISING, Course.UNSURE, Course.FILLING, Course.FLAT)
    ordered = sorted(trends, key=lambda trend: worst_first.index(trend.course))
    return [
        Line(
            SYMBOLS[trend.course],
            trend.course.value,
            name(trend) + _end(trend),
            figures.figure(trend.level, trend.unit),
            _hourly(trend.per_hour, trend.unit),
            figures.interval(trend.interval, trend.unit),
            _hourly(trend.allowed, trend.unit),
        )
        for trend in ordered
    ]


def name(trend: Trend) -> str:
    """`service.backend-1.memory` as `backend-1 memory`."""
    if trend.series == _OWN_COUNT:
        return "redis memory by its own count"
    parts = trend.series.split(".")
    return " ".join(part for part in parts if part not in ("service", "postgres"))


def sentence(trends: Sequence[Trend]) -> str:
    """The whole soak in one line; empty without one."""
    if not trends:
        return ""
    counts = dict.fromkeys(Course, 0)
    for trend in trends:
        counts[trend.course] += 1
    rising = [
        f"{name(one)} by {_hourly(one.per_hour, one.unit)}"
        for one in trends
        if one.course is Course.RISING
    ]
    told = ", ".join(f"{amount} {course.value}" for course, amount in counts.items() if amount)
    return f"Soak: of {len(trends)} gauges {told}" + (
        f"; rising: {', '.join(rising)}." if rising else "."
    )


def _end(trend: Trend) -> str:
    """Where its growth ends, if that is known."""
    return "" if trend.bound is None else f", at most {figures.figure(trend.bound, trend.unit)}"


def _hourly(amount: float, unit: str) -> str:
    return f"{figures.figure(amount, unit)}/h"
