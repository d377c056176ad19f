"""Chores: one worker of many does them, and one that fails ends no other."""

import asyncio

import pytest
from structlog.testing import capture_logs

from reference_app.kit.chores import Chore, do_if_due, run_chores
from reference_app.kit.store import Store
from tests.app.life import Running


async def test_of_many_workers_one_does_it_and_later_one_again(app: Running) -> None:
    done: list[int] = []

    async def work() -> None:
        done.append(1)

    chore = Chore("sweeping", 60, work)
    store = app.board.store
    assert sorted(await asyncio.gather(*(do_if_due(store, chore) for _ in range(8)))) == [
        *[False] * 7,
        True,
    ]
    await store.run(lambda redis: redis.delete("chore:sweeping"))
    assert await do_if_due(store, chore)
    assert len(done) == 2


async def test_without_redis_nobody_has_a_turn() -> None:
    async def work() -> None:
        pytest.fail("there is no telling who else does this")

    store = Store("redis://127.0.0.1:9/0", connections=2, timeout_s=0.2)
    assert not await do_if_due(store, Chore("sweeping", 60, work))
    await store.close()


async def test_one_that_fails_is_logged_and_ends_no_other(app: Running) -> None:
    went_on = asyncio.Event()

    async def breaks() -> None:
        raise KeyError("shelf")

    async def works() -> None:
        went_on.set()

    chores = [Chore("breaking", 1, breaks), Chore("working", 1, works)]
    with capture_logs() as logs:
        running = asyncio.create_task(run_chores(app.board.store, chores))
        await asyncio.wait_for(went_on.wait(), 20)
        went_on.clear()
        await asyncio.wait_for(went_on.wait(), 20)
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert {log["chore"] for log in logs if log["event"] == "chore failed"} == {"breaking"}
