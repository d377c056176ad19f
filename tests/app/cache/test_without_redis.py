"""What is believed while Redis is away, and once it is back."""

import asyncio

from reference_app.kit.cache import Cache
from reference_app.kit.store import Store
from tests.app.caching import DB, L1, L2, Clock, Source
from tests.app.life import until


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
