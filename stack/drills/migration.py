"""A change of the schema while people use the board."""

import threading

import psycopg
from psycopg.conninfo import conninfo_to_dict

from stack.drills.stage import Stage
from stack.errors import StackError

_SETTINGS = (
    "SELECT pg_advisory_lock(4826001)",
    "SET lock_timeout = '10s'",
)
"""As the app's own migrations run: one at a time, and none waits for a table for ever."""
_EXPAND = (
    "ALTER TABLE jobs ADD COLUMN IF NOT EXISTS drill_note text",
    "ALTER TABLE post_comments ADD COLUMN IF NOT EXISTS drill_mark integer NOT NULL DEFAULT 0",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS drill_marks ON post_comments (drill_mark, id)",
)
"""What a release that goes first may do: nothing the running app has to know of."""
_CONTRACT = (
    "DROP INDEX CONCURRENTLY IF EXISTS drill_marks",
    "ALTER TABLE post_comments DROP COLUMN IF EXISTS drill_mark",
    "ALTER TABLE jobs DROP COLUMN IF EXISTS drill_note",
)
_REPORT = "SELECT count(*), pg_sleep({seconds}) FROM jobs"
"""A reader that holds the table all the while: the change has to wait for it."""


def migration_under_load(stage: Stage) -> None:
    """Columns and an index come, and go again, while a long report reads the table."""
    stage.wait_until(stage.drill.at_s)
    report = threading.Thread(target=_quietly, args=(stage, stage.drill.lasts_s))
    report.start()
    try:
        stage.wait(0.2)
        stage.tell("break", "the schema is changed while a report reads the table")
        _apply(stage, _EXPAND)
        stage.tell("note", "the new columns and their index are there")
        stage.wait(1.0)
    finally:
        report.join()
        _apply(stage, _CONTRACT)
        stage.tell("repair", "the schema is as it was")


def _quietly(stage: Stage, seconds: float) -> None:
    with _session(stage) as connection:
        connection.execute(_REPORT.format(seconds=float(seconds)).encode())


def _apply(stage: Stage, statements: tuple[str, ...]) -> None:
    with _session(stage) as connection:
        for statement in (*_SETTINGS, *statements):
            try:
                connection.execute(statement.encode())
            except psycopg.Error as error:
                raise StackError(f"{statement}: {error}") from None


def _session(stage: Stage) -> "psycopg.Connection[tuple[object, ...]]":
    """As the app's owner of the tables, straight to the primary."""
    told = conninfo_to_dict(stage.running.environment["DATABASE_DIRECT_URL"])
    return psycopg.connect(
        host=str(told["host"]),
        port=str(told["port"]),
        user=str(told["user"]),
        password=str(told["password"]),
        dbname=str(told["dbname"]),
        autocommit=True,
    )
