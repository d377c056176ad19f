"""How long a figure stays past its limit, second by second.

A second without a figure neither mends nor breaks anything: a stall, in which nothing is
answered, does not end the stretch it lies in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from capacity.targets import Op


@dataclass(frozen=True, slots=True)
class Reading:
    """The figure of one second, and whether it is past the limit."""

    second: int
    value: float
    past: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """Seconds [`start`, `end`) from the first to the last past the limit, none between within."""

    start: int
    end: int

    @property
    def seconds(self) -> int:
        """How long it lasted."""
        return self.end - self.start


def extended(now: Stretch | None, reading: Reading) -> Stretch | None:
    """The stretch that goes on once `reading` has followed; None when that is within the limit."""
    if not reading.past:
        return None
    return Stretch(reading.second if now is None else now.start, reading.second + 1)


def longest(readings: Iterable[Reading]) -> Stretch | None:
    """The longest stretch past the limit, the first of several; None when none was."""
    now = found = None
    for reading in readings:
        now = extended(now, reading)
        if now is not None and (found is None or now.seconds > found.seconds):
            found = now
    return found


def held(op: Op, readings: Sequence[Reading], seconds: int) -> float | None:
    """The worst figure that lasted for `seconds`: past the limit just when it stayed so that long.

    None when the readings span less. Within a window the figure nearest to the limit counts.
    """
    upper = op in ("<", "<=")
    mildest, worst = (min, max) if upper else (max, min)
    lasted = []
    for number, first in enumerate(readings):
        within = []
        for reading in readings[number:]:
            within.append(reading.value)
            if reading.second + 1 - first.second >= seconds:
                lasted.append(mildest(within))
                break
    return worst(lasted) if lasted else None
