"""SLOs watched while the load runs: how each stands, and whether one is to stop the load."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from capacity import figures
from capacity.metrics import METRICS, Scope
from capacity.run import Phase, Run, Stopped
from capacity.seconds import alone
from capacity.spool import Cell
from capacity.stretches import Stretch, extended
from capacity.targets import Target
from capacity.verdicts import Outcome, judge, reading

_LATE_S = 1
"""Samples of the tiers may come this much after the generator's account of the same second."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a target stands while the load goes on: in words, and what it came to as of now."""

    target: Target
    words: str
    outcome: Outcome

    @property
    def missed(self) -> bool:
        """Whether it is missed as of now."""
        return self.outcome is Outcome.NOT_MET


class SloWatch:
    """Judges each measured second of a run by the SLOs that speak of a time."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._whole = [one for one in targets if one.for_s is None and _of_requests(one)]
        self._timed = [one for one in targets if one.for_s or one.abort_after_s]
        self._stretches: dict[str, Stretch | None] = {}
        self._longest: dict[str, int] = {}
        self._cells: defaultdict[int, list[Cell]] = defaultdict(list)
        self._series: defaultdict[int, dict[str, float]] = defaultdict(dict)
        self._waiting: list[int] = []
        self._known: set[tuple[str, str]] = set()
        self.stopped: Stopped | None = None
        """Which SLO was past its limit for too long; the load is to end then."""

    def standing(self, so_far: Run) -> list[Standing]:
        """How the SLOs stand: those with a window by its seconds, the others by all until now.

        What needs the tiers over the whole time is judged when the load has ended.
        """
        import pandas as pd

        windows = []
        for one in self._timed:
            if one.for_s is not None:
                lasted = self._longest.get(one.id, 0)
                words = f"past it for {lasted} s; {one.for_s} s miss it" if lasted else "within it"
                outcome = Outcome.NOT_MET if lasted >= one.for_s else Outcome.MET
                windows.append(Standing(one, words, outcome))
        verdicts = judge(so_far, pd.DataFrame(), self._whole)
        return [
            *(
                Standing(
                    one.target,
                    f"{one.outcome.words}, {figures.figure(one.value, one.unit)}",
                    one.outcome,
                )
                for one in verdicts
                if one.outcome is not Outcome.NOT_MEASURED
            ),
            *windows,
        ]

    def take(self, cell: Cell) -> None:
        """What the generator counted of an endpoint."""
        self._known.add((cell.method, cell.endpoint))
        self._cells[cell.second].append(cell)

    def sample(self, second: int, values: Mapping[str, float]) -> None:
        """Readings of a second, by series."""
        self._series[second].update(values)

    def look(self, run: Run, second: int, phase: Phase) -> None:
        """The generator has told all of `second`: judge those of which all is known."""
        if phase is Phase.MEASURED and self._timed:
            self._waiting.append(second)
        while self._waiting and self._waiting[0] <= second - _LATE_S:
            self._judge(run, self._waiting.pop(0))
        for past in [one for one in (*self._cells, *self._series) if one < second - _LATE_S]:
            self._cells.pop(past, None)
            self._series.pop(past, None)

    def _judge(self, run: Run, second: int) -> None:
        import pandas as pd

        row = pd.DataFrame([self._series[second]], index=pd.Index([second], name="second"))
        seen = alone(run, second, self._cells[second], row, self._known)
        for target in self._timed:
            found = reading(second, seen, target)
            if found is None or self.stopped is not None:
                continue
            stretch = extended(self._stretches.get(target.id), found)
            self._stretches[target.id] = stretch
            if stretch is None:
                continue
            self._longest[target.id] = max(self._longest.get(target.id, 0), stretch.seconds)
            if target.abort_after_s is not None and stretch.seconds >= target.abort_after_s:
                reason = f"past its limit for {stretch.seconds} s, from second {stretch.start}"
                self.stopped = Stopped(at_s=second + 1, target=target.id, reason=reason)


def _of_requests(target: Target) -> bool:
    """Whether the generator's own counts are enough to judge a target."""
    metric = METRICS.get(target.metric or "")
    return metric is not None and metric.scope is Scope.LOAD
