"""What measuring gives: a figure with its certainty, or the reason why there is none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from capacity.intervals import Interval
from capacity.observation import Observation


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure of one run.

    `interval` is None for a figure that is what it is (the largest reading of
    a gauge): nothing was sampled from it. `samples` counts what the figure is
    made of, named by `of` (requests, readings, lookups). `how` says in words how a figure
    without interval came about, where it is not the largest of them.
    """

    value: float
    unit: str
    samples: int
    of: str
    interval: Interval | None
    how: str = ""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why a figure cannot be had, as a sentence without its full stop.

    `refuted`: its lack itself misses every upper limit on it, as when all requests failed.
    """

    reason: str
    refuted: bool = False


Measure = Callable[[Observation, str, Sequence[str]], Measured | Unavailable]
"""(what was seen, statistic, endpoint patterns or none) -> the figure or why not."""
