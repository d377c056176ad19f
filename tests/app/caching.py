"""Workers that cache, on a clock of the test's, and what they load from."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from reference_app.kit import metrics
from reference_app.kit.cache import CHANNEL, Cache
from reference_app.kit.cache_entry import Found
from reference_app.kit.pubsub import Listener
from reference_app.kit.store import Store
from tests.app.life import until

L1, L2, DB = (metrics.LAYERS.index(layer) for layer in ("l1", "l2", "db"))


@dataclass
class Clock:
    """A clock that moves when told to."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Source:
    """A database: its value, how often it was read and from which position on."""

    value: bytes | None = b"one"
    asked_for: list[int] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    async def load(self, position: int) -> bytes | None:
        self.asked_for.append(position)
        value = self.value
        await self.open.wait()
        return value

    async def held_up(self, cache: Cache) -> asyncio.Task[Found]:
        """The first to ask `cache` for "k", whose load has begun and ends once `open` is set."""
        self.open.clear()
        first = asyncio.create_task(cache.get("k", 60, self.load))
        await until(lambda: self.asked_for, what="the load begins")
        return first


@asynccontextmanager
async def a_worker(url: str, clock: Clock, *, l1_bytes: int = 1_000_000) -> AsyncIterator[Cache]:
    """The cache of a worker that hears invalidations."""
    store = Store(url, connections=8, timeout_s=1.0)
    cache = Cache(store, l1_bytes, clock)
    heard: list[bool] = []

    def on_up() -> None:
        cache.hears()
        heard.append(True)

    listener = Listener(
        url, CHANNEL, on_message=cache.heard, on_up=on_up, on_down=cache.hears_nothing
    )
    tasks = [asyncio.create_task(listener.run()), asyncio.create_task(store.deliver_delayed())]
    await until(lambda: heard, what="the worker hears invalidations")
    try:
        yield cache
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await cache.close()
        await store.close()
