"""Sessions on real servers: where reads go, what a commit announces, what survives an outage."""

import asyncio
from contextlib import AsyncExitStack

import psycopg
import pytest
from sqlalchemy import event, select, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.engine.interfaces import CacheStats

from reference_app.database import Database, ServerGoneError
from reference_app.errors import ConflictError
from reference_app.kit import metrics
from reference_app.kit.wal import UNKNOWN
from reference_app.users.models import User
from tests.app.conftest import RunApp
from tests.app.cuttable import wire_to
from tests.app.life import Running, problem, until

_ONE = text("SELECT 1")


def _sessions() -> dict[str, float]:
    return {
        "replica": metrics.session_replica._value.get(),
        "primary": metrics.session_primary_read._value.get(),
    }


async def _reads_since(before: dict[str, float]) -> dict[str, float]:
    return {name: value - before[name] for name, value in _sessions().items()}


async def _change(database: Database, name: str) -> None:
    async with database.writing() as session:
        await session.execute(
            text(
                "INSERT INTO users (email, password_hash, role, full_name)"
                " VALUES ('x@example.com', '', 'seeker', :name)"
                " ON CONFLICT (email) DO UPDATE SET full_name = excluded.full_name"
            ),
            {"name": name},
        )


async def _name(database: Database) -> str | None:
    row = await database.reading(primary=True).first(text("SELECT full_name FROM users"))
    return None if row is None else str(row.full_name)


async def test_a_statement_nobody_waits_for_is_hung_up_on_and_ends(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    async def cancel(*given: object, **named: object) -> None:
        asked.append(named)

    # Through a pooler a cancel request can do harm.
    monkeypatch.setattr("asyncpg.connect_utils._cancel", cancel)
    database = app.board.database

    async def sleeping() -> int:
        row = await database.reading(primary=True).first(
            text(
                "SELECT count(*) AS many FROM pg_stat_activity"
                " WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
            )
        )
        return 0 if row is None else int(row.many)

    async def sleeps() -> None:
        await database.reading(primary=True).first(text("SELECT pg_sleep(9)"))

    waiting = asyncio.create_task(sleeps())
    while await sleeping() == 0:  # noqa: ASYNC110 - another process tells
        await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(7):
        while await sleeping():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.1)
    assert asked == []
    assert (await database.reading(primary=True).rows(_ONE)) != []


async def test_a_transaction_is_committed_at_the_end_and_rolled_back_on_an_error(
    app: Running,
) -> None:
    database = app.board.database
    await _change(database, "one")

    async def fail(error: Exception) -> None:
        async with database.writing() as session:
            await session.execute(text("UPDATE users SET full_name = 'two'"))
            raise error

    for error in (ConflictError("no", "No."), ZeroDivisionError()):
        with pytest.raises(type(error)):
            await fail(error)
    assert await _name(database) == "one"


async def test_a_request_is_committed_before_its_response_begins(app: Running) -> None:
    person = await app.person()
    committed: list[str] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b'{"headline":"new"}', "more_body": False}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            row = await app.board.database.reading(primary=True).first(
                text("SELECT headline FROM users WHERE id = :id"), {"id": person.id}
            )
            assert row is not None
            committed.append(row.headline)

    scope = {
        "type": "http",
        "method": "PATCH",
        "path": "/api/v1/users/me",
        "query_string": b"",
        "headers": [
            (b"authorization", f"Bearer {person.access_token}".encode()),
            (b"content-type", b"application/json"),
        ],
        "client": ("127.0.0.1", 1),
    }
    await app.app(scope, receive, send)
    assert committed == ["new"]


async def test_readers_cannot_write_even_on_the_primary(app: Running) -> None:
    with pytest.raises(Exception, match=r"read-only|permission denied"):
        await app.board.database.reading(primary=True).rows(
            text("INSERT INTO seed_state (scale, seed) VALUES ('small', 1) RETURNING id")
        )


async def test_anonymous_reads_go_to_the_replicas(
    run_app: RunApp, app_servers: dict[str, str]
) -> None:
    reader = app_servers["DATABASE_PRIMARY_READ_URL"]
    async with run_app(database_replica_urls=f"{reader},{reader}") as app:
        before = _sessions()
        for job_id in range(1, 5):
            await app.client.get(f"/jobs/{job_id}")
        reads = await _reads_since(before)
        assert reads["primary"] == 0
        assert reads["replica"] >= 4


async def test_ones_own_writes_are_read_from_a_server_that_has_them(
    run_app: RunApp, app_servers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = app_servers["DATABASE_PRIMARY_READ_URL"]
    async with (
        run_app(database_replica_urls=reader) as one,
        run_app(database_replica_urls=reader) as two,
    ):
        for app in (one, two):
            replica = app.board.database.replicas.all[0]

            async def behind() -> tuple[int, float]:
                return 1, 0.0

            monkeypatch.setattr(replica, "_ask", behind)
            replica._replayed = 1
        writer, other = await one.person(), await one.person()
        await writer.patch("/users/me", headline="new", expect=200)
        # Forget that `other` has just registered.
        await one.board.store.run(lambda redis: redis.delete(f"wal:{other.id}"))
        before = _sessions()
        await writer.through(two).get("/auth/me")
        assert await _reads_since(before) == {"replica": 0, "primary": 1}
        before = _sessions()
        await other.through(two).get("/auth/me")
        assert await _reads_since(before) == {"replica": 1, "primary": 0}


async def test_a_statement_is_compiled_once_for_all_servers(
    run_app: RunApp, app_servers: dict[str, str]
) -> None:
    statement = select(User.full_name).where(User.id == 1)
    known: list[bool] = []

    def note(*given: object) -> None:
        sql, context = given[2], given[4]
        assert isinstance(context, DefaultExecutionContext)
        if "users.full_name" in str(sql):  # replicas are asked other things as well
            known.append(context.cache_hit is CacheStats.CACHE_HIT)

    url = app_servers["DATABASE_PRIMARY_READ_URL"]
    async with run_app(database_replica_urls=f"{url},{url}") as app:
        database = app.board.database
        for engine in database._engines:
            event.listen(engine.sync_engine, "after_cursor_execute", note)
        await database.read_primary(statement)
        for replica in database.replicas.all:
            await database.read_replica(replica, statement, None)
        async with database.writing() as session:
            await session.execute(statement)
    assert known == [False, True, True, True]


async def test_a_dead_replica_is_skipped_within_the_same_request_and_comes_back(
    run_app: RunApp, app_servers: dict[str, str]
) -> None:
    async with (
        wire_to(app_servers["DATABASE_PRIMARY_READ_URL"]) as (wire, url),
        run_app(database_replica_urls=url) as app,
    ):
        replica = app.board.database.replicas.all[0]
        assert (await app.client.get("/jobs/1")).status_code == 404
        await wire.cut()
        for job_id in range(2, 6):
            assert (await app.client.get(f"/jobs/{job_id}")).status_code == 404
        assert not replica.serves
        await wire.mend()
        await until(lambda: replica.serves, what="the replica is found again")
        before = _sessions()
        assert (await app.client.get("/jobs/9")).status_code == 404
        assert (await _reads_since(before))["replica"] >= 1


async def test_without_the_primary_reads_go_on_and_writes_say_when_to_come_back(
    run_app: RunApp, app_servers: dict[str, str]
) -> None:
    replica = app_servers["DATABASE_PRIMARY_READ_URL"]
    async with (
        wire_to(app_servers["DATABASE_URL"]) as (wire, writer_url),
        wire_to(replica) as (read_wire, primary_read_url),
        run_app(
            database_url=writer_url,
            database_primary_read_url=primary_read_url,
            database_replica_urls=replica,
        ) as app,
    ):
        person = await app.person()
        ready = await app.client.get("http://board.test/ready")
        assert (ready.status_code, ready.json()) == (200, {"reads": True, "writes": True})
        await wire.cut()
        await read_wire.cut()
        assert (await app.client.get("/jobs")).status_code == 200
        refused = await person.patch("/users/me", headline="new")
        problem(refused, 503, "database_unavailable")
        assert int(refused.headers["retry-after"]) > 0
        await until(lambda: not app.board.database.accepts_writes, what="it is known to be gone")
        ready = await app.client.get("http://board.test/ready")
        assert (ready.status_code, ready.json()) == (200, {"reads": True, "writes": False})
        assert (await app.client.get("http://board.test/health")).status_code == 200
        await wire.mend()
        await read_wire.mend()
        await until(lambda: app.board.database.accepts_writes, what="it is found again")
        await person.patch("/users/me", headline="new", expect=200)


async def test_without_any_database_the_pod_says_it_is_not_ready(run_app: RunApp) -> None:
    nowhere = "postgresql://a:b@127.0.0.1:1/c"
    async with run_app(
        database_url=nowhere, database_primary_read_url=nowhere, database_replica_urls=nowhere
    ) as app:
        ready = await app.client.get("http://board.test/ready")
        assert (ready.status_code, ready.json()) == (503, {"reads": False, "writes": False})
        problem(await app.client.get("/jobs"), 503, "database_unavailable")
        assert (await app.client.get("http://board.test/health")).status_code == 200


async def test_a_connection_closed_while_idle_is_replaced_unseen(
    run_app: RunApp, app_servers: dict[str, str]
) -> None:
    async with (
        wire_to(app_servers["DATABASE_URL"]) as (wire, url),
        run_app(database_url=url) as app,
    ):
        person = await app.person()
        await wire.cut()
        await wire.mend()
        await asyncio.sleep(0.05)
        await person.patch("/users/me", headline="new", expect=200)


async def test_a_busy_database_is_told_from_a_gone_one(run_app: RunApp) -> None:
    async with run_app(db_pool_size=3, db_max_overflow=0, db_pool_timeout=0.2) as app:
        database = app.board.database
        _, _, limit = database.pool_use()
        assert limit <= 3
        before = _sessions()
        url = app.board.settings.database_url.get_secret_value()
        slow = text("SELECT pg_advisory_xact_lock_shared(7)")
        with psycopg.connect(url) as holder:
            holder.execute("SELECT pg_advisory_xact_lock(7)")
            busy = [
                asyncio.create_task(database.reading(primary=True).rows(slow)) for _ in range(limit)
            ]
            await until(lambda: database.pool_use()[1] > 0, what="somebody waits")
            answer = await app.client.get("/jobs")
            problem(answer, 503, "database_busy")
        results = await asyncio.gather(*busy, return_exceptions=True)
        assert not any(isinstance(result, ServerGoneError) for result in results)
        assert (await _reads_since(before))["primary"] >= limit
        assert (await app.client.get("/jobs")).status_code == 200


async def test_a_read_moves_on_from_a_replica_whose_connections_are_all_in_use(
    run_app: RunApp, app_servers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:

    async def level() -> tuple[int, float]:
        return UNKNOWN - 1, 0.0

    reader = app_servers["DATABASE_PRIMARY_READ_URL"]
    async with run_app(
        database_replica_urls=f"{reader},{reader}",
        # One connection to read from each server.
        web_concurrency=1,
        db_pool_size=7,
        db_max_overflow=0,
        db_pool_timeout=60,
    ) as app:
        database = app.board.database
        one, two = database._readers.values()
        for replica in database.replicas.all:
            # Looking after it would take a connection too, now and then.
            monkeypatch.setattr(replica, "_ask", level)
        async with AsyncExitStack() as taken:
            await taken.enter_async_context(one.connect())
            before = _sessions()
            for _ in range(6):
                assert await database.reading().rows(_ONE)
            assert await _reads_since(before) == {"replica": 6, "primary": 0}

            await taken.enter_async_context(two.connect())
            before = _sessions()
            waiting = [asyncio.create_task(database.reading().rows(_ONE)) for _ in range(2)]
            await until(lambda: database.pool_use()[1] == 2, what="one waits for each replica")
            for _ in range(3):
                assert await database.reading().rows(_ONE)
            assert await _reads_since(before) == {"replica": 2, "primary": 3}
        assert all(await asyncio.gather(*waiting))


@pytest.mark.parametrize("prepared", [False, True])
async def test_both_ways_to_send_statements_work(run_app: RunApp, prepared: bool) -> None:
    async with run_app(database_prepared_statements=prepared) as app:
        owner = await app.employer()
        for n in range(12):  # often enough for a prepared statement to get a generic plan
            await owner.job(title=f"Plumber number {n}")
            assert (await app.client.get(f"/jobs?q=plumber&limit={n + 1}")).status_code == 200
        page = (await app.client.get("/jobs?q=plumer&limit=50")).json()
        assert len(page["items"]) == 12
