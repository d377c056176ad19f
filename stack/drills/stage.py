"""The stage of a drill: its clock, what happened when, and a way back from everywhere."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal
from urllib.request import urlopen

from capacity.drill import Drill
from capacity.run import Event
from capacity.spool import Written
from stack import engine
from stack.errors import StackError
from stack.state import Running, ServiceState
from stack.superuser import superuser

_HEALTHY_SECONDS = 120.0
_POLL_SECONDS = 0.1
_ASK_SECONDS = 5.0


class AbandonedError(Exception):
    """The drill is not to go on: what is broken is mended, nothing else is broken."""


class Stage:
    """What the kinds of breaks are given to work with. Times are seconds since the load began."""

    def __init__(self, drill: Drill, running: Running) -> None:
        self.drill = drill
        self.running = running
        self.events: list[Event] = []
        self.truth = "primary"
        """The instance that holds what was written, once the load is over."""
        self.afterwards: list[Callable[[], None]] = []
        """What is left to mend once the writes were looked up, in this order."""
        self.checks: list[Callable[[Sequence[Written]], dict[str, bool]]] = []
        """What is looked at beyond the ledger: sentence -> whether it holds."""
        self._epoch = 0.0
        self._abandoned = threading.Event()

    def open(self, epoch: float) -> None:
        """The load began at the Unix time `epoch`."""
        self._epoch = epoch

    def abandon(self) -> None:
        """Have every wait end with `AbandonedError`."""
        self._abandoned.set()

    @property
    def now_s(self) -> float:
        """Seconds since the load began."""
        return time.time() - self._epoch

    @property
    def targets(self) -> list[ServiceState]:
        """The instances the drill breaks, as they run now."""
        return [self.service(name) for name in self.drill.services]

    @property
    def pods(self) -> list[str]:
        """The names of all pods."""
        return [one.name for one in self.running.services.values() if one.kind == "gunicorn"]

    def service(self, name: str) -> ServiceState:
        """An instance as it runs now. Raises `StackError` when the stack has none of that name."""
        found = self.running.services.get(name)
        if found is None:
            raise StackError(f"{self.drill.name} breaks {name}, which this stack does not run")
        return found

    def wait_until(self, at_s: float) -> None:
        """Wait for a moment of the load. Raises `AbandonedError`."""
        if self._abandoned.wait(max(0.0, at_s - self.now_s)):
            raise AbandonedError

    def wait(self, seconds: float) -> None:
        """Wait so long. Raises `AbandonedError`."""
        if self._abandoned.wait(seconds):
            raise AbandonedError

    def wait_for(self, ask: Callable[[], bool], what: str) -> None:
        """Wait until `ask()` says yes. Raises `StackError` when it does not in good time."""
        deadline = time.monotonic() + _HEALTHY_SECONDS
        while not ask():
            if time.monotonic() > deadline:
                raise StackError(f"{self.drill.name}: not within {_HEALTHY_SECONDS:.0f} s: {what}")
            time.sleep(_POLL_SECONDS)

    def tell(self, kind: Literal["break", "repair", "note"], text: str) -> None:
        """Put into the record what was just done."""
        self.events.append(Event(at_s=round(self.now_s, 3), kind=kind, text=text))

    def start_again(self, name: str) -> None:
        """Start an instance that has ended, if it has; it is ready afterwards."""
        if not self.service(name).process.alive:
            self.running = engine.start_again(self.running, name)

    def sql(self, name: str, statement: str) -> list[Any]:
        """The first value of each row of `statement`, on a Postgres instance, as superuser."""
        with superuser(self.running, self.service(name).port) as connection:
            answer = connection.execute(statement.encode())
            return [row[0] for row in answer] if answer.description else []

    def is_whole(self) -> bool:
        """Whether every instance lives, every pod reads and writes, and replicas stream.

        Asked of the stack as it is now: what came up late is another process than the one known.
        """
        found = engine.load_running(self.running.home)
        if found is None:
            return False
        self.running = found
        replicas = sum(one.kind == "postgres-replica" for one in found.services.values())
        streaming = "SELECT count(*)::int FROM pg_stat_replication WHERE state = 'streaming'"
        try:
            if self.sql("primary", streaming) != [replicas]:
                return False
        except StackError:  # it is still starting
            return False
        return all(_is_ready(self.service(name)) for name in self.pods)

    @contextmanager
    def gone(self, name: str, text: str, end: Callable[[ServiceState], None]) -> Iterator[None]:
        """`name` is ended by `end`, and started again whatever happens meanwhile."""
        service = self.service(name)
        try:
            self.tell("break", text)
            end(service)
            yield
        finally:
            self.start_again(name)
            self.tell("repair", f"{name} is ready again")


def _is_ready(pod: ServiceState) -> bool:
    """Whether a pod says that it serves reads and writes."""
    try:
        with urlopen(f"{pod.urls['http']}/ready", timeout=_ASK_SECONDS) as answer:  # noqa: S310 - ours
            said = json.load(answer)
    except (OSError, ValueError):
        return False
    return bool(said.get("reads") and said.get("writes"))
