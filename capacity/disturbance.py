"""What is done to a system on purpose while a load runs.

The load runner is handed one, as it is handed probes: it tells it when the load began,
and asks it afterwards what happened when.
"""

from typing import Protocol

from capacity.run import Event


class Disturbance(Protocol):
    """Something that happens beside the load, in a thread of its own."""

    name: str
    """The drill's, for the record."""

    def begin(self, epoch: float) -> None:
        """The load began at the Unix time `epoch`: do what is planned."""

    @property
    def error(self) -> Exception | None:
        """Why it could not do what was planned; None while all goes well."""

    @property
    def enough(self) -> bool:
        """Whether the load has gone on for long enough to show what became of it."""

    @property
    def events(self) -> list[Event]:
        """What happened until now, in order."""

    def end(self) -> None:
        """Wait until all is done and mended. Raises what kept it from that."""

    def abandon(self) -> None:
        """Break nothing more; mend what is broken. Returns when that is done."""
