"""The pool budget: connections asked for at each tier against what the next one takes.

The rule: pods x (pool + overflow) <= PgBouncer's clients, and PgBouncer's servers
<= Postgres' max_connections less its reserve.
"""

from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from stack.compose import Service


class PoolBudget(BaseModel):
    """Connections at each tier. `servers`: Postgres server -> most that PgBouncer opens there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pods: int
    workers: int
    per_pod: int
    pgbouncer_clients: int
    servers: dict[str, int]
    max_connections: int
    reserved: int

    @property
    def clients(self) -> int:
        """What all pods together may open; each worker takes its share of `per_pod`."""
        return self.pods * self.workers * max(2, self.per_pod // self.workers)

    @property
    def problems(self) -> list[str]:
        """Where the rule is broken."""
        found = []
        if self.clients > self.pgbouncer_clients:
            found.append(
                f"the pods may open {self.clients} connections, "
                f"PgBouncer takes {self.pgbouncer_clients}"
            )
        room = self.max_connections - self.reserved
        for name, servers in self.servers.items():
            if servers > room:
                found.append(f"PgBouncer may open {servers} connections to {name}, it takes {room}")
        return found

    def line(self) -> str:
        """The budget in one line."""
        servers = ", ".join(f"{name} {most}" for name, most in self.servers.items())
        return (
            f"{self.pods} pods x {self.workers} workers x "
            f"{max(2, self.per_pod // self.workers)} = {self.clients} "
            f"of {self.pgbouncer_clients} PgBouncer clients; PgBouncer to {servers} "
            f"of {self.max_connections - self.reserved} Postgres connections"
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


def pgbouncer_servers(databases: dict[str, str], default_pool_size: int) -> dict[str, int]:
    """Postgres host -> connections the pools on it may open, one user per database."""
    servers: dict[str, int] = {}
    for value in databases.values():
        fields = dict(part.partition("=")[::2] for part in value.split())
        size = int(fields.get("pool_size", default_pool_size))
        servers[fields["host"]] = servers.get(fields["host"], 0) + size
    return servers
