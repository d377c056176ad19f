"""What a worker's own memory of values takes."""

import tracemalloc

import orjson

from tests.app.caching import Clock, Source, a_worker


async def test_what_has_run_out_is_not_kept_in_memory(
    empty: None, app_servers: dict[str, str], clock: Clock, source: Source
) -> None:
    async with a_worker(app_servers["REDIS_URL"], clock) as cache:
        for number in range(5):
            await cache.get(f"k{number}", 10, source.load)
        clock.now += 60
        await cache.get("new", 60, source.load)
        assert list(cache._l1) == ["new"]
        assert cache._l1_used == cache._l1["new"].size


async def test_what_has_run_out_does_not_hide_behind_what_lives_on(
    empty: None, app_servers: dict[str, str], clock: Clock, source: Source
) -> None:
    async with a_worker(app_servers["REDIS_URL"], clock) as cache:
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

    async with a_worker(app_servers["REDIS_URL"], clock) as cache:
        # what is counted of all values of a kind belongs to none of them
        await cache.get("value:first", 60, load)
        tracemalloc.start()
        try:
            for number in range(many):
                await cache.get(f"value:{number}", 60, load)
            made, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(cache._l1) == many + 1
        assert made < many * a_small_one


async def test_memory_is_bounded_and_the_least_used_goes_first(
    empty: None, app_servers: dict[str, str], clock: Clock, source: Source
) -> None:
    source.value = b"x" * 1_000
    async with a_worker(app_servers["REDIS_URL"], clock, l1_bytes=14_500) as cache:
        for n in range(10):
            await cache.get(f"k{n}", 60, source.load)
        await cache.get("k0", 60, source.load)
        await cache.get("k10", 60, source.load)
        assert "k0" in cache._l1
        assert "k1" not in cache._l1
        assert sum(entry.size for entry in cache._l1.values()) == cache._l1_used <= 14_500
        await cache.invalidate(["k0", "k10"], 1)
        assert sum(entry.size for entry in cache._l1.values()) == cache._l1_used
