"""Redis, as something that may be gone.

After a failure the store rests: for a moment every command fails at once
instead of each request waiting for its own timeout.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import TypeVar

import structlog
from redis.asyncio import ConnectionPool, Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from reference_app.kit import metrics

_log = structlog.get_logger()

_REST_S = 1.0
_RETRY_S = 0.5
_MOST_WAITING = 10_000

T = TypeVar("T")
Command = Callable[[Redis], Awaitable[T]]


class StoreGoneError(Exception):
    """Redis did not answer, or failed a moment ago and is not asked."""


class Store:
    """One worker's connections to Redis.

    `run` is for commands whose answer is needed now; `deliver` for those that
    must reach Redis in the end, in order, even if it is gone just now.
    """

    def __init__(self, url: str, *, connections: int, timeout_s: float) -> None:
        pool = ConnectionPool.from_url(
            url,
            max_connections=connections,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=None,
        )
        self._redis: Redis = Redis(connection_pool=pool)
        # Whoever finds all connections in use waits here, not in a pool with a time limit:
        # that we are busy is no sign that Redis is gone.
        self._turns = asyncio.Semaphore(connections)
        self._rests_until = 0.0
        self._undelivered: deque[Command[object]] = deque(maxlen=_MOST_WAITING)

    async def run(self, command: Command[T]) -> T:
        """What `command` answers. Raises `StoreGoneError` when Redis cannot be had."""
        async with self._turns:
            if monotonic() < self._rests_until:
                metrics.redis_failures.inc()
                raise StoreGoneError("Redis failed a moment ago")
            try:
                return await command(self._redis)
            except (RedisError, OSError, TimeoutError) as error:
                self._rests_until = monotonic() + _REST_S
                metrics.redis_failures.inc()
                if isinstance(error, RedisConnectionError):
                    # Where one connection is dead the idle ones are too: left in the pool, each
                    # would fail in its turn after Redis is back, with a rest after it.
                    with suppress(RedisError, OSError, TimeoutError):
                        await self._redis.connection_pool.disconnect(inuse_connections=False)
                raise StoreGoneError(type(error).__name__) from error

    async def deliver(self, command: Command[object]) -> None:
        """Run `command` now, or as soon as Redis is back. Never raises for Redis' sake."""
        if not self._undelivered:
            try:
                await self.run(command)
            except StoreGoneError:
                _log.warning("Redis is gone; an announcement waits")
            else:
                return
        metrics.deliveries_delayed.inc()
        self._undelivered.append(command)

    async def deliver_delayed(self) -> None:
        """Bring what waits to Redis whenever it is back, until cancelled."""
        while True:
            await asyncio.sleep(_RETRY_S)
            while self._undelivered:
                try:
                    await self.run(self._undelivered[0])
                except StoreGoneError:
                    break
                self._undelivered.popleft()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()
