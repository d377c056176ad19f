"""A sweep: which load level to measure next, and what the levels together say.

Levels rise by a factor until one breaks a target; then the span between the largest level
within all targets and the smallest that breaks one is halved, on the scale of ratios, until
it is narrow enough. Pure: whoever measures brings the results.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from capacity import knee as knees
from capacity.bottleneck import Use
from capacity.model.bounds import in_system
from capacity.run import Machine

SWEEP_VERSION: Literal[1] = 1


class State(StrEnum):
    """What one level showed."""

    WITHIN = "within"
    """All gating targets are met."""
    BROKEN = "broken"
    """One at least is not, or the system could not take the load at all."""
    UNDECIDED = "undecided"
    """Too few requests to tell, or it had not settled."""
    INVALID = "invalid"
    """The generator or the machine gave out: it says nothing of the system."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Level(_Part):
    """One load level, measured. Rates per second, latencies in ms from the intended start."""

    run: str
    rate: float = Field(gt=0, description="arrivals a second asked for")
    seconds: float
    state: State
    why: str
    offered: float
    achieved: float = Field(description="requests a second answered well")
    dropped: float = Field(ge=0, description="share of arrivals, as a fraction")
    mean_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    settled_after_s: int | None = Field(description="None: it did not, or too short to tell")
    uses: tuple[Use, ...]
    others_cores: float | None = Field(
        default=None, description="that other programs used, where it was a good part"
    )
    confirms: bool = False


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a sweep begins and ends.

    `factor` is from one level to the next while rising, `precision` how far apart, as a
    fraction, the levels on both sides of the answer may stay, `most_levels` how many
    levels may be measured in all.
    """

    first: float
    last: float
    factor: float = 1.6
    precision: float = 0.1
    most_levels: int = 14

    def __post_init__(self) -> None:
        if not 0 < self.first <= self.last:
            raise ValueError("a sweep goes from a rate above 0 up to one that is not below it")


def next_rate(levels: Sequence[Level], bounds: Bounds) -> float | None:
    """The rate to measure next; None when nothing more is to be learned.

    A level that broke ends the rise, and so does one that is invalid: beyond what the
    generator can send nothing can be measured. When even the first broke, the sweep goes down.
    """
    if len(levels) >= bounds.most_levels:
        return None
    if not levels:
        return bounds.first
    low, high = _largest_good(levels), _smallest_bad(levels)
    if high is None:
        highest = max(level.rate for level in levels)
        return None if highest >= bounds.last else min(bounds.last, _round(highest * bounds.factor))
    if low is None:
        return _round(high / bounds.factor**2)
    return _round(sqrt(low * high)) if high / low > 1 + bounds.precision else None


def _round(rate: float) -> float:
    """To three digits, as people write a rate."""
    return float(f"{rate:.3g}")


def _smallest_bad(levels: Sequence[Level]) -> float | None:
    bad = [one.rate for one in levels if one.state in (State.BROKEN, State.INVALID)]
    return min(bad, default=None)


def _largest_good(levels: Sequence[Level]) -> float | None:
    """The largest rate that broke nothing, below all that did."""
    limit = _smallest_bad(levels)
    good = [
        one.rate
        for one in levels
        if one.state in (State.WITHIN, State.UNDECIDED) and (limit is None or one.rate < limit)
    ]
    return max(good, default=None)


class Largest(_Part):
    """The largest load within all targets: at least `low`, below `high` arrivals a second.

    `high` is None when no level broke; `because` says what ended the search there.
    """

    low: float | None
    high: float | None
    because: str


def largest(levels: Sequence[Level]) -> Largest:
    """The largest load within all targets, as an interval between two levels.

    Of several levels of one rate that broke one the first tells why.
    """
    ordered = sorted(levels, key=lambda level: level.rate)
    bad = next((one for one in ordered if one.state in (State.BROKEN, State.INVALID)), None)
    low = max(
        (
            one.rate
            for one in ordered
            if one.state is State.WITHIN and (bad is None or one.rate < bad.rate)
        ),
        default=None,
    )
    if bad is None and low is None:
        last = ordered[-1].why if ordered else "none was measured"
        return Largest(low=None, high=None, because=f"no level could be decided: {last}")
    if bad is None:
        return Largest(low=low, high=None, because="the sweep's limit was reached")
    if bad.state is State.INVALID:
        return Largest(low=low, high=None, because=f"nothing above can be judged: {bad.why}")
    return Largest(low=low, high=bad.rate, because=bad.why)


class Sweep(_Part):
    """All levels of a sweep, in the order they were measured."""

    version: Literal[1] = SWEEP_VERSION
    id: str
    scenario: str
    machine: Machine
    targets: str = Field(description="what the levels were judged by")
    levels: tuple[Level, ...]
    cache_lives_s: dict[str, float] = Field(
        default={}, description="sort of cached answer -> its longest life; empty: not known"
    )

    def by_rate(self) -> list[Level]:
        """The levels from the smallest rate to the largest; equal ones as measured."""
        return sorted(self.levels, key=lambda level: level.rate)

    def largest(self) -> Largest:
        """The largest load within all targets, as an interval."""
        return largest(self.levels)

    def held_s(self) -> float | None:
        """How long at most its largest load within all targets was measured and held."""
        rate = self.largest().low
        return max(
            (one.seconds for one in self.levels if one.rate == rate and one.state is State.WITHIN),
            default=None,
        )

    def not_outlived(self) -> dict[str, float]:
        """The sorts of cached answers that may not have expired once while that load held."""
        held = self.held_s() or 0.0
        return {name: life for name, life in self.cache_lives_s.items() if life >= held}

    def knee(self) -> knees.Knee | None:
        """Where power is largest; levels that say nothing of the system are left out.

        What was measured once more stands for both.
        """
        points = {
            one.rate: knees.Point(one.rate, one.achieved, one.mean_ms / 1000)
            for one in self.levels
            if one.state is not State.INVALID and one.mean_ms is not None
        }
        return knees.knee(list(points.values()))

    def concurrency(self) -> list[tuple[float, float]]:
        """Requests at work at a time and answered per second, by level as in `knee`."""
        points = {
            one.rate: (in_system(one.achieved, one.mean_ms / 1000), one.achieved)
            for one in self.levels
            if one.state is not State.INVALID and one.mean_ms is not None and one.achieved > 0
        }
        return list(points.values())

    def first_saturated(self) -> tuple[Level, Use] | None:
        """The smallest level that used up a resource, and the resource it used most of."""
        for level in self.by_rate():
            used_up = [use for use in level.uses if use.saturated]
            if used_up:
                return level, max(used_up, key=lambda use: use.share)
        return None
