"""Metrics of any series of the timeline: what an SLO may name beside the named metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from capacity.intervals import ratio
from capacity.measured import Measure, Measured, Unavailable
from capacity.observation import Observation
from capacity.series import SERIES
from capacity.tier_metrics import thin

if TYPE_CHECKING:
    import pandas as pd

OF_THE_LOAD = ("load.", "generator.")
"""What the series begin with that every run has."""
_TIMES = ("s", "ms")
"""Units of series whose instances do not add up: the slowest counts."""


@dataclass(frozen=True, slots=True)
class Described:
    """A series' unit, and what it is."""

    unit: str
    what: str


PATTERNS: dict[str, Described] = {
    name.replace("{service}", "*").replace("{pod}", "*"): Described(unit, what)
    for name, (unit, what) in SERIES.items()
}
"""Every series, with `*` for the instance."""


def described(name: str) -> Described | None:
    """What `name` stands for, an instance's name or `*` in it; None for no series."""
    parts = name.split(".")
    return next(
        (
            found
            for pattern, found in PATTERNS.items()
            if len(pattern.split(".")) == len(parts) and fnmatchcase(name, pattern)
        ),
        None,
    )


def over_seconds(name: str, unit: str) -> Measure:
    """How to measure a series over the measured seconds.

    In each second the instances it names are added up; of times, the slowest counts.
    """

    def measure(
        seen: Observation, statistic: str, patterns: Sequence[str] = ()
    ) -> Measured | Unavailable:
        series = seen.largest(name) if unit in _TIMES else seen.summed(name)
        lacking = thin(seen, series, name)
        if lacking or series is None:
            return lacking or Unavailable(f"no reading of {name}")
        return _measured(series, statistic, unit)

    return measure


def _measured(series: "pd.Series[float]", statistic: str, unit: str) -> Measured:
    readings = series.tolist()
    if statistic == "mean":
        value, bounds = ratio(readings, [1.0] * len(readings))
        return Measured(value, unit, len(readings), "readings", bounds)
    if statistic == "max":
        return Measured(max(readings), unit, len(readings), "readings", None)
    if statistic == "min":
        how = f"the smallest of {len(readings)} readings"
        return Measured(min(readings), unit, len(readings), "readings", None, how)
    value = float(series.quantile(float(statistic.removeprefix("p")) / 100))
    how = f"over {len(readings)} readings, one a second"
    return Measured(value, unit, len(readings), "readings", None, how)
