"""What PgBouncer and Postgres tell under Docker, asked from PgBouncer's container."""

import csv
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stack import docker
from stack.errors import StackError

Rows = Sequence[Mapping[str, str]]

_CONSOLE = ("127.0.0.1", 6432, "pgbouncer")
_DATABASE = (5432, "hiremebahamas")
_END = "-- end of an answer"
_AS_MONITOR = (
    'export PGUSER=hmb_monitor PGPASSWORD="$MONITOR_DB_PASSWORD" PGCONNECT_TIMEOUT=3 '
    "PGAPPNAME='hmb probe'"
)


@dataclass(frozen=True, slots=True)
class Told:
    """Rows of each query; none of a server that did not answer."""

    pools: Rows
    databases: Rows
    replication: Rows
    backends: Mapping[str, Rows]


def ask(home: Path, servers: Sequence[str], replication: str, backends: str) -> Told | None:
    """The answers, `backends` by server; None when PgBouncer's container does not run."""
    questions = [
        _question(*_CONSOLE, "SHOW POOLS"),
        _question(*_CONSOLE, "SHOW DATABASES"),
        _question("primary", *_DATABASE, replication),
        *(_question(name, *_DATABASE, backends) for name in servers),
    ]
    script = "\n".join([_AS_MONITOR, *questions])
    try:
        answers = docker.compose(home, ["exec", "-T", "pgbouncer", "sh", "-c", script])
    except StackError:
        return None
    pools, databases, streaming, *rest = (_rows(one) for one in answers.split(f"{_END}\n")[:-1])
    return Told(pools, databases, streaming, dict(zip(servers, rest, strict=True)))


def _question(host: str, port: int, database: str, query: str) -> str:
    psql = ["psql", "-Xw", "--csv", "-h", host, "-p", str(port), "-d", database, "-c", query]
    return f"{shlex.join(psql)} || true; echo {shlex.quote(_END)}"


def _rows(answer: str) -> Rows:
    return list(csv.DictReader(answer.splitlines()))
