"""What a model is made from: runs, each with its record and what was counted by second."""

from collections.abc import Sequence
from dataclasses import dataclass

from capacity.observation import Observation
from capacity.spool import Cell


@dataclass(frozen=True, slots=True)
class Material:
    """One run to learn from or to test on: its record with the timeline, and the cells."""

    seen: Observation
    cells: Sequence[Cell]

    @property
    def id(self) -> str:
        """The run's id."""
        return self.seen.run.id
