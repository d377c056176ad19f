"""What a replica's start script does with the data that is there: never lose the last copy."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from stack import engine
from stack.drills.instances import kill
from stack.rewriting import LOOPBACK
from stack.servers import find
from stack.state import Running
from stack.superuser import superuser

pytestmark = pytest.mark.stack

_NOBODY = 1
"""A port at which nobody answers."""


def made(data: Path) -> int:
    """Another number after the data was copied anew."""
    return (data / "PG_VERSION").stat().st_ctime_ns


@dataclass(frozen=True, slots=True)
class Replica:
    """The data of replica-1 of a stack, and its start script."""

    home: Path
    running: Running

    @property
    def data(self) -> Path:
        """PGDATA."""
        return self.home / ".hmb/native/volumes/replica-1-data/pgdata"

    @property
    def kept_aside(self) -> list[Path]:
        """What the script did not want to delete."""
        return list(self.data.parent.glob("pgdata.before-*"))

    def begin(self, port: int | None = None) -> int:
        """Run the script with a primary at `port`, and `echo` for Postgres; `made` afterwards."""
        program = find("pg_controldata")
        assert program is not None
        port = port or self.running.services["primary"].port
        done = subprocess.run(
            ["sh", "deploy/postgres/start-replica.sh", "echo", "starts"],
            cwd=self.home,
            env={
                "PATH": f"{Path(program).parent}:{os.defpath}",
                "PGDATA": str(self.data),
                "PRIMARY_CONNINFO": f"host={LOOPBACK} port={port} user=hmb_replicator",
                "PGPASSWORD": engine.secrets(self.home)["REPLICATION_DB_PASSWORD"],
                "SLOT": "replica_1",
            },
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.stdout.startswith("starts -c primary_conninfo="), done.stderr
        return made(self.data)


def test_the_last_copy_is_never_lost(make_home: Callable[[], Path]) -> None:
    home = make_home()
    replica = Replica(home, engine.up(home, services={"primary", "replica-1"}))
    first = made(replica.data)
    kill(replica.running.services["replica-1"])
    # the primary is away, or there: what follows it stays
    assert replica.begin(_NOBODY) == first
    assert replica.begin() == first

    # promoted, it has what nobody else has: the primary that was lost does not overwrite it
    again = engine.start_again(replica.running, "replica-1")
    with superuser(again, again.services["replica-1"].port) as connection:
        connection.execute("SELECT pg_promote()")
    kill(again.services["replica-1"])
    assert replica.begin() == first

    # a primary that is behind was restored: whatever followed it is kept aside
    (replica.data / "standby.signal").touch()
    second = replica.begin()
    (kept,) = replica.kept_aside
    assert made(kept) == first
    assert second != first
    kept.rename(kept.with_name("told of"))

    # what only lags too far behind has nothing of its own, and is copied anew
    with superuser(again, again.services["primary"].port) as connection:
        lose_log(connection)
    third = replica.begin()
    assert third != second
    assert replica.kept_aside == []

    # promoted, and the primary is as far: a copy of it, but whoever was promoted is kept aside
    (replica.data / "standby.signal").unlink()
    assert replica.begin() != third
    (kept,) = replica.kept_aside
    assert made(kept) == third
    engine.down(home)


def lose_log(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Have the primary keep no more than a megabyte of log for its slots, and write more."""
    connection.execute("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'")
    connection.execute("ALTER SYSTEM SET wal_keep_size = 0")
    connection.execute("SELECT pg_reload_conf()")
    for _ in range(4):
        connection.execute("SELECT pg_logical_emit_message(false, 'hmb', 'more')")
        connection.execute("SELECT pg_switch_wal()")
    connection.execute("CHECKPOINT")
    states = connection.execute("SELECT wal_status FROM pg_replication_slots").fetchall()
    assert states == [("lost",)]
