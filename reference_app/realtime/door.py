"""Lets sockets in a few at a time, and tells the others when to come back."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import uniform
from time import monotonic

_SOONEST_S = 1.0
_LATEST_S = 30.0
_APART_S = 0.005


class Door:
    """So many handshakes at once.

    When everyone returns together (after an outage, say), a worker would do
    nothing else for a while and everyone would time out. Those turned away are
    told to return one after the other, at a pace that one worker keeps up with
    beside its other work, and a little later by chance: they may not all come to
    the same worker. When there are more than that pace lets in within
    `_LATEST_S`, the rest are spread over it.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._inside = 0
        self._next_return = 0.0

    @property
    def is_full(self) -> bool:
        """Whether one more would be too many."""
        return self._inside >= self._at_once

    @contextmanager
    def passing(self) -> Iterator[None]:
        """One handshake, from its ticket to being told what is new."""
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    def return_after_ms(self) -> int:
        """When the one turned away now should come back."""
        now = monotonic()
        self._next_return = max(now, self._next_return) + _APART_S
        chance_s = uniform(_SOONEST_S, 2 * _SOONEST_S)  # noqa: S311 - spreads returns, no secret
        wait_s = self._next_return - now + chance_s
        if wait_s > _LATEST_S:
            self._next_return -= _APART_S
            wait_s = uniform(_SOONEST_S, _LATEST_S)  # noqa: S311 - as above
        return int(wait_s * 1000)
