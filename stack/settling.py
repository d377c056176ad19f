"""After a load of data: what the databases still owe for it is paid before anybody measures.

A bulk load leaves pages to be written, which a checkpoint spreads over a quarter of an hour,
log that replicas have yet to replay, and vacuums under way.
"""

import time
from collections.abc import Callable

import psycopg

from stack.errors import StackError
from stack.state import Running
from stack.superuser import superuser

_PATIENCE_S = 600.0
_POLL_S = 0.2
_WRITTEN = "SELECT pg_current_wal_flush_lsn()::text"
_REPLAYED = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
_VACUUMS = "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'"

Progress = Callable[[str], None]


def settle(running: Running, progress: Progress, patience_s: float = _PATIENCE_S) -> None:
    """Return when the stack's databases are at rest: all pages written, all log replayed.

    Of the native engine; with another, containers' databases are left to themselves. Raises
    `StackError` when they are not at rest in time.
    """
    if running.choices.engine != "native":
        return
    began = time.monotonic()
    deadline = began + patience_s
    replicas = [one for one in running.services.values() if one.kind == "postgres-replica"]
    try:
        with superuser(running, running.services["primary"].port) as primary:
            _wait(primary, _VACUUMS, (), deadline, "a vacuum is still under way")
            primary.execute("CHECKPOINT")
            ((written,),) = primary.execute(_WRITTEN).fetchall()
        for one in replicas:
            with superuser(running, one.port) as replica:
                behind = f"{one.name} has not replayed what was loaded"
                _wait(replica, _REPLAYED, (written,), deadline, behind)
                replica.execute("CHECKPOINT")
    except psycopg.Error as error:
        first = str(error).strip().partition("\n")[0]
        raise StackError(f"the databases did not come to rest after the load: {first}") from None
    progress(f"databases at rest after {time.monotonic() - began:.1f} s")


def _wait(
    connection: "psycopg.Connection[tuple[object, ...]]",
    question: str,
    values: tuple[object, ...],
    deadline: float,
    otherwise: str,
) -> None:
    """Ask until the answer is yes. Raises `StackError` with `otherwise` at the deadline."""
    while True:
        ((yes,),) = connection.execute(question.encode(), values).fetchall()
        if yes:
            return
        if time.monotonic() > deadline:
            raise StackError(otherwise)
        time.sleep(_POLL_S)
