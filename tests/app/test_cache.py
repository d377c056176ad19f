"""The cache against a real Redis: who loads, who waits, and what is forgotten when."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from reference_app.kit import metrics
from reference_app.kit.cache import CHANNEL, Cache
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


@asynccontextmanager
async def _worker(url: str, clock: Clock, *, l1_bytes: int = 1_000_000) -> AsyncIterator[Cache]:
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


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source() -> Source:
    return Source()


@pytest_asyncio.fixture
async def two(
    empty: None, app_servers: dict[str, str], clock: Clock
) -> AsyncIterator[tuple[Cache, Cache]]:
    """Two workers that share Redis."""
    url = app_servers["REDIS_URL"]
    async with _worker(url, clock) as one, _worker(url, clock) as other:
        yield one, other


async def test_a_value_is_found_where_it_is_nearest(
    two: tuple[Cache, Cache], source: Source
) -> None:
    one, other = two
    assert (await one.get("k", 60, source.load)).depth == DB
    assert (await one.get("k", 60, source.load)).depth == L1
    found = await other.get("k", 60, source.load)
    assert (found.depth, found.body) == (L2, b"one")
    assert (await other.get("k", 60, source.load)).depth == L1
    assert source.asked_for == [0]


async def test_what_does_not_exist_is_remembered_for_a_shorter_time(
    two: tuple[Cache, Cache], source: Source, clock: Clock
) -> None:
    source.value = None
    for cache in (two[0], two[0], two[1]):
        assert (await cache.get("k", 600, source.load)).body is None
    assert len(source.asked_for) == 1
    clock.now += 16
    await two[0].get("k", 600, source.load)
    assert len(source.asked_for) == 2


async def test_one_worker_loads_once_for_everyone_who_waits(
    two: tuple[Cache, Cache], source: Source
) -> None:
    source.open.clear()
    waiting = [asyncio.create_task(two[0].get("k", 60, source.load)) for _ in range(50)]
    await until(lambda: source.asked_for, what="the load begins")
    source.open.set()
    found = await asyncio.gather(*waiting)
    assert {each.body for each in found} == {b"one"}
    assert len(source.asked_for) == 1


async def test_another_worker_waits_for_the_one_that_loads(
    two: tuple[Cache, Cache], source: Source
) -> None:
    source.open.clear()
    first = asyncio.create_task(two[0].get("k", 60, source.load))
    await until(lambda: source.asked_for, what="the load begins")
    second = asyncio.create_task(two[1].get("k", 60, source.load))
    await asyncio.sleep(0.05)
    source.open.set()
    assert (await first).depth == DB
    assert (await second).depth == L2
    assert len(source.asked_for) == 1


async def test_a_caller_who_gives_up_costs_the_others_nothing(
    two: tuple[Cache, Cache], source: Source
) -> None:
    source.open.clear()
    impatient = asyncio.create_task(two[0].get("k", 60, source.load))
    await until(lambda: source.asked_for, what="the load begins")
    patient = asyncio.create_task(two[0].get("k", 60, source.load))
    await asyncio.sleep(0)
    impatient.cancel()
    source.open.set()
    assert (await patient).body == b"one"
    assert len(source.asked_for) == 1


async def test_a_load_that_fails_fails_its_callers_and_is_tried_again(
    two: tuple[Cache, Cache], source: Source
) -> None:
    async def fail(position: int) -> bytes | None:
        raise ValueError("broken")

    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            await two[0].get("k", 60, fail)
    assert (await two[0].get("k", 60, source.load)).body == b"one"


async def test_life_times_are_spread_downwards_and_never_exceeded(
    two: tuple[Cache, Cache], source: Source, clock: Clock
) -> None:
    for n in range(200):
        await two[0].get(f"k{n}", 100, source.load)
    # At 90 s all live, at 100 s none, and in between they go one by one.
    clock.now += 95
    found = [await two[0].get(f"k{n}", 100, source.load) for n in range(200)]
    assert 50 < sum(each.depth == DB for each in found) < 150
    await two[0].close()  # those that live were renewed
    clock.now += 100
    found = [await two[0].get(f"k{n}", 100, source.load) for n in range(200)]
    assert {each.depth for each in found} == {DB}


async def test_a_value_about_to_run_out_is_renewed_while_the_old_one_is_served(
    two: tuple[Cache, Cache], source: Source, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reference_app.kit.cache._JITTER", 0.0)
    await two[0].get("k", 60, source.load)
    source.value = b"two"
    clock.now += 53.9
    for _ in range(100):
        assert (await two[0].get("k", 60, source.load)).depth == L1
    assert len(source.asked_for) == 1  # far from the end nothing is renewed
    clock.now += 0.2
    found = await two[0].get("k", 60, source.load)
    assert (found.depth, found.body) == (L1, b"one")
    await until(lambda: len(source.asked_for) == 2, what="the value is renewed")
    await two[0].close()
    clock.now += 6
    found = await two[0].get("k", 60, source.load)
    assert (found.depth, found.body) == (L1, b"two")


def _renewed() -> float:
    return REGISTRY.get_sample_value("cache_renewals_total") or 0.0


async def test_one_worker_renews_for_all_also_what_it_finds_in_redis(
    two: tuple[Cache, Cache], source: Source, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reference_app.kit.cache._JITTER", 0.0)
    one, other = two
    await one.get("k", 60, source.load)
    renewed = _renewed()
    source.value = b"two"
    clock.now += 55
    # Neither waits, the other not for what it finds in Redis either; and one of them loads.
    source.open.clear()
    found = [await cache.get("k", 60, source.load) for cache in two]
    assert [(each.depth, each.body) for each in found] == [(L1, b"one"), (L2, b"one")]
    source.open.set()
    await until(lambda: not one._loading and not other._loading, what="it is renewed")
    assert len(source.asked_for) == 2
    assert _renewed() == renewed + 1
    clock.now += 6
    for cache in two:
        found_now = await cache.get("k", 60, source.load)
        assert (found_now.depth, found_now.body) == (L1, b"two")
    assert len(source.asked_for) == 2


async def test_what_is_absent_is_not_renewed_while_it_has_long_to_live(
    two: tuple[Cache, Cache], source: Source, clock: Clock
) -> None:
    source.value = None
    await two[0].get("k", 600, source.load)
    clock.now += 10
    assert (await two[0].get("k", 600, source.load)).depth == L1
    assert len(source.asked_for) == 1


async def test_an_invalidation_reaches_every_worker(
    two: tuple[Cache, Cache], source: Source
) -> None:
    one, other = two
    for cache in two:
        await cache.get("k", 60, source.load)
    source.value = b"two"
    await one.invalidate(["k"], 500)
    assert (await one.get("k", 60, source.load)).body == b"two"
    await until(lambda: "k" not in other._l1, what="the other worker hears of it")
    assert (await other.get("k", 60, source.load)).body == b"two"
    assert source.asked_for == [0, 500]


async def test_a_load_overtaken_by_an_invalidation_is_kept_nowhere(
    two: tuple[Cache, Cache], source: Source
) -> None:
    one, other = two
    source.open.clear()
    early = asyncio.create_task(one.get("k", 60, source.load))  # reads "one"
    await until(lambda: source.asked_for, what="the load begins")
    source.value = b"two"
    await other.invalidate(["k"], 700)
    await until(lambda: "k" in one._tombstones, what="the loading worker hears of it")
    late = asyncio.create_task(one.get("k", 60, source.load))
    await until(lambda: len(source.asked_for) == 2, what="a second load begins")
    source.open.set()
    assert (await early).body == b"one"  # asked before the change
    assert (await late).body == b"two"
    for cache in two:
        assert (await cache.get("k", 60, source.load)).body == b"two"
    assert source.asked_for == [0, 700]


async def test_a_stale_value_is_refused_even_by_a_worker_that_heard_nothing(
    two: tuple[Cache, Cache], source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two
    monkeypatch.setattr(one, "heard", lambda message: None)
    source.open.clear()
    early = asyncio.create_task(one.get("k", 60, source.load))
    await until(lambda: source.asked_for, what="the load begins")
    source.value = b"two"
    await other.invalidate(["k"], 700)
    source.open.set()
    await early
    # The tombstone in Redis refused it, so this reads anew, from far enough on.
    assert (await other.get("k", 60, source.load)).body == b"two"
    assert source.asked_for == [0, 700]


@pytest.mark.parametrize("stored", [b"W\x01\x02", b"X" + bytes(40), b""])
async def test_what_another_version_keeps_is_passed_over_but_forgotten_with_the_rest(
    two: tuple[Cache, Cache], source: Source, app_servers: dict[str, str], stored: bytes
) -> None:
    one, other = two
    async with Redis.from_url(app_servers["REDIS_URL"]) as redis:
        await one.get("k", 60, source.load)
        (name,) = [name async for name in redis.scan_iter("cache*:k")]
        await redis.set(name, stored)
        assert (await other.get("k", 60, source.load)).depth == DB
        await redis.set(name, stored)
        await one.invalidate(["k"], 700)
        assert await redis.get(name) == b"T700"
    assert (await other.get("k", 60, source.load)).depth == DB
    assert source.asked_for == [0, 0, 700]


async def test_tombstones_only_grow(two: tuple[Cache, Cache], source: Source) -> None:
    one, other = two
    await one.invalidate(["k"], 900)
    await other.invalidate(["k"], 800)  # announced late
    await one.get("k", 60, source.load)
    assert source.asked_for == [900]


async def test_what_has_run_out_is_not_kept_in_memory(
    empty: None, app_servers: dict[str, str], clock: Clock, source: Source
) -> None:
    async with _worker(app_servers["REDIS_URL"], clock) as cache:
        for number in range(5):
            await cache.get(f"k{number}", 10, source.load)
        clock.now += 60
        await cache.get("new", 60, source.load)
        assert list(cache._l1) == ["new"]
        assert cache._l1_used == cache._l1["new"].size


async def test_what_has_run_out_does_not_hide_behind_what_lives_on(
    empty: None, app_servers: dict[str, str], clock: Clock, source: Source
) -> None:
    async with _worker(app_servers["REDIS_URL"], clock) as cache:
        await cache.get("long", 600, source.load)
        await cache.get("short", 10, source.load)
        clock.now += 60
        await cache.get("new", 60, source.load)
        assert list(cache._l1) == ["long", "new"]
        assert cache._l1_used == sum(entry.size for entry in cache._l1.values())


async def test_a_value_takes_no_more_memory_than_its_bytes_need(
    empty: None, app_servers: dict[str, str], clock: Clock
) -> None:
    # bytes for each, all that goes with it included; orjson alone would leave 4,096
    many, a_small_one = 200, 1_500

    async def load(position: int) -> bytes:
        return orjson.dumps([position])

    async with _worker(app_servers["REDIS_URL"], clock) as cache:
        tracemalloc.start()
        try:
            for number in range(many):
                await cache.get(f"k{number}", 60, load)
            made, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(cache._l1) == many
        assert made < many * a_small_one


async def test_memory_is_bounded_and_the_least_used_goes_first(
    empty: None, app_servers: dict[str, str], clock: Clock, source: Source
) -> None:
    source.value = b"x" * 1_000
    async with _worker(app_servers["REDIS_URL"], clock, l1_bytes=14_500) as cache:
        for n in range(10):
            await cache.get(f"k{n}", 60, source.load)
        await cache.get("k0", 60, source.load)
        await cache.get("k10", 60, source.load)
        assert "k0" in cache._l1
        assert "k1" not in cache._l1
        assert sum(entry.size for entry in cache._l1.values()) == cache._l1_used <= 14_500
        await cache.invalidate(["k0", "k10"], 1)
        assert sum(entry.size for entry in cache._l1.values()) == cache._l1_used


async def test_what_may_have_been_missed_is_not_believed(
    two: tuple[Cache, Cache], source: Source, clock: Clock
) -> None:
    one = two[0]
    await one.get("k", 60, source.load)
    clock.now += 0.5
    one.hears_nothing()
    assert (await one.get("k", 60, source.load)).depth == L1
    clock.now += 2.5
    assert (await one.get("k", 60, source.load)).depth == DB
    clock.now += 2.5
    assert (await one.get("k", 60, source.load)).depth == L2


async def test_what_was_loaded_before_redis_was_back_is_not_believed(
    two: tuple[Cache, Cache], source: Source, clock: Clock
) -> None:
    one, other = two
    await one.get("k", 60, source.load)
    source.value = b"two"
    one.hears_nothing()
    clock.now += 0.5
    one.hears()
    # Whoever changed it could not say so yet.
    found = await one.get("k", 60, source.load)
    assert (found.body, found.depth) == (b"two", DB)
    assert (await other.get("k", 60, source.load)).body == b"two"


async def test_a_load_that_began_before_redis_was_back_is_believed_by_nobody_later(
    two: tuple[Cache, Cache], source: Source, clock: Clock
) -> None:
    one, other = two
    source.open.clear()
    early = asyncio.create_task(other.get("k", 60, source.load))
    await until(lambda: source.asked_for, what="the value is being loaded")
    one.hears_nothing()
    clock.now += 0.5
    one.hears()
    source.value = b"two"
    source.open.set()
    assert (await early).body == b"one"
    assert (await one.get("k", 60, source.load)).body == b"two"


async def test_without_redis_it_remembers_for_a_moment_and_still_forgets_what_changed(
    source: Source, clock: Clock
) -> None:
    store = Store("redis://127.0.0.1:1/0", connections=2, timeout_s=0.5)
    cache = Cache(store, 1_000_000, clock)
    assert (await cache.get("k", 60, source.load)).depth == DB
    assert (await cache.get("k", 60, source.load)).depth == L1
    clock.now += 2.5
    source.open.clear()
    early = asyncio.create_task(cache.get("k", 60, source.load))
    await until(lambda: len(source.asked_for) == 2, what="the value is loaded again")
    source.value = b"two"
    await cache.invalidate(["k"], 300)
    source.open.set()
    assert (await early).body == b"one"
    assert (await cache.get("k", 60, source.load)).body == b"two"
    assert source.asked_for == [0, 0, 300]
    await store.close()


async def test_an_invalidation_waits_for_redis_to_come_back(
    two: tuple[Cache, Cache], source: Source, app_servers: dict[str, str]
) -> None:
    one, other = two
    for cache in two:
        await cache.get("k", 60, source.load)
    source.value = b"two"
    store = one._store
    address = store._redis.connection_pool.connection_kwargs
    port = address["port"]
    await store._redis.connection_pool.disconnect()
    address["port"] = 1
    await one.invalidate(["k"], 300)
    assert (await other.get("k", 60, source.load)).body == b"one"  # it could not be told
    await store._redis.connection_pool.disconnect()
    address["port"] = port
    await until(lambda: "k" not in other._l1, what="the invalidation arrives after all")
    assert (await other.get("k", 60, source.load)).body == b"two"
