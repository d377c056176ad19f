"""Trends: where the figures of a history changed their level, and by how much."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from statistics import median

from capacity.change_points import ChangePoint, change_points
from capacity.compare.readings import ALL, Key
from capacity.compare.statistic import Statistic
from capacity.history import Kept, Line

LONGEST = 200
"""The latest runs that are looked at: what changed before them is settled."""


@dataclass(frozen=True, slots=True)
class Change:
    """A new level from `run` on. `change` is a share of the old one, or a difference."""

    index: int
    run: Kept
    before: float
    after: float
    change: float
    worse: bool
    chance: float


@dataclass(frozen=True, slots=True)
class Trend:
    """One figure over its runs, and where it changed by more than the minimum effect."""

    key: Key
    statistic: Statistic
    runs: list[Kept]
    values: list[float]
    changes: list[Change]


def trends(lines: Iterable[Line], known: Sequence[Statistic]) -> list[Trend]:
    """The trend of every figure: all requests first, then those that changed, then the rest."""
    by_id = {one.id: one for one in known}
    found = [
        trend(line, by_id[line.key.statistic]) for line in lines if line.key.statistic in by_id
    ]
    order = list(by_id)
    return sorted(
        found,
        key=lambda one: (
            one.key.endpoint != ALL,
            not one.changes,
            one.key.endpoint,
            order.index(one.key.statistic),
        ),
    )


def trend(line: Line, statistic: Statistic) -> Trend:
    """The changes of one figure, sought on the scale on which changes add up."""
    runs, values = line.runs[-LONGEST:], line.values[-LONGEST:]
    places = [log(value) if statistic.scale == "ratio" else value for value in values]
    points = change_points(places)
    edges = [0, *(point.index for point in points), len(values)]
    changes = [
        _change(
            statistic, runs, point, values[edges[at] : point.index], values[point.index : after]
        )
        for at, (point, after) in enumerate(zip(points, edges[2:], strict=True))
    ]
    matter = [one for one in changes if _matters(statistic, one)]
    return Trend(line.key, statistic, runs, values, matter)


def _change(
    statistic: Statistic,
    runs: Sequence[Kept],
    point: ChangePoint,
    before: Sequence[float],
    after: Sequence[float],
) -> Change:
    old, new = median(before), median(after)
    worsening = statistic.position(new) - statistic.position(old)
    return Change(
        point.index,
        runs[point.index],
        old,
        new,
        statistic.as_change(worsening),
        worsening > 0,
        point.chance,
    )


def _matters(statistic: Statistic, change: Change) -> bool:
    moved = statistic.position(change.after) - statistic.position(change.before)
    return abs(moved) > statistic.threshold
