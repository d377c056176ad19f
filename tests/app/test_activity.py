"""Who was active: nobody twice, by whatever worker, and with a history that lasts."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

from reference_app.analytics.activity import Activity, keep
from reference_app.kit.store import Store
from tests.app.admins import administrator
from tests.app.cuttable import wire_to
from tests.app.life import Running
from tests.app.rows import execute
from tests.app.statements import counted

TODAY = date(2026, 3, 31)


def at(day: date) -> float:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()


async def tell(app: Running, day: date, people: Any) -> None:
    activity = Activity(app.board.store, clock=lambda: at(day))
    for user_id in people:
        activity.seen(user_id)
    await activity.tell()


def figures(app: Running, day: date = TODAY) -> tuple[int, int]:
    found = execute(
        app, "SELECT active || ' ' || active_30_days FROM daily_activity WHERE day = %s", day
    )
    active, in_window = found[0].split()
    return int(active), int(in_window)


async def keep_now(app: Running, day: date = TODAY) -> None:
    await keep(app.board.database, app.board.store, day)


async def test_nobody_is_counted_twice_by_whatever_worker_on_whatever_day(app: Running) -> None:
    await tell(app, TODAY, range(1, 101))
    await tell(app, TODAY, range(51, 151))
    await tell(app, TODAY - timedelta(days=1), range(101, 201))
    await tell(app, TODAY - timedelta(days=29), range(201, 211))
    await tell(app, TODAY - timedelta(days=30), range(301, 401))
    await keep_now(app)
    # Of so few the estimate is all but exact.
    active, in_window = figures(app)
    assert abs(active - 150) <= 3
    assert abs(in_window - 210) <= 4
    active, in_window = figures(app, TODAY - timedelta(days=1))
    assert abs(active - 100) <= 2
    assert abs(in_window - 210) <= 4  # its window begins a day earlier: 100 + 10 + 100


async def test_a_large_estimate_is_as_good_as_said(app: Running) -> None:
    await tell(app, TODAY, range(1, 20_001))
    await keep_now(app)
    # Four standard errors of 0.81 %.
    assert abs(figures(app)[0] / 20_000 - 1) < 4 * 0.0081


async def test_history_survives_a_flush_of_redis(app: Running) -> None:
    for back in (2, 1, 0):
        await tell(app, TODAY - timedelta(days=back), range(100 * back, 100 * back + 100))
        await keep_now(app, TODAY - timedelta(days=back))
    before = figures(app)
    await app.board.store.run(lambda redis: redis.flushall())
    await keep_now(app)
    assert figures(app) == before
    await app.board.store.run(lambda redis: redis.flushall())
    # Who comes after the flush adds to who came before it.
    await tell(app, TODAY, range(50, 150))
    await keep_now(app)
    active, in_window = figures(app)
    assert abs(active - 150) <= 3
    assert abs(in_window - 300) <= 5


async def test_a_day_without_anybody_leaves_no_row(app: Running) -> None:
    await keep_now(app)
    assert execute(app, "SELECT count(*) FROM daily_activity") == [0]


async def test_requests_of_the_signed_in_are_noticed_and_none_writes(app: Running) -> None:
    people = [await app.person() for _ in range(3)]
    admin = await administrator(app)
    with counted() as statements:
        for person_here in people:
            for _ in range(3):
                # A page that is the same for everyone, from the cache.
                await person_here.get(f"/users/{people[0].id}")
        await app.client.get(f"/users/{people[0].id}")
    assert len(statements) == 1, statements
    await app.board.activity.tell()
    await keep(app.board.database, app.board.store, datetime.now(UTC).date())
    today = ((await admin.get("/admin/analytics/people")).json())["days"][-1]
    # The administrator came in a moment ago by refreshing, which is not signed in yet.
    assert (today["active"], today["active_30_days"]) == (3, 3)


async def test_who_came_while_redis_was_gone_is_told_of_later(
    app: Running, app_servers: dict[str, str]
) -> None:
    async with wire_to(app_servers["REDIS_URL"]) as (wire, url):
        store = Store(url, connections=2, timeout_s=20)
        now = at(TODAY)
        activity = Activity(store, clock=lambda: now)
        await wire.cut()
        activity.seen(1)
        await activity.tell()
        now += 86_400
        activity.seen(2)
        await activity.tell()
        await wire.mend()
        await asyncio.sleep(1.2)  # the store rests after a failure
        await activity.tell()
        await store.close()
    await keep_now(app, TODAY + timedelta(days=1))
    assert figures(app) == (1, 1)
    assert figures(app, TODAY + timedelta(days=1)) == (1, 2)
