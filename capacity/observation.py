"""What one run shows: its record and timeline, cut to the seconds that count."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING

from capacity.histogram import Histogram
from capacity.run import BESIDE, EndpointStats, Run
from capacity.spool import Cell

if TYPE_CHECKING:
    import pandas as pd


HELD_S = 60
"""How many seconds a reading of a slow gauge (memory) stands for the system at most."""


OTHERS_SHARE = 0.15
"""The share of the machine used by other programs above which it is worth a warning."""


class Observation:
    """A run with its timeline (index second, one column per series), measured steps only.

    `cells` are what the generators counted by endpoint and second, where that is wanted.
    """

    def __init__(self, run: Run, timeline: "pd.DataFrame", cells: Sequence[Cell] = ()) -> None:
        self.run = run
        self.timeline = timeline
        self.cells = cells

    @cached_property
    def seconds(self) -> float:
        """How long was measured, in seconds."""
        return sum(step.seconds for step in self.run.measured_steps())

    @cached_property
    def window(self) -> "pd.DataFrame":
        """The timeline's rows of the measured steps."""
        return self.measured(self.timeline)

    def measured(self, rows: "pd.DataFrame") -> "pd.DataFrame":
        """Those of `rows`, by second, that lie in a measured step; second s covers [s, s + 1)."""
        inside = rows.index < 0  # none yet
        for step in self.run.measured_steps():
            inside = inside | ((rows.index >= step.start_s) & (rows.index < step.end_s))
        return rows[inside]

    def endpoints(self, patterns: Sequence[str] = ()) -> list[EndpointStats]:
        """Statistics of the measured steps; of the endpoints that match any pattern, if given.

        A pattern is a shell-style glob on `METHOD endpoint`, or on the endpoint alone.
        Without one these are the requests, and nothing that happened beside them.
        """
        return [
            stats
            for stats in self.everything()
            if (_matches(stats, patterns) if patterns else stats.method not in BESIDE)
        ]

    def everything(self) -> list[EndpointStats]:
        """Statistics of the measured steps, of requests and of what happened beside them."""
        measured = {step.name for step in self.run.measured_steps()}
        return [stats for stats in self.run.endpoints if stats.step in measured]

    def endpoint_names(self) -> list[str]:
        """Every `METHOD endpoint` seen in the measured steps, each once, in order."""
        return list(dict.fromkeys(name(stats) for stats in self.everything()))

    def latencies(self, patterns: Sequence[str] = (), *, corrected: bool = True) -> Histogram:
        """Latencies of successful requests, from the intended start or as sent."""
        return Histogram.merged(
            Histogram.decode(stats.corrected if corrected else stats.raw)
            for stats in self.endpoints(patterns)
        )

    @property
    def own_system(self) -> bool:
        """Whether the system under test is one hmb runs, so that its tiers can be seen."""
        return self.run.where.topology is not None

    def instances(self, pattern: str) -> list[str]:
        """The series of the timeline that `pattern` stands for (`pod.*.requests`), sorted."""
        return sorted(column for column in self.timeline.columns if fnmatchcase(column, pattern))

    @cached_property
    def pods(self) -> list[str]:
        """The pods that were seen, by name."""
        return [column.split(".")[1] for column in self.instances("pod.*.requests")]

    def summed(self, *patterns: str) -> "pd.Series[float] | None":
        """Per measured second the sum over every instance; seconds lacking one are left out.

        None when there is no such series.
        """
        return self._across(patterns, lambda rows: rows.sum(axis=1))

    def largest(self, *patterns: str) -> "pd.Series[float] | None":
        """Per measured second the largest instance; None when there is no such series."""
        return self._across(patterns, lambda rows: rows.max(axis=1), whole=False)

    def others_cpu(self) -> float | None:
        """Mean cores that programs outside this test used; None when that cannot be seen."""
        whole = self.summed("machine.cpu")
        known = self.summed("service.*.cpu", "generator.cpu_total")
        if whole is None or known is None or not self.instances("service.*.cpu"):
            return None
        both = whole.index.intersection(known.index)
        if both.empty:
            return None
        return max(0.0, float((whole.loc[both] - known.loc[both]).mean()))

    def held(self, pattern: str) -> "pd.DataFrame":
        """Gauges that are read in turns, not every second: each stands until its next reading.

        Over the whole timeline, one column per instance; before its first
        reading an instance has that one, and none stands longer than `HELD_S`.
        """
        rows = self.timeline[self.instances(pattern)]
        return rows.ffill(limit=HELD_S).bfill(limit=HELD_S)

    def _across(
        self,
        patterns: Sequence[str],
        join: "Callable[[pd.DataFrame], pd.Series[float]]",
        *,
        whole: bool = True,
    ) -> "pd.Series[float] | None":
        columns = [column for pattern in patterns for column in self.instances(pattern)]
        if not columns:
            return None
        return join(self.window[columns].dropna(how="any" if whole else "all"))


def name(stats: EndpointStats | Cell) -> str:
    """An endpoint as people write it: `GET /api/v1/jobs`."""
    return f"{stats.method} {stats.endpoint}".strip()


def _matches(stats: EndpointStats, patterns: Sequence[str]) -> bool:
    return any(
        fnmatchcase(name(stats), pattern) or fnmatchcase(stats.endpoint, pattern)
        for pattern in patterns
    )
