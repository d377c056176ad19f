"""A database of the seeding tests' own, with the app's tables and nothing in them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

_CHECKOUT = Path(__file__).resolve().parents[2]
_DAY = datetime.now(UTC).date().isoformat()


@dataclass(frozen=True, slots=True)
class SeedDatabase:
    """An empty, migrated database and the seeding program aimed at it."""

    url: str
    environment: Mapping[str, str]

    def start(self, *words: str, url: str | None = None) -> subprocess.Popen[str]:
        """Start the program with these arguments."""
        return subprocess.Popen(
            [sys.executable, "-m", "reference_app.seed", *words],
            cwd=_CHECKOUT,
            env={**self.environment, "DATABASE_DIRECT_URL": url or self.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, url: str | None = None) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a whole run."""
        with self.start(*words, url=url) as program:
            out, told = program.communicate(timeout=600)
        return program.returncode, out, told

    def ask(self, *words: str) -> dict[str, Any]:
        """The summary of a run that must succeed."""
        code, out, told = self.run(*words)
        assert code == 0, told
        summary: dict[str, Any] = json.loads(out)
        return summary

    def load(self, scale: str = "small", seed: int = 1, day: str = _DAY) -> dict[str, Any]:
        """Load and return the summary."""
        return self.ask("load", "--scale", scale, "--seed", str(seed), "--day", day)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query answers."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode(), values or None).fetchall()

    def do(self, statement: str) -> None:
        """Execute a statement and commit."""
        with psycopg.connect(self.url) as connection:
            connection.execute(statement.encode())

    def value(self, query: str, *values: Any) -> Any:
        """The one value a query answers."""
        return self.rows(query, *values)[0][0]

    def count(self, table: str) -> int:
        """How many rows a table has."""
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        return int(self.value(query.as_string()))

    def checksum(self, table: str, order: str) -> str:
        """Of all columns of all rows, in an order that the rows themselves decide."""
        query = sql.SQL("SELECT md5(string_agg(t::text, '|' ORDER BY {})) FROM {} t").format(
            sql.SQL(", ").join(map(sql.Identifier, order.split(", "))), sql.Identifier(table)
        )
        return str(self.value(query.as_string()))

    def definitions(self) -> list[tuple[Any, ...]]:
        """Every index and constraint, and whether it holds."""
        return self.rows(
            "SELECT indrelid::regclass::text, indexrelid::regclass::text, "
            "pg_get_indexdef(indexrelid), indisvalid FROM pg_index "
            "JOIN pg_class ON oid = indrelid WHERE relnamespace = 'public'::regnamespace "
            "UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), "
            "convalidated FROM pg_constraint WHERE connamespace = 'public'::regnamespace "
            "ORDER BY 1, 2, 3"
        )


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes databases on the test servers."""

    servers: Any

    def make(self, name: str, template: str) -> SeedDatabase:
        """A new database `name`, a copy of another."""
        self._as_superuser(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER hmb_app')
        url = urlsplit(self.servers.database_url)._replace(path=f"/{name}").geturl()
        environment = {**os.environ, **self.servers.environment, "DATABASE_DIRECT_URL": url}
        return SeedDatabase(url, environment)

    def copy(self, template: str) -> Iterator[SeedDatabase]:
        """A copy that goes when it was used."""
        name = f"seed_{uuid4().hex}"
        yield self.make(name, template)
        self._as_superuser(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _as_superuser(self, statement: str) -> None:
        with psycopg.connect(self.servers.superuser_url, autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def _maker(data_servers: Any) -> _Maker:
    maker = _Maker(data_servers)
    database = maker.make("seed_migrated", "template0")
    in_it = urlsplit(data_servers.superuser_url)._replace(path="/seed_migrated").geturl()
    with psycopg.connect(in_it) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("CREATE EXTENSION pg_stat_statements")
        connection.execute("ALTER SCHEMA public OWNER TO hmb_app")
    subprocess.run(
        [sys.executable, "-m", "alembic", "-c", "reference_app/alembic.ini", "upgrade", "head"],
        cwd=_CHECKOUT,
        env=database.environment,
        check=True,
        capture_output=True,
        timeout=600,
    )
    maker.make("seed_filled", "seed_migrated").load()
    return maker


@pytest.fixture
def migrated(empty: SeedDatabase) -> list[tuple[Any, ...]]:
    """The definitions as the migrations made them."""
    return empty.definitions()


@pytest.fixture(scope="session")
def loaded(_maker: _Maker) -> SeedDatabase:
    """Small data of seed 1 as of today; tests of this fixture only read it."""
    return _maker.make("seed_loaded", "seed_filled")


@pytest.fixture
def filled(_maker: _Maker) -> Iterator[SeedDatabase]:
    """Small data of seed 1 as of today, for one test to change."""
    yield from _maker.copy("seed_filled")


@pytest.fixture
def empty(_maker: _Maker) -> Iterator[SeedDatabase]:
    """All tables and no row, for one test to change."""
    yield from _maker.copy("seed_migrated")
