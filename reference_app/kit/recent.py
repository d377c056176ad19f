"""Answers that are remembered for as long as they are asked for."""

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class Recent(Generic[Key, Answer]):
    """What `find` answers; raised errors are not remembered. For one thread.

    They go by turns: with the first new key after `keep_s` seconds, or after half of `most` keys,
    what was not asked for since the turn before is forgotten. With a bound on their number alone,
    a worker to which little comes would keep for hours what nobody asks for again, and its memory
    would grow until that bound is reached.
    """

    def __init__(
        self,
        find: Callable[[Key], Answer],
        *,
        keep_s: float,
        most: int,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._find = find
        self._keep_s = keep_s
        self._half = max(1, most // 2)
        self._clock = clock
        # Asked for since the last turn, and only before it.
        self._present: dict[Key, Answer] = {}
        self._past: dict[Key, Answer] = {}
        self._turns_at = clock() + keep_s

    def __call__(self, key: Key) -> Answer:
        """The answer for `key`."""
        try:
            return self._present[key]
        except KeyError:
            answer = self._past.pop(key) if key in self._past else self._find(key)
        self._turn_if_due()
        self._present[key] = answer
        return answer

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._present) + len(self._past)

    def _turn_if_due(self) -> None:
        now = self._clock()
        if now >= self._turns_at or len(self._present) >= self._half:
            self._past, self._present = self._present, {}
            self._turns_at = now + self._keep_s
