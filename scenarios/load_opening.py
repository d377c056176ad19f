"""The moment the load begins, between whoever decides it and whoever must know."""

import time
from collections.abc import Callable

_listeners: list[Callable[[float], None]] = []
_deciders: list[Callable[[], float]] = [time.time]


def listen(listener: Callable[[float], None]) -> None:
    """Have `listener` called with the Unix time at which the load begins."""
    _listeners.append(listener)


def decided_by(decide: Callable[[], float]) -> None:
    """Let `decide` say when the load begins, when this process stands ready: it may wait."""
    _deciders.append(decide)


def begin() -> float:
    """This process stands ready: the Unix time at which the load begins, told to all who listen.

    Without anyone to decide that is now.
    """
    epoch = _deciders[-1]()
    for listener in _listeners:
        listener(epoch)
    return epoch
