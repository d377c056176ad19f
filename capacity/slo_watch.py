"""SLOs watched while the load runs: says when one has been missed for long enough to stop it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from capacity.run import Phase, Run, Stopped
from capacity.seconds import alone
from capacity.spool import Cell
from capacity.stretches import Stretch, extended
from capacity.targets import Target
from capacity.verdicts import reading

_LATE_S = 1
"""Samples of the tiers may come this much after the generator's account of the same second."""


class SloWatch:
    """Judges each measured second of a run by the SLOs that may stop it."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._targets = targets
        self._stretches: dict[str, Stretch | None] = {}
        self._cells: defaultdict[int, list[Cell]] = defaultdict(list)
        self._series: defaultdict[int, dict[str, float]] = defaultdict(dict)
        self._waiting: list[int] = []
        self._known: set[tuple[str, str]] = set()
        self.stopped: Stopped | None = None
        """Which SLO was past its limit for too long; the load is to end then."""

    def take(self, cell: Cell) -> None:
        """What the generator counted of an endpoint."""
        self._known.add((cell.method, cell.endpoint))
        self._cells[cell.second].append(cell)

    def sample(self, second: int, values: Mapping[str, float]) -> None:
        """Readings of a second, by series."""
        self._series[second].update(values)

    def look(self, run: Run, second: int, phase: Phase) -> None:
        """The generator has told all of `second`: judge those of which all is known."""
        if phase is Phase.MEASURED:
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
        for target in self._targets:
            found = reading(second, seen, target)
            if found is None or self.stopped is not None:
                continue
            stretch = extended(self._stretches.get(target.id), found)
            self._stretches[target.id] = stretch
            if stretch is not None and stretch.seconds >= (target.abort_after_s or 0):
                reason = f"past its limit for {stretch.seconds} s, from second {stretch.start}"
                self.stopped = Stopped(at_s=second + 1, target=target.id, reason=reason)
