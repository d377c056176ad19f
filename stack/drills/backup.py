"""A base backup and archived log, taken under load and restored to one moment elsewhere."""

import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql

from capacity.spool import Written
from stack.drills.ledger import keys_at
from stack.drills.stage import Stage
from stack.drills.tools import Tools, data_directory
from stack.errors import StackError
from stack.places import remove
from stack.ports import choose
from stack.superuser import superuser

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
_CONTENT = "SELECT count(*), coalesce(sum(hashtext(t::text)::bigint), 0)::text FROM {table} t"
"""Rows and a sum over all of them: two tables that differ in a row differ in this."""
_CLOCK = "SELECT clock_timestamp()::text"
_POLL_S, _PATIENCE_S = 0.1, 60.0
_TAIL_LINES = 15
_LATER_S = 1.0
_COMMIT = "SELECT pg_current_xact_id()"
"""A commit after the moment must be in the archive: recovery stops before it. It has a number
of its own, so that it is one though it writes nothing, and though nobody else writes."""

Content = dict[str, tuple[int, str]]
"""Table -> its rows and their sum."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is to be restored: the server's clock, and what its tables held then.

    Writes answered before `from_s` are in it, writes sent after `to_s` are not, in seconds
    since the load began.
    """

    clock: str
    content: Content
    from_s: float
    to_s: float


def backup_restore(stage: Stage) -> None:
    """Back up under load, note a moment, and leave the restoring for after the load."""
    stage.wait_until(stage.drill.at_s)
    tools = Tools(stage)
    folder = tools.folder("drill-backup")
    stage.afterwards.append(partial(remove, folder))
    archive, copy = tools.folder("drill-backup/archive"), folder / "copy"
    stage.tell("note", "the archive of the log and a base backup begin")
    with _archiving(tools, archive):
        # without any log of its own: what it needs comes from the archive
        tools.base_backup("primary", copy, "none")
        stage.tell("note", "the base backup is complete")
        stage.wait(stage.drill.lasts_s)
        moment = _moment(stage)
        stage.tell("note", "the moment that is restored to")
        stage.wait(_LATER_S)
        stage.sql("primary", _COMMIT)
        (last,) = stage.sql("primary", "SELECT pg_walfile_name(pg_switch_wal())")
        stage.wait_for((archive / str(last)).exists, f"{last} in the archive")
    stage.tell("note", "the archive holds the moment")
    stage.checks.append(partial(_compare, stage, copy, archive, moment))


@contextmanager
def _archiving(tools: Tools, archive: Path) -> Iterator[None]:
    """Every finished piece of the log is put into `archive` meanwhile."""
    words = ["pg_receivewal", "--no-password", "--no-loop", "--directory", str(archive)]
    connection = ["--dbname", tools.replication("primary")]
    receiver = tools.start([*words, *connection], archive, subprocess.DEVNULL)
    try:
        yield
    finally:
        receiver.terminate()
        receiver.wait()


def _moment(stage: Stage) -> Moment:
    """A moment in which nobody writes: it lasts as long as it takes to read every table."""
    with superuser(stage.running, stage.service("primary").port) as connection:
        tables = [str(row[0]) for row in connection.execute(_TABLES)]
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            from_s = stage.now_s
            try:
                with connection.transaction():
                    names = sql.SQL(", ").join(map(sql.Identifier, tables))
                    # all or none: who waits for one while holding others may be waited for
                    lock = sql.SQL("LOCK TABLE {} IN SHARE MODE NOWAIT").format(names)
                    connection.execute(lock)
                    content = _content(connection, tables)
                    ((clock,),) = connection.execute(_CLOCK).fetchall()
                    to_s = stage.now_s
            except psycopg.errors.LockNotAvailable:
                stage.wait(0.01)
                continue
            return Moment(str(clock), content, from_s, to_s)
    raise StackError("there was no moment without a write")


def _content(connection: "psycopg.Connection[Any]", tables: Sequence[str]) -> Content:
    found = {}
    for table in tables:
        asked = sql.SQL(_CONTENT).format(table=sql.Identifier(table))
        ((rows, total),) = connection.execute(asked).fetchall()
        found[table] = (int(rows), str(total))
    return found


def _compare(
    stage: Stage, copy: Path, archive: Path, moment: Moment, written: Sequence[Written]
) -> dict[str, bool]:
    """Restore the copy to the moment, and hold it against what was then, and the ledger."""
    began = time.monotonic()
    with _restored(stage, copy, archive, moment) as port:
        took_s = time.monotonic() - began
        with superuser(stage.running, port) as connection:
            content = _content(connection, list(moment.content))
        there = keys_at(stage.running, port)
    rows = sum(count for count, _ in content.values())
    before = [one for one in written if one.acknowledged and one.at_s + one.taken_s < moment.from_s]
    after = [one for one in written if one.at_s > moment.to_s]
    return {
        f"restored in {took_s:.1f} s, the copy's {len(content)} tables hold the {rows:,} rows "
        "there were then": content == moment.content,
        f"each of {len(before):,} writes acknowledged before the moment is in it, once": (
            bool(before) and all(there[one.key] == 1 for one in before)
        ),
        f"none of {len(after):,} writes sent after the moment is in it": (
            bool(after) and not any(there[one.key] for one in after)
        ),
    }


@contextmanager
def _restored(stage: Stage, copy: Path, archive: Path, moment: Moment) -> Iterator[int]:
    """The copy as a server of its own, restored to the moment; its port."""
    tools = Tools(stage)
    port = choose(stage.running.home, ["restored"], {}, {})["restored"]
    settings = (
        f'restore_command = \'cp "{archive}/%f" "%p"\'\n'
        f"recovery_target_time = '{moment.clock}'\n"
        "recovery_target_action = 'promote'\n"
    )
    tools.write(copy / "postgresql.auto.conf", settings)
    tools.write(copy / "recovery.signal", "")
    log = copy.parent / "restored.log"
    with log.open("wb") as output:
        server = tools.start(_like_primary(stage, copy, port), copy, output)
    try:
        _await_promotion(stage, port, server, log)
        yield port
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def _like_primary(stage: Stage, copy: Path, port: int) -> list[str]:
    """The primary's own command, for another data directory and port."""
    primary = stage.service("primary")
    words = psutil.Process(primary.pid).cmdline()
    data = str(data_directory(stage, "primary"))
    told = {data: str(copy), f"port={primary.port}": f"port={port}"}
    return [Path(words[0]).name, *(told.get(word, word) for word in words[1:])]


def _await_promotion(stage: Stage, port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the restored server has come to the moment. Raises `StackError`."""
    deadline = time.monotonic() + _PATIENCE_S
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with superuser(stage.running, port) as connection:
                answer = connection.execute("SELECT pg_is_in_recovery()").fetchone()
                if answer == (False,):
                    return
        except StackError:  # it is still starting
            pass
        time.sleep(_POLL_S)
    told = log.read_text(encoding="utf-8", errors="replace")
    raise StackError("the copy could not be restored", "\n".join(told.splitlines()[-_TAIL_LINES:]))
