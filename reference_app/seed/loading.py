"""The load: whatever the database held, it holds the wanted data afterwards, or none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg import sql

from reference_app.seed import definitions
from reference_app.seed.database import Connection, break_off, connect, first_line, share_out
from reference_app.seed.errors import RefusedError, SeedError
from reference_app.seed.lines import blocks
from reference_app.seed.progress import Progress
from reference_app.seed.words import scale as scale_named
from reference_app.seed.world import TableData, plan

_LOCK = 4_826_002
"""Advisory: one load at a time in a database."""

# What a load empties: all tables of the app, whether it fills them or not.
_TABLES = """
SELECT relname FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
   AND relname NOT IN ('alembic_version', 'seed_state', 'seed_rebuild')
 ORDER BY relname
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the database should hold: the same three give the same rows."""

    scale: str
    seed: int
    day: date


def load(url: str, wanted: Wanted, *, force: bool, progress: Progress) -> dict[str, Any]:
    """Replace everything in the database at `url` by the `wanted` data.

    Returns what was done: rows by table, seconds by stage, bytes on disk. The
    indexes and foreign keys found before are there afterwards, statistics are
    fresh. Interrupted or failing, it leaves the tables empty and whole; killed,
    it leaves notes from which the next load recovers.

    Raises `RefusedError` for an unknown scale, and when the database holds data
    that no load put there (unless `force`); `SeedError` when the database cannot
    be reached, has no tables, or is being loaded by another.
    """
    scale = scale_named(wanted.scale)
    with connect(url) as connection:
        _keep_others_out(connection)
        tables = _tables(connection)
        if not force:
            _refuse_foreign_data(connection, tables)
        with progress.stage("plan"):
            data = plan(scale, wanted.seed, wanted.day)
        _refuse_older_schema(tables, data)
        with _all_or_nothing(url, connection, tables, data, progress):
            _start_empty(connection, tables, data)
            with progress.stage("rows"):
                _copy(url, data, progress)
            with progress.stage("indexes"):
                definitions.build_indexes(url, connection)
            with progress.stage("foreign keys"):
                definitions.add_foreign_keys(url, connection)
            with progress.stage("statistics"):
                share_out(url, data, _vacuum)
            _finish(connection, data, wanted)
        return {
            "scale": wanted.scale,
            "seed": wanted.seed,
            "day": wanted.day.isoformat(),
            "rows": {table.name: table.size for table in data},
            "seconds": {
                **progress.seconds,
                "total": round(sum(progress.seconds.values()), 2),
            },
            "database_bytes": _value(connection, "SELECT pg_database_size(current_database())"),
        }


def _keep_others_out(connection: Connection) -> None:
    if not _value(connection, f"SELECT pg_try_advisory_lock({_LOCK})"):
        raise SeedError("another load is under way in this database")


def _value(connection: Connection, query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def _tables(connection: Connection) -> list[str]:
    tables = [name for (name,) in connection.execute(_TABLES)]
    if "users" not in tables:
        raise SeedError("the database has no tables yet: run the migrations first")
    return tables


def _refuse_foreign_data(connection: Connection, tables: Sequence[str]) -> None:
    if definitions.under_way(connection) or _value(connection, "SELECT 1 FROM seed_state"):
        return
    for table in tables:
        query = sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(table))
        if connection.execute(query).fetchone():
            raise RefusedError(
                f"the database holds data that was not seeded (table {table}), and a load would "
                "delete it; --force loads anyway"
            )


def _refuse_older_schema(tables: Sequence[str], data: Sequence[TableData]) -> None:
    missing = [table.name for table in data if table.name not in tables]
    if missing:
        raise SeedError(f"the database lacks {', '.join(missing)}: run the migrations first")


@contextmanager
def _all_or_nothing(
    url: str,
    connection: Connection,
    tables: Sequence[str],
    data: Sequence[TableData],
    progress: Progress,
) -> Iterator[None]:
    """Leave empty, whole tables behind a load that fails or is interrupted."""
    try:
        yield
    except BaseException:
        # An interrupt may have fallen into the middle of a statement: this one is of no more use.
        break_off(connection)
        try:
            _put_back(url, tables, data)
        except (psycopg.Error, SeedError) as error:
            # The notes stay, and the next load starts from them.
            progress.say(f"the indexes are left to the next load to restore: {first_line(error)}")
        raise


def _put_back(url: str, tables: Sequence[str], data: Sequence[TableData]) -> None:
    with connect(url) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        if definitions.under_way(connection):
            _start_empty(connection, tables, data)
            definitions.build_indexes(url, connection)
            definitions.add_foreign_keys(url, connection)
            definitions.forget(connection)


def _start_empty(connection: Connection, tables: Sequence[str], data: Sequence[TableData]) -> None:
    """In one step: no state, no rows, no indexes, and notes of what the indexes were."""
    names = sql.SQL(", ").join(map(sql.Identifier, tables))
    try:
        with connection.transaction():
            connection.execute("DELETE FROM seed_state")
            connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))
            definitions.take_down(connection, [table.name for table in data])
    except psycopg.errors.LockNotAvailable as error:
        raise SeedError("the tables are in use: stop what uses the database first") from error


def _copy(url: str, data: Sequence[TableData], progress: Progress) -> None:
    total = sum(table.size for table in data)

    def fill(connection: Connection, table: TableData) -> None:
        name = sql.Identifier(table.name)
        columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
        # Truncated in the same transaction, a table may be filled with rows frozen from the
        # start: they are never written a second time to mark them visible.
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(sql.SQL("TRUNCATE {}").format(name))
            copy_in = sql.SQL("COPY {} ({}) FROM STDIN (FREEZE)").format(name, columns)
            with cursor.copy(copy_in) as copy:
                for rows, block in blocks(table.rows()):
                    copy.write(block)
                    progress.arrived(rows, total)

    share_out(url, data, fill)


def _vacuum(connection: Connection, table: TableData) -> None:
    """Fresh statistics, and the visibility map that index-only scans need."""
    connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table.name)))


def _finish(connection: Connection, data: Sequence[TableData], wanted: Wanted) -> None:
    """In one step: sequences behind the rows, the state recorded, the notes gone."""
    with connection.transaction():
        connection.execute("SET LOCAL synchronous_commit = on")
        for table in data:
            if "id" in table.columns:
                connection.execute(
                    "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", (table.name, table.size)
                )
        connection.execute(
            "INSERT INTO seed_state (scale, seed, day) VALUES (%s, %s, %s)",
            (wanted.scale, wanted.seed, wanted.day),
        )
        definitions.forget(connection)
