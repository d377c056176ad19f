"""After a load of data: what the databases still owe for it is paid before anybody measures.

A bulk load leaves pages to be written, which a checkpoint spreads over a quarter of an hour,
log that replicas have yet to replay, and vacuums under way. What is slow is waited for as long
as it moves.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg

from stack.errors import StackError
from stack.state import Running
from stack.superuser import superuser

_SAY_EVERY_S = 30.0
_POLL_S = 0.2
_WRITTEN = "SELECT pg_current_wal_flush_lsn()::text"

# What is still to be done, nothing when all is done. An answer like the last one says that
# nothing has moved in between.
_TO_REPLAY = """
SELECT 'replayed ' || coalesce(pg_last_wal_replay_lsn()::text, 'nothing')
       || ' of ' || %(until)s::text
 WHERE NOT coalesce(pg_last_wal_replay_lsn() >= %(until)s::text::pg_lsn, false)
"""
_VACUUMS = """
SELECT coalesce(nullif(worker.query, ''), 'autovacuum'), pid, worker.wait_event,
       to_jsonb(vacuum), to_jsonb(analysis)
  FROM pg_stat_activity worker
  LEFT JOIN pg_stat_progress_vacuum vacuum USING (pid)
  LEFT JOIN pg_stat_progress_analyze analysis USING (pid)
 WHERE worker.backend_type = 'autovacuum worker'
 ORDER BY pid
"""

Progress = Callable[[str], None]
Left = Sequence[tuple[Any, ...]]
"""What is still to be done; the first thing of each row says it to a person."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds: for something to move, and in all."""

    unmoved_s: float
    at_most_s: float


_ORDINARY = Patience(unmoved_s=600, at_most_s=3_600)


def settle(running: Running, progress: Progress, patience: Patience = _ORDINARY) -> None:
    """Return when the stack's databases are at rest: all pages written, all log replayed.

    A vacuum that no longer moves is not waited for, and told: the data is there all the same.
    Of the native engine; with another, containers' databases are left to themselves. Raises
    `StackError` when a replica does not come to what was loaded.
    """
    if running.choices.engine != "native":
        return
    began = time.monotonic()
    replicas = [one for one in running.services.values() if one.kind == "postgres-replica"]
    try:
        with superuser(running, running.services["primary"].port) as primary:
            vacuums = wait(partial(_ask, primary, _VACUUMS), progress, patience)
            primary.execute("CHECKPOINT")
            ((written,),) = primary.execute(_WRITTEN).fetchall()
        for one in replicas:
            with superuser(running, one.port) as replica:
                asking = partial(_ask, replica, _TO_REPLAY, {"until": written})
                if wait(asking, partial(_of, progress, one.name), patience):
                    raise StackError(f"{one.name} has not replayed what was loaded")
                replica.execute("CHECKPOINT")
    except psycopg.Error as error:
        first = str(error).strip().partition("\n")[0]
        raise StackError(f"the databases did not come to rest after the load: {first}") from None
    took = f"after {time.monotonic() - began:.1f} s"
    if vacuums:
        progress(
            f"the data is loaded, but {took} the primary is still at {_told(vacuums)}: what is "
            f"measured meanwhile shares the machine with it"
        )
    else:
        progress(f"databases at rest {took}")


def wait(
    ask: Callable[[], Left],
    progress: Progress,
    patience: Patience,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Left:
    """Ask what is left until nothing is, saying now and then what it waits for.

    Answers what was left when it had not moved for as long as `patience` has, or took longer
    than that has in all.
    """
    began = moved_at = said_at = clock()
    left = ask()
    while left:
        now = clock()
        if now - moved_at >= patience.unmoved_s or now - began >= patience.at_most_s:
            return left
        if now - said_at >= _SAY_EVERY_S:
            said_at = now
            progress(f"waiting for the database, {now - began:.0f} s by now: {_told(left)}")
        sleep(_POLL_S)
        before, left = left, ask()
        if left != before:
            moved_at = clock()
    return left


def _ask(
    connection: "psycopg.Connection[tuple[object, ...]]",
    question: str,
    values: dict[str, object] | None = None,
) -> Left:
    return connection.execute(question.encode(), values).fetchall()


def _told(left: Left) -> str:
    return ", ".join(str(what) for what, *_ in left)


def _of(progress: Progress, name: str, line: str) -> None:
    progress(f"{name}: {line}")
