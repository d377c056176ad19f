"""Sessions that have ended although their access tokens would still be good.

Access tokens are checked without asking anyone, so each worker keeps the few
sessions in memory that ended within a token's life. It hears of them over
Redis (see docs/decisions/006-ended-sessions.md).
"""

import asyncio
from collections.abc import Iterable, Sequence
from time import time
from typing import Any
from uuid import UUID

from redis.asyncio import Redis

from reference_app.kit import metrics
from reference_app.kit.store import Store, StoreGoneError

CHANNEL = "sessions:ended"
_KEY = "sessions:ended"
_MOST_KNOWN = 100_000
_BATCH = 1_000
_RETRY_S = 0.5


class EndedSessions:
    """One worker's knowledge of them. While it hears nothing it lets tokens pass, and counts."""

    def __init__(self, store: Store, token_life_s: int) -> None:
        self._store = store
        self._life_s = token_life_s
        # By when their last token runs out, the soonest first or nearly so.
        self._known: dict[UUID, float] = {}
        self._subscribed = False
        self._hears = False
        self._behind = asyncio.Event()

    def has_ended(self, session_id: UUID) -> bool:
        """Whether a token of this session is no longer to be believed."""
        if not self._hears:
            metrics.sessions_unchecked.inc()
        if session_id not in self._known:
            return False
        metrics.sessions_refused.inc()
        return True

    async def end(self, sessions: Sequence[UUID]) -> None:
        """Let every worker know, now or as soon as Redis is back."""
        until = time() + self._life_s
        self._note(sessions, until)

        async def tell(redis: Redis) -> None:
            for start in range(0, len(sessions), _BATCH):
                some = [each.bytes for each in sessions[start : start + _BATCH]]
                pipeline = redis.pipeline()
                pipeline.zadd(_KEY, dict.fromkeys(some, until))
                pipeline.zremrangebyscore(_KEY, 0, time())
                pipeline.zremrangebyrank(_KEY, 0, -_MOST_KNOWN - 1)
                pipeline.expire(_KEY, self._life_s)
                pipeline.publish(CHANNEL, b"".join(some))
                await pipeline.execute()

        await self._store.deliver(tell)

    def heard(self, message: bytes) -> None:
        """Take in what another worker tells."""
        ids = [UUID(bytes=message[at : at + 16]) for at in range(0, len(message), 16)]
        self._note(ids, time() + self._life_s)

    def hears(self) -> None:
        """News arrives from now on; some may have been missed before."""
        self._subscribed = True
        self._behind.set()

    def hears_nothing(self) -> None:
        """News no longer arrives."""
        self._subscribed = False
        self._hears = False
        self._behind.clear()

    async def run(self) -> None:
        """Catch up whenever news may have been missed, until cancelled."""
        while True:
            await self._behind.wait()
            self._behind.clear()
            try:
                await self._catch_up()
            except StoreGoneError:
                await asyncio.sleep(_RETRY_S)
                if self._subscribed:
                    self._behind.set()

    async def _catch_up(self) -> None:
        async def read(redis: Redis) -> Any:
            return await redis.zrangebyscore(_KEY, time(), "+inf", withscores=True)

        for packed, until in await self._store.run(read):
            self._known[UUID(bytes=packed)] = until
        self._forget_old()
        # Not if the subscription was lost meanwhile, be it that it is back.
        self._hears = self._subscribed and not self._behind.is_set()

    def _note(self, sessions: Iterable[UUID], until: float) -> None:
        self._known.update(dict.fromkeys(sessions, until))
        self._forget_old()

    def _forget_old(self) -> None:
        now = time()
        while self._known:
            oldest = next(iter(self._known))
            if self._known[oldest] > now and len(self._known) <= _MOST_KNOWN:
                return
            del self._known[oldest]
