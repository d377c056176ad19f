"""Where a value is found, who loads it, who waits, and when it is loaded anew."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from reference_app.kit.cache import Cache
from tests.app.caching import DB, L1, L2, Clock, Source
from tests.app.life import until


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
    first = await source.held_up(two[0])
    second = asyncio.create_task(two[1].get("k", 60, source.load))
    await asyncio.sleep(0.05)
    source.open.set()
    assert (await first).depth == DB
    assert (await second).depth == L2
    assert len(source.asked_for) == 1


async def test_a_caller_who_gives_up_costs_the_others_nothing(
    two: tuple[Cache, Cache], source: Source
) -> None:
    impatient = await source.held_up(two[0])
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
