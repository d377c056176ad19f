"""Whatever order things happen in, nothing older than an invalidation is served after it."""

import asyncio
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from reference_app.kit.cache import Cache
from reference_app.kit.store import Store

KEY = "k"
WORKERS = 2


@dataclass
class Primary:
    """A value that changes, each version at a position, and one replica that lags."""

    versions: list[int] = field(default_factory=lambda: [0])
    replayed: int = 0
    slow: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0

    @property
    def position(self) -> int:
        return self.versions[-1] * 10

    def write(self) -> int:
        self.versions.append(self.versions[-1] + 1)
        return self.position

    def catch_up(self) -> None:
        if self.replayed < len(self.versions) - 1:
            self.replayed += 1

    def _read(self, position: int) -> bytes:
        """From the replica whenever it may, as late as it is."""
        replica = self.versions[self.replayed]
        version = replica if replica * 10 >= position else self.versions[-1]
        return b"%d" % version

    async def load(self, position: int) -> bytes:
        return self._read(position)

    async def load_slowly(self, position: int) -> bytes:
        value = self._read(position)
        self.waiting += 1
        await self.slow.wait()
        return value


@dataclass
class World:
    """Two workers, one Redis; messages are handed over one by one, as late as can be."""

    caches: list[Cache]
    primary: Primary
    undelivered: list[list[tuple[int, bytes]]]
    readers: list[asyncio.Task[object]] = field(default_factory=list)

    async def get(self, worker: int) -> int:
        found = await self.caches[worker].get(KEY, 60, self.primary.load)
        assert found.body is not None
        return int(found.body)

    def start_slow_get(self, worker: int) -> None:
        cache = self.caches[worker]
        self.readers.append(asyncio.create_task(cache.get(KEY, 60, self.primary.load_slowly)))

    async def write(self, worker: int) -> None:
        position = self.primary.write()
        await self.caches[worker].invalidate([KEY], position)
        other = 1 - worker
        message = b'[%d,["%s"]]' % (position, KEY.encode())
        self.undelivered[other].append((self.primary.versions[-1], message))

    def deliver(self, worker: int) -> int:
        """Hand over the oldest message, if any; the version it told of."""
        if not self.undelivered[worker]:
            return 0
        version, message = self.undelivered[worker].pop(0)
        self.caches[worker].heard(message)
        return version

    async def finish_slow_gets(self) -> None:
        self.primary.slow.set()
        await asyncio.gather(*self.readers)
        self.readers.clear()
        self.primary.slow = asyncio.Event()


_STEPS = st.one_of(
    st.tuples(st.sampled_from(["write", "get", "slow", "deliver"]), st.integers(0, WORKERS - 1)),
    st.tuples(st.sampled_from(["catch_up", "finish"]), st.just(0)),
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(_STEPS, max_size=25))
async def test_nothing_older_than_a_heard_invalidation_is_served(
    steps: list[tuple[str, int]], empty: None, app_servers: dict[str, str]
) -> None:
    url = app_servers["REDIS_URL"]
    redis = Redis.from_url(url)
    await redis.flushall()
    await redis.aclose()
    stores = [Store(url, connections=10, timeout_s=5.0) for _ in range(WORKERS)]
    world = World(
        [Cache(store, 1_000_000, lambda: 1_000.0) for store in stores],
        Primary(),
        [[] for _ in range(WORKERS)],
    )
    for cache in world.caches:
        cache.hears()
    try:
        await _run(world, steps)
    finally:
        await world.finish_slow_gets()
        for cache, store in zip(world.caches, stores, strict=True):
            await cache.close()
            await store.close()


async def _run(world: World, steps: list[tuple[str, int]]) -> None:
    primary = world.primary
    heard = [0] * WORKERS  # the version each worker must at least show
    for step, worker in steps:
        if step == "write":
            await world.write(worker)
            heard[worker] = primary.versions[-1]
        elif step == "deliver":
            heard[worker] = max(heard[worker], world.deliver(worker))
        elif step == "slow":
            world.start_slow_get(worker)
            await asyncio.sleep(0.002)
        elif step == "catch_up":
            primary.catch_up()
        elif step == "finish" or world.readers:
            await world.finish_slow_gets()
        if step == "get":
            assert await world.get(worker) >= heard[worker]
    await world.finish_slow_gets()
    for worker in range(WORKERS):
        while world.undelivered[worker]:
            world.deliver(worker)
        assert await world.get(worker) == primary.versions[-1]
