"""What an invalidation forgets, and that nothing older than it is kept."""

import asyncio

import pytest
from redis.asyncio import Redis

from reference_app.kit.cache import Cache
from tests.app.caching import DB, Source
from tests.app.life import until


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
    early = await source.held_up(one)  # reads "one"
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
    early = await source.held_up(one)
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
