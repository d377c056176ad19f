"""Chores: one worker of many does them, and one that fails ends no other."""

import asyncio
from contextlib import suppress

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from reference_app import assembly
from reference_app.kit.chores import Chore, do_if_due, do_regularly
from reference_app.kit.store import Store
from tests.app.conftest import RunApp
from tests.app.life import Running


async def test_the_chores_that_other_tests_want_to_be_left_alone_by_rest(app: Running) -> None:
    """Each looks again when its turn is over: without an end to it, a hundred times a second."""

    async def work() -> None: ...

    names = [chore.name for chore in assembly._chores(app.board)]
    told = [await do_if_due(app.board.store, Chore(name, 60, work)) for name in names]
    assert {was_done for was_done, _ in told} == {False}
    assert min(again_s for _, again_s in told) > 3_600


async def test_of_many_workers_one_does_it_and_later_one_again(app: Running) -> None:
    done: list[int] = []

    async def work() -> None:
        done.append(1)

    chore = Chore("sweeping", 60, work)
    store = app.board.store
    turns = await asyncio.gather(*(do_if_due(store, chore) for _ in range(8)))
    assert sorted(was_done for was_done, _ in turns) == [*[False] * 7, True]
    used = _cpu_s("sweeping")
    await store.run(lambda redis: redis.delete("chore:sweeping"))
    assert (await do_if_due(store, chore))[0]
    assert len(done) == 2
    assert _cpu_s("sweeping") > used > 0


def _cpu_s(chore: str) -> float:
    return REGISTRY.get_sample_value("chore_cpu_seconds_total", {"chore": chore}) or 0.0


async def test_who_has_no_turn_looks_again_only_when_it_is_due_again(app: Running) -> None:
    async def work() -> None: ...

    chore = Chore("sweeping", 60, work)
    turns = [await do_if_due(app.board.store, chore) for _ in range(2)]
    assert [due for due, _ in turns] == [True, False]
    assert all(30 < pause_s < 61 for _, pause_s in turns)


async def test_a_turn_that_lost_its_end_gets_one(app: Running) -> None:
    """Else all would look a hundred times a second, and nobody would ever do it."""

    async def work() -> None: ...

    chore, store = Chore("sweeping", 60, work), app.board.store
    assert (await do_if_due(store, chore))[0]
    assert await store.run(lambda redis: redis.persist("chore:sweeping"))
    was_done, again_s = await do_if_due(store, chore)
    assert not was_done
    assert 30 < again_s < 61
    assert 30 < await store.run(lambda redis: redis.ttl("chore:sweeping")) <= 60


async def test_without_redis_nobody_has_a_turn() -> None:
    async def work() -> None:
        pytest.fail("there is no telling who else does this")

    store = Store("redis://127.0.0.1:9/0", connections=2, timeout_s=0.2)
    assert await do_if_due(store, Chore("sweeping", 60, work)) == (False, 6.0)
    await store.close()


async def test_one_that_fails_is_logged_and_ends_no_other(app: Running) -> None:
    went_on = asyncio.Event()

    async def breaks() -> None:
        raise KeyError("shelf")

    async def works() -> None:
        went_on.set()

    chores = [Chore("breaking", 1, breaks), Chore("working", 1, works)]
    with capture_logs() as logs:
        running = [asyncio.create_task(do_regularly(app.board.store, each)) for each in chores]
        await asyncio.wait_for(went_on.wait(), 60)
        went_on.clear()
        await asyncio.wait_for(went_on.wait(), 60)
        assert not any(task.done() for task in running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    assert {log["chore"] for log in logs if log["event"] == "chore failed"} == {"breaking"}


async def test_none_outlives_its_worker_even_if_it_loses_its_cancellation(
    run_app: RunApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = asyncio.Event()

    async def deaf() -> None:
        began.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)

    async def works() -> None: ...

    chores = [Chore("working", 3600, works), Chore("deaf", 1, deaf)]
    monkeypatch.setattr(assembly, "_chores", lambda board: chores)
    others = asyncio.all_tasks()
    async with run_app():
        await asyncio.wait_for(began.wait(), 60)
    assert asyncio.all_tasks() - others == set()
