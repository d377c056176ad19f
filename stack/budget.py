"""The pool budget: connections asked for at each tier against what the next one takes.

The rule: pods x workers x (pool + overflow of a worker) <= PgBouncer's clients, and
PgBouncer's servers <= Postgres' max_connections less the reserve.
"""

from collections.abc import Collection, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from capacity.errors import UsageError
from stack.compose import FILE, ComposeFile, Service
from stack.errors import StackError
from stack.interpolation import interpolate

MONITORS = 10
"""Connections of the monitoring role, past PgBouncer; its limit in Postgres too."""
_BY_HAND = 5
"""A migration, a seeding, a base backup and a person, past PgBouncer."""
_OF_EVERY_WORKER = 3
"""What a worker opens however small its share: one to write, one to look after the primary, one
to read from the primary; and one more for each replica."""
_REPLICA = "postgres-replica"


class PoolBudget(BaseModel):
    """Connections at each tier. `servers`: Postgres server -> most that PgBouncer opens there.

    `per_pod` is pool + overflow; `reserved` what Postgres keeps for those who come past
    PgBouncer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pods: int
    workers: int
    per_pod: int
    replicas: int
    pgbouncer_clients: int
    servers: dict[str, int]
    max_connections: int
    reserved: int

    @property
    def per_worker(self) -> int:
        """The most one worker opens: its share of the pod's, or what it cannot do without."""
        return max(self.per_pod // self.workers, _OF_EVERY_WORKER + self.replicas)

    @property
    def clients(self) -> int:
        """What all pods together may open."""
        return self.pods * self.workers * self.per_worker

    @property
    def room(self) -> int:
        """What a Postgres server has for PgBouncer."""
        return self.max_connections - self.reserved

    @property
    def problems(self) -> list[str]:
        """Where the rule is broken, and what would mend it."""
        found = []
        if self.clients > self.pgbouncer_clients:
            found.append(
                f"{self.pods} pods x {self.workers} workers x {self.per_worker} may open "
                f"{self.clients} connections, PgBouncer takes {self.pgbouncer_clients}: lower "
                "DB_POOL_SIZE or DB_MAX_OVERFLOW, or raise PGBOUNCER_MAX_CLIENTS"
            )
        found += [
            f"PgBouncer may open {servers} connections to {name}, which has {self.room} for it "
            f"({self.max_connections} less {self.reserved} kept back): lower PGBOUNCER_*_POOL, "
            "or raise POSTGRES_MAX_CONNECTIONS"
            for name, servers in self.servers.items()
            if servers > self.room
        ]
        return found

    def line(self) -> str:
        """The budget in one line."""
        servers = ", ".join(f"{name} {most}" for name, most in self.servers.items())
        return (
            f"{self.pods} pods x {self.workers} workers x {self.per_worker} = {self.clients} "
            f"of {self.pgbouncer_clients} PgBouncer clients; PgBouncer to {servers} "
            f"of {self.room} Postgres connections"
        )


def check(file: ComposeFile, home: Path, *, pods: int, running: Collection[str]) -> None:
    """Raises `UsageError` in one line when what `file` asks for breaks the rule."""
    budget = budget_of(file, home, pods=pods, running=running)
    if budget is not None and budget.problems:
        raise UsageError("the pool budget does not hold: " + "; ".join(budget.problems))


def budget_of(
    file: ComposeFile, home: Path, *, pods: int, running: Collection[str]
) -> PoolBudget | None:
    """The budget of the services of `file` that are `running`; None unless all its tiers are.

    Raises `UsageError` for a setting that is no number.
    """
    services = [file.services[name] for name in running]
    pod, bouncer, primary = (
        next((one for one in services if one.kind == kind), None)
        for kind in ("gunicorn", "pgbouncer", "postgres-primary")
    )
    if pod is None or bouncer is None or primary is None:
        return None
    text = pgbouncer_ini(bouncer, home)
    limits = ini_settings(text, "pgbouncer")
    postgres = postgres_settings(primary, home)
    values = pod.environment
    return PoolBudget(
        pods=pods,
        workers=max(1, _number(values, "WEB_CONCURRENCY")),
        per_pod=_number(values, "DB_POOL_SIZE") + _number(values, "DB_MAX_OVERFLOW"),
        replicas=sum(service.kind == _REPLICA for service in services),
        pgbouncer_clients=_number(limits, "max_client_conn"),
        servers={
            host: servers
            for host, servers in pgbouncer_servers(
                ini_settings(text, "databases"), _number(limits, "default_pool_size")
            ).items()
            if host in running
        },
        max_connections=_number(postgres, "max_connections"),
        reserved=_number(postgres, "superuser_reserved_connections") + MONITORS + _BY_HAND,
    )


def postgres_settings(service: Service, home: Path) -> dict[str, str]:
    """The settings a Postgres service is given: its file's, then its command's."""
    settings: dict[str, str] = {}
    for mount in service.mounts:
        if mount.target.endswith("postgresql.conf"):
            for line in (home / mount.source).read_text(encoding="utf-8").splitlines():
                name, equals, value = line.partition("#")[0].partition("=")
                if equals:
                    settings[name.strip()] = value.strip().strip("'")
    for flag, word in pairwise(service.command):
        if flag == "-c" and "=" in word:
            name, _, value = word.partition("=")
            settings[name] = value
    return settings


def pgbouncer_ini(service: Service, home: Path) -> str:
    """PgBouncer's configuration, as the compose file mounts it and its environment fills it in."""
    for mount in service.mounts:
        if mount.target.endswith(".ini"):
            text = (home / mount.source).read_text(encoding="utf-8")
            return interpolate(text, service.environment)
    raise StackError(f"{FILE}: {service.name} mounts no configuration (.ini)")


def ini_settings(text: str, section: Literal["databases", "pgbouncer"]) -> dict[str, str]:
    """The settings of one section of a pgbouncer.ini.

    `configparser` is not used: it would split a database's own settings at their `=`.
    """
    found: dict[str, str] = {}
    present = ""
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("["):
            present = stripped.strip("[]")
        elif present == section and "=" in stripped and not stripped.startswith((";", "#")):
            name, _, value = stripped.partition("=")
            found[name.strip()] = value.strip()
    return found


def pgbouncer_servers(databases: Mapping[str, str], default_pool_size: int) -> dict[str, int]:
    """Postgres host -> connections the pools on it may open, one user per database."""
    servers: dict[str, int] = {}
    for value in databases.values():
        fields = dict(part.partition("=")[::2] for part in value.split())
        size = _number({"pool_size": str(default_pool_size)} | fields, "pool_size")
        servers[fields["host"]] = servers.get(fields["host"], 0) + size
    return servers


def _number(values: Mapping[str, str], name: str) -> int:
    value = values[name]
    if not value.isdecimal():
        raise UsageError(f"{name} is {value!r}: a whole number is needed")
    return int(value)
