"""The app against a real Postgres and Redis: migrated once, emptied before every test."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from psycopg.errors import DeadlockDetected
from redis.asyncio import Redis

from reference_app import assembly
from reference_app.kit.rate_limit import ApiLimit
from reference_app.settings import Settings
from tests.app.depot import depot
from tests.app.life import Running, running_app
from tests.app.pods import PATIENT
from tests.app.till import Till, open_till, shop
from tests.app.two_pods import people, pods
from tests.conftest import DataServers

__all__ = ["people", "pods"]

ALEMBIC = (sys.executable, "-m", "alembic", "-c", "reference_app/alembic.ini")

# As the superuser, so that the order does not matter. With a handful of rows this takes a
# fifth of the time of TRUNCATE, which makes all tables and indexes anew.
_ANY_ORDER = "SET session_replication_role = replica; SET lock_timeout = '20s'"
_EMPTY = """
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT oid::regclass AS name, relkind FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')
            AND relname <> 'alembic_version'
    LOOP
        IF found.relkind = 'S' THEN
            PERFORM setval(found.name, 1, false);
        ELSE
            EXECUTE format('DELETE FROM %s', found.name);
        END IF;
    END LOOP;
END $$;
"""

_DEADLOCKS = 3

_TURN_S = 86_400

MakeSettings = Callable[..., Settings]
RunApp = Callable[..., AbstractAsyncContextManager[Running]]


def migrate(environment: dict[str, str]) -> None:
    """Bring the database that `environment` names to the newest schema."""
    subprocess.run([*ALEMBIC, "upgrade", "head"], env={**os.environ, **environment}, check=True)


@pytest.fixture(scope="session")
def app_servers(data_servers: DataServers) -> dict[str, str]:
    """The app's environment, with the migrated database of this test process."""
    environment = dict(data_servers.environment)
    migrate(environment)
    return environment


@pytest.fixture(scope="session")
def make_settings(app_servers: dict[str, str]) -> MakeSettings:
    """Makes settings for the test servers; what is given counts more."""

    def make(**given: Any) -> Settings:
        ordinary = {name.lower(): value for name, value in app_servers.items()}
        ours = {
            "environment": "test",
            "secret_key": "test-" + "0123456789abcdef" * 3,
            "web_concurrency": 1,
            "bcrypt_rounds": 4,
            "api_rate_per_minute": 1_000_000,
            "pod_name": "pod-under-test",
            "prometheus_multiproc_dir": None,
            # Tests start hundreds of workers, and count what they do.
            "warm_start": False,
            "request_slots": 1_000,
            **PATIENT,
            "trusted_proxies": "127.0.0.1/32",
        }
        known = Settings.model_fields.keys()
        merged = {**ordinary, **ours, **given}
        return Settings(**{name: value for name, value in merged.items() if name in known})

    return make


@pytest.fixture(scope="session")
def sweeper(app_servers: dict[str, str], data_servers: DataServers) -> Iterator[psycopg.Connection]:
    """A connection that `clear` uses again and again: a new one has all tables to learn."""
    with psycopg.connect(data_servers.superuser_url, autocommit=True) as connection:
        connection.execute(_ANY_ORDER)
        yield connection


def clear(connection: psycopg.Connection) -> None:
    """Empty all tables; numbers begin at 1 again.

    Not on the event loop: it waits for transactions that may be the app's own.
    """
    for _ in range(_DEADLOCKS):
        # A statement that a worker hung up on goes on for a moment, in another order.
        with suppress(DeadlockDetected):
            connection.execute(_EMPTY)
            return
    connection.execute(_EMPTY)


@pytest_asyncio.fixture
async def empty(app_servers: dict[str, str], sweeper: psycopg.Connection) -> None:
    """No row in any table, no key in Redis."""
    await asyncio.to_thread(clear, sweeper)
    redis = Redis.from_url(app_servers["REDIS_URL"])
    await redis.flushall()
    await redis.aclose()


@pytest.fixture(scope="session")
def chores(make_settings: MakeSettings) -> list[str]:
    """The names of all chores, asked of a worker."""

    async def asked() -> list[str]:
        async with running_app(make_settings()) as app:
            return [chore.name for chore in assembly._chores(app.board)]

    # On a loop of its own, beside that of the tests.
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, asked()).result()


@pytest_asyncio.fixture
async def no_chores(chores: list[str], empty: None, app_servers: dict[str, str]) -> None:
    """Chores of jobs are done when the test does them, and not besides: all have had a turn."""
    redis = Redis.from_url(app_servers["REDIS_URL"])
    async with redis.pipeline(transaction=False) as turns:
        for name in chores:
            # For a while, as a turn is: workers look again as soon as it is over.
            turns.set(f"chore:{name}", 1, ex=_TURN_S)
        await turns.execute()
    await redis.aclose()


@pytest.fixture(autouse=True)
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """The minute that rate limits count in does not end during a test."""
    monkeypatch.setattr(ApiLimit.__init__, "__defaults__", (None, lambda: 6_000.0))


@pytest.fixture
def run_app(no_chores: None, make_settings: MakeSettings) -> RunApp:
    """Runs one worker of the app on empty servers: `async with run_app(**settings) as app`."""

    def run(**given: Any) -> AbstractAsyncContextManager[Running]:
        return running_app(make_settings(**given))

    return run


@pytest_asyncio.fixture
async def app(run_app: RunApp) -> AsyncIterator[Running]:
    """One worker of the app on empty servers."""
    async with run_app() as running:
        yield running


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A store for files, as a process: the app's settings that lead to it."""
    with depot(tmp_path_factory.mktemp("depot")) as settings:
        yield {name.lower(): value for name, value in settings.items()}


@pytest.fixture(scope="session")
def till_ports(
    app_servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, int]]:
    """The app and a local Stripe that tells it what happens, as processes: their ports."""
    with shop(app_servers, tmp_path_factory.mktemp("till")) as ports:
        yield ports


@pytest_asyncio.fixture
async def till(
    empty: None, till_ports: tuple[int, int], app_servers: dict[str, str]
) -> AsyncIterator[Till]:
    """A board where one can buy, with nothing in it."""
    async with open_till(till_ports, app_servers["DATABASE_DIRECT_URL"]) as opened:
        yield opened
