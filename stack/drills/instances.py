"""One running instance of a service: killed, ended in order, held still, let go."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from stack.errors import StackError
from stack.processes import alive, descendants
from stack.state import ServiceState

_POLL_SECONDS = 0.02
_PATIENCE_SECONDS = 60.0


def family(service: ServiceState) -> dict[int, float]:
    """All its processes -> when each began; the first comes first."""
    first = {service.process.pid: service.process.began} if service.process.alive else {}
    return first | descendants(service.pid) if first else {}


def kill(service: ServiceState) -> None:
    """End all of it at once, as when a container is killed; returns when nothing is left."""
    mine = family(service)
    # Held still first: a parent that sees its children go would start others.
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in mine | family(service):
            _send(pid, number)
    _await_end(service, mine)


def end(service: ServiceState, number: signal.Signals, patience_s: float) -> None:
    """Ask its first process to end, and wait until nothing of it is left."""
    mine = family(service)
    _send(service.pid, number)
    _await_end(service, mine, patience_s)


@contextmanager
def held_still(mine: Sequence[int]) -> Iterator[None]:
    """None of these processes does anything: connections stay open, nothing is answered."""
    try:
        for pid in mine:
            _send(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in mine:
            _send(pid, signal.SIGCONT)


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _await_end(
    service: ServiceState, mine: dict[int, float], patience_s: float = _PATIENCE_SECONDS
) -> None:
    deadline = time.monotonic() + patience_s
    while any(alive(pid, began) for pid, began in mine.items()):
        if time.monotonic() > deadline:
            raise StackError(f"{service.name} did not end within {patience_s:.0f} s")
        time.sleep(_POLL_SECONDS)
