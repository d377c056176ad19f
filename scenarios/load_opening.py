"""The moment the load begins, between whoever decides it and whoever must know."""

from collections.abc import Callable

_listeners: list[Callable[[float], None]] = []


def listen(listener: Callable[[float], None]) -> None:
    """Have `listener` called with the Unix time at which the load begins."""
    _listeners.append(listener)


def announce(epoch: float) -> None:
    """The load begins at `epoch`."""
    for listener in _listeners:
        listener(epoch)
