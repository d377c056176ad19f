"""Whether a system under steady load stays as it is: memory and connections over a soak.

What grows while the load stands still ends badly, only later than a load test does. Unless
it has an end: two things grow to one, and are told apart from what does not.

Memory in shared segments (Postgres' shared_buffers, nginx's zones) has its size from the
start; what a set size shows of it is how much was touched by now. Pages of files, a
program's own code above all, are the kernel's to drop, and a service's share of them rises
when another program ends that had them too. So memory is judged without either.

A pool opens a connection when all it has are busy at once, and closes one that was idle for
long. How many are open is thus the highest need of its last minutes: it creeps up as rarer
peaks come, and ends at the pool's size. What leaks is never given back, so it shows in the
connections in use, which are judged as well and have no such memory. Every connection is a
process of Postgres with memory of its own, so Postgres' memory is judged as it would be with
the median number of them: a pool that fills or empties is told once. What one of them takes
is fitted beside a level and a slope: a leak is taken for it only as far as it grows by the same
steps as their number.
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
    ("pod.*.pool_in_use", "connections", 1.0),
    ("pgbouncer.clients_active", "connections", 1.0),
    ("pgbouncer.servers_active", "connections", 1.0),
    ("postgres.*.connections", "connections", 1.0),
    ("redis.clients", "connections", 1.0),
)
_IN_USE = ("pgbouncer.servers_active", "pool_in_use")
_LEAST_OF = 30
"""Readings of a gauge of what is in use, one a second, of which the least is judged: what leaked
is in use in all of them, what is busy is not."""
STAND_INS = ("mail", "s3", "stripe")
"""Services that stand in for other people's, by their names in the compose file. They keep all
they are sent in memory, so they grow with the load, and are not judged."""


class Course(StrEnum):
    """What became of a gauge during the soak. What is `FILLING` rises to an end it has."""

    FLAT = "flat"
    FILLING = "filling"
    RISING = "rising"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Trend:
    """One gauge over the second half of the measured time.

    `level` is its median there, `per_hour` its growth in an hour with the 95 % interval,
    `allowed` the growth in an hour that counts as flat, `bound` where growth ends of itself,
    None where nothing ends it; all in `unit`.
    """

    series: str
    unit: str
    level: float
    per_hour: float
    interval: Interval
    allowed: float
    bound: float | None = None

    @property
    def course(self) -> Course:
        """Flat if the whole interval is allowed, rising or filling if none of it is."""
        low, high = self.interval.low, self.interval.high
        if high is not None and high <= self.allowed:
            return Course.FLAT
        if low is None or low <= self.allowed:
            return Course.UNSURE
        return Course.RISING if self.bound is None or self.level > self.bound else Course.FILLING


def trends(seen: Observation) -> list[Trend]:
    """The course of every service's memory and of the connections; none of a short run."""
    if not seen.own_system or seen.seconds < LEAST_S:
        return []
    found = []
    for pattern, unit, floor in _WATCHED:
        for series in seen.instances(pattern):
            judged = _at_median_connections(seen, series, _later(_readings(seen, series)))
            trend = _trend(series, unit, floor, judged, _bound(seen, series))
            if trend is not None:
                found.append(trend)
    return found


def _readings(seen: Observation, series: str) -> "pd.Series[float]":
    """The gauge as it is judged."""
    readings = seen.window[series]
    tier, name, *_ = series.split(".")
    if tier == "service" and name in STAND_INS:
        return readings.iloc[:0]
    for part in ("shared_memory", "file_memory"):
        other = f"service.{name}.{part}"
        if tier == "service" and other in seen.window:  # records of before lack it
            readings = readings - seen.window[other]
    if series.endswith(_IN_USE):
        readings = readings.dropna().rolling(_LEAST_OF, min_periods=1).min()
    return readings.dropna()


def _later(readings: "pd.Series[float]") -> "pd.Series[float]":
    """Those of the second half: in the first caches fill and pools open."""
    if readings.empty:
        return readings
    middle = (float(readings.index[0]) + float(readings.index[-1])) / 2
    return readings[readings.index >= middle]


def _at_median_connections(
    seen: Observation, series: str, memory: "pd.Series[float]"
) -> "pd.Series[float]":
    """Postgres' memory as with the median number of connections; all else as it is.

    What a connection takes is fitted by least squares beside a level and a slope: no less than
    nothing, and no more than its share if all the memory were connections'.
    """
    import numpy as np

    tier, name, *_ = series.split(".")
    connections = f"postgres.{name}.connections"
    if tier != "service" or connections not in seen.window or memory.empty:
        return memory
    opened = seen.window[connections].ffill().bfill().reindex(memory.index)
    middle = opened.median()
    if opened.nunique() < 2 or not middle > 0:  # as many all the time, or not known
        return memory
    seconds = memory.index.to_numpy(dtype="float64")
    beside = np.column_stack((np.ones_like(seconds), seconds - seconds.mean(), opened - middle))
    (_, _, fitted), *_ = np.linalg.lstsq(beside, memory.to_numpy(dtype="float64"))
    each = min(max(float(fitted), 0.0), float(memory.median() / middle))
    return memory - each * (opened - middle)


def _bound(seen: Observation, series: str) -> float | None:
    """Where growth ends: at the most connections that PgBouncer opens to a server of Postgres."""
    tier, name, *_ = series.split(".")
    if tier != "postgres":
        return None
    most = (seen.run.where.topology or {}).get(f"pgbouncer_servers.{name}")
    return None if most is None else float(most)


def _trend(
    series: str, unit: str, floor: float, later: "pd.Series[float]", bound: float | None
) -> Trend | None:
    """The slope by Theil and Sen (Sen 1968, JASA 63:1379) through the means of blocks.

    Neighbouring readings resemble each other, so their blocks are taken as the independent
    observations. Steps that happen once (a worker recycled) do not sway a median of slopes.
    """
    import pandas as pd
    from scipy.stats import theilslopes

    if later.empty:
        return None
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
        bound,
    )
