"""What a generator process is to the load: all of it here; see `master` and `worker` for others."""

from collections.abc import Callable
from typing import Protocol

from locust.env import Environment

from scenarios import load_opening

End = Callable[[], None]


class Part(Protocol):
    """A process's part in sending a load: alone, as the master of others, or as a worker."""

    def attach(self, environment: Environment, end_early: End) -> End:
        """Locust is ready; `end_early` ends this process's load after the last answers.

        Gives what ends the whole load so.
        """

    def start(self) -> None:
        """The users of a closed load of a person's own are about to be made."""

    def complaint(self) -> str:
        """Why what was measured is no load test; empty when it is one."""


class Alone:
    """One process sends the whole load, and need ask nobody."""

    def attach(self, _environment: Environment, end_early: End) -> End:
        """Nothing to attach."""
        return end_early

    def start(self) -> None:
        """The load begins."""
        load_opening.begin()

    def complaint(self) -> str:
        """None: what goes wrong here ends this process."""
        return ""
