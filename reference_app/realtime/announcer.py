"""Tells the other workers what is new, after the commit that made it so."""

import asyncio
from collections import deque
from collections.abc import Iterable
from time import time
from typing import Any

import structlog
from redis.asyncio import Redis

from reference_app.kit.store import Store, StoreGoneError
from reference_app.realtime import counts, frames

_log = structlog.get_logger()

_CHANNEL = "user:"
_BATCH = 200
_MOST_WAITING = 10_000
_MOST_MISSED = 50_000
_PAUSE_S = 0.5
_CATCH_UP_MS = 2_000


def channel(user_id: int) -> str:
    """Where everything for one user is said."""
    return f"{_CHANNEL}{user_id}"


def user_of(name: bytes) -> int:
    """The user whose channel `name` is."""
    return int(name[len(_CHANNEL) :])


def envelope(frame: str) -> bytes:
    """`frame` with the time of its making, so that its delivery can be timed."""
    return b"%.6f %s" % (time(), frame.encode())


def opened(payload: bytes) -> tuple[float, str]:
    """When the frame in `payload` was made, in seconds since the epoch, and the frame."""
    made, _, frame = payload.partition(b" ")
    return float(made), frame.decode()


class Announcer:
    """One worker's voice: publishes many frames in one round trip, never in a request's way.

    What Redis does not take is not kept: its readers are told to fetch once
    Redis takes news again.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._missed: set[int] = set()
        self._some = asyncio.Event()

    def tell(self, told: Iterable[tuple[int, str]]) -> None:
        """Say each (user, frame) soon."""
        for user_id, frame in told:
            if len(self._waiting) >= _MOST_WAITING:
                self._miss(user_id)
            else:
                self._waiting.append((user_id, envelope(frame)))
        self._some.set()

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            await self._some.wait()
            self._some.clear()
            while self._waiting or self._missed:
                if not self._waiting:
                    self._catch_up()
                batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
                if not await self._publish(batch):
                    await asyncio.sleep(_PAUSE_S)

    async def _publish(self, batch: list[tuple[int, bytes]]) -> bool:
        async def publish(redis: Redis) -> Any:
            pipeline = redis.pipeline(transaction=False)
            for user_id, payload in batch:
                pipeline.publish(channel(user_id), payload)
            return await pipeline.execute()

        try:
            await self._store.run(publish)
        except StoreGoneError:
            for user_id, _ in batch:
                self._miss(user_id)
            return False
        return True

    def _miss(self, user_id: int) -> None:
        counts.unpublished.inc()
        if len(self._missed) < _MOST_MISSED:
            self._missed.add(user_id)

    def _catch_up(self) -> None:
        some = [self._missed.pop() for _ in range(min(_BATCH, len(self._missed)))]
        self._waiting.extend((user_id, envelope(frames.fetch(_CATCH_UP_MS))) for user_id in some)
