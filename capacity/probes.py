"""What a probe is: the one way measurements of a running system reach a run record.

The load runner is handed probes and asks each of them once a second. It knows
nothing of what stands behind one, so that scenarios never import the stack.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """How a reading is turned into a point of the timeline."""

    GAUGE = "gauge"
    """The value as it stands now; recorded unchanged."""

    COUNTER = "counter"
    """A total that only grows; recorded as its increase per second. A fall means a restart."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one series, read at the moment of the sample.

    `series` is a dotted name as listed in `capacity.series`; `value` is in the
    unit that list states (a counter in the unit times seconds).
    """

    series: str
    value: float
    kind: Kind = Kind.GAUGE


class Probe(Protocol):
    """Something that can be asked for readings, once a second, from one thread."""

    @property
    def name(self) -> str:
        """A short name for messages: which part of the system this looks at."""
        ...

    def sample(self) -> Iterable[Reading]:
        """Read now. Raises `ProbeError` when the part does not answer: the gap is recorded."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class ProbeError(Exception):
    """The part a probe looks at gave no reading this time."""
