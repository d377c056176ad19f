"""Whether a system under steady load stays as it is: memory and connections over a soak.

What grows while the load stands still ends badly, only later than a load test does.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from capacity.intervals import CONFIDENCE, Interval
from capacity.observation import Observation

if TYPE_CHECKING:
    import pandas as pd

LEAST_S = 600.0
"""Shorter runs show how caches and pools fill, not what comes after."""
BLOCKS = 20
FEWEST_BLOCKS = 8
"""With fewer the slope's interval says nothing."""
_ALLOWED_SHARE = 0.05
"""Growth in an hour, as a share of the level, up to which something counts as flat."""
_MIB = 2.0**20

_WATCHED: tuple[tuple[str, str, float], ...] = (
    # series, unit, the growth in an hour that nobody minds however small the level
    ("service.*.memory", "bytes", _MIB),
    ("redis.memory", "bytes", _MIB),
    ("nginx.connections", "connections", 1.0),
    ("pgbouncer.clients_active", "connections", 1.0),
    ("postgres.*.connections", "connections", 1.0),
    ("redis.clients", "connections", 1.0),
)


class Course(StrEnum):
    """What became of a gauge during the soak."""

    FLAT = "flat"
    RISING = "rising"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Trend:
    """One gauge over the second half of the measured time.

    `level` is its median there, `per_hour` its growth in an hour with the 95 % interval,
    `allowed` the growth in an hour that counts as flat; all in `unit`.
    """

    series: str
    unit: str
    level: float
    per_hour: float
    interval: Interval
    allowed: float

    @property
    def course(self) -> Course:
        """Flat if the whole interval is allowed, rising if none of it is."""
        low, high = self.interval.low, self.interval.high
        if high is not None and high <= self.allowed:
            return Course.FLAT
        if low is not None and low > self.allowed:
            return Course.RISING
        return Course.UNSURE


def trends(seen: Observation) -> list[Trend]:
    """The course of every service's memory and of the connections; none of a short run."""
    if not seen.own_system or seen.seconds < LEAST_S:
        return []
    found = []
    for pattern, unit, floor in _WATCHED:
        for series in seen.instances(pattern):
            trend = _trend(series, unit, floor, seen.window[series].dropna())
            if trend is not None:
                found.append(trend)
    return found


def _trend(series: str, unit: str, floor: float, readings: "pd.Series[float]") -> Trend | None:
    """The slope by Theil and Sen (Sen 1968, JASA 63:1379) through the means of blocks.

    The first half is left out: there caches fill and pools open. Neighbouring readings
    resemble each other, so their blocks are taken as the independent observations. Steps
    that happen once (a worker recycled) do not sway a median of slopes.
    """
    import pandas as pd
    from scipy.stats import theilslopes

    if readings.empty:
        return None
    middle = (float(readings.index[0]) + float(readings.index[-1])) / 2
    later = readings[readings.index >= middle]
    seconds = pd.Series(later.index, dtype="float64")
    block = pd.cut(seconds, BLOCKS, labels=False)
    values = pd.Series(later.to_numpy(dtype="float64")).groupby(block).mean()
    if len(values) < FEWEST_BLOCKS:
        return None
    hours = seconds.groupby(block).mean() / 3600
    slope, _, low, high = theilslopes(values.to_numpy(), hours.to_numpy(), CONFIDENCE)
    level = float(later.median())
    return Trend(
        series,
        unit,
        level,
        float(slope),
        Interval(float(low), float(high), "Theil-Sen over blocks of time"),
        max(_ALLOWED_SHARE * level, floor),
    )
