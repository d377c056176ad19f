"""A real replica whose replay is paused: what was written is seen all the same."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import psycopg
import pytest
import pytest_asyncio

from reference_app.kit import metrics
from stack import engine
from tests.app.conftest import MakeSettings, migrate
from tests.app.life import Running, running_app, until
from tests.conftest import MakeHome

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def replicated(make_home: MakeHome) -> dict[str, str]:
    """The app's environment with a primary and one replica; REPLICA_SUPERUSER_URL besides."""
    home = make_home()
    running = engine.up(home, services={"primary", "replica-1", "redis"}, bound=True)
    environment = dict(running.environment)
    writer = environment["DATABASE_DIRECT_URL"]
    secrets = engine.secrets(home)
    port = running.services["replica-1"].port
    database = urlsplit(writer).path
    place = f"127.0.0.1:{port}{database}"
    reader = f"hmb_reader:{secrets['READER_DB_PASSWORD']}"
    environment |= {
        "DATABASE_URL": writer,
        "DATABASE_PRIMARY_READ_URL": f"postgresql://{reader}@{writer.rpartition('@')[2]}",
        "DATABASE_REPLICA_URLS": f"postgresql://{reader}@{place}",
        "REPLICA_SUPERUSER_URL": f"postgresql://postgres:{secrets['POSTGRES_PASSWORD']}@{place}",
    }
    migrate(environment)
    return environment


@pytest_asyncio.fixture
async def app(replicated: dict[str, str], make_settings: MakeSettings) -> AsyncIterator[Running]:
    """A worker that reads from the replica."""
    names = ("DATABASE_URL", "DATABASE_PRIMARY_READ_URL", "DATABASE_REPLICA_URLS", "REDIS_URL")
    given = {name.lower(): replicated[name] for name in names}
    async with running_app(make_settings(**given)) as running:
        yield running


async def _on_replica(replicated: dict[str, str], statement: str, *parameters: object) -> object:
    def ask() -> object:
        with psycopg.connect(replicated["REPLICA_SUPERUSER_URL"], autocommit=True) as connection:
            row = connection.execute(statement.encode(), parameters).fetchone()
            return row[0] if row else None

    return await asyncio.to_thread(ask)


async def _caught_up(replicated: dict[str, str]) -> None:
    """Wait until the replica has replayed all that the primary has written by now."""
    with psycopg.connect(replicated["DATABASE_DIRECT_URL"]) as connection:
        row = connection.execute("SELECT pg_current_wal_flush_lsn()::text").fetchone()
    assert row is not None
    replayed = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
    async with asyncio.timeout(60):
        while not await _on_replica(replicated, replayed, row[0]):  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.05)


async def test_own_and_announced_changes_show_while_the_replica_stands_still(
    app: Running, replicated: dict[str, str]
) -> None:
    person, other = await app.person(), await app.person()
    replica = app.board.database.replicas.all[0]
    await _caught_up(replicated)
    await until(lambda: replica.serves, what="the replica serves")
    await _on_replica(replicated, "SELECT pg_wal_replay_pause()")
    try:
        await person.patch("/users/me", headline="Mason", expect=200)
        # One's own view comes from the primary, the public page is not cached from the past.
        assert (await person.get("/auth/me")).json()["headline"] == "Mason"
        assert (await app.client.get(f"/users/{person.id}")).json()["headline"] == "Mason"
        # Nobody else's reads leave the replica for it.
        before = metrics.session_replica._value.get()
        assert (await app.client.get("/companies/1")).status_code == 404
        assert metrics.session_replica._value.get() > before
        assert (await other.get("/auth/me")).status_code == 200
        held_back = await _on_replica(
            replicated, "SELECT headline FROM users WHERE id = %s", person.id
        )
        assert held_back != "Mason"
    finally:
        await _on_replica(replicated, "SELECT pg_wal_replay_resume()")
    await _caught_up(replicated)
    # What the worker knows of the replica may be a moment old: soon, not at once.
    async with asyncio.timeout(60):
        while True:
            before = metrics.session_replica._value.get()
            assert (await person.get("/auth/me")).json()["headline"] == "Mason"
            if metrics.session_replica._value.get() == before + 1:
                break
            await replica.look()
