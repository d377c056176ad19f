"""How much of the pool budget is in use now, as PgBouncer and Postgres tell it."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from capacity.probes import ProbeError
from stack.probes.database import Database
from stack.state import Running

CONSOLE = "pgbouncer"
_SERVER_COLUMNS = ("sv_active", "sv_idle", "sv_used", "sv_tested", "sv_login")
BACKENDS = """
SELECT count(*) AS backends FROM pg_stat_activity
WHERE backend_type = 'client backend' AND application_name <> 'hmb probe'
"""


class PoolUse(BaseModel):
    """Connections open now. Those of whoever looks are left out.

    `clients` are the pods' at PgBouncer, of which `waiting` want a server connection;
    `servers` PgBouncer's and `backends` all there are, by Postgres server.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clients: int
    waiting: int
    servers: dict[str, int]
    backends: dict[str, int]

    def line(self) -> str:
        """The use in one line."""
        servers = ", ".join(f"{name} {many}" for name, many in self.servers.items())
        backends = ", ".join(f"{name} {many}" for name, many in self.backends.items())
        return (
            f"in use: {self.clients} clients, {self.waiting} of them waiting; "
            f"PgBouncer to {servers or 'none'}; Postgres in all {backends or 'unknown'}"
        )


def pool_use(running: Running) -> PoolUse | None:
    """The use of `running`, asked now; None when PgBouncer does not tell."""
    bouncer = next((s for s in running.services.values() if s.kind == "pgbouncer"), None)
    if bouncer is None:
        return None
    postgres = {
        service.port: name
        for name, service in running.services.items()
        if service.kind.startswith("postgres") and service.port is not None
    }
    console = Database(
        bouncer.name, bouncer.port or 0, {**running.monitor, "postgres_database": CONSOLE}
    )
    try:
        pools = console.rows("SHOW POOLS")
        ports = {row["name"]: int(row["port"]) for row in console.rows("SHOW DATABASES")}
    except ProbeError:
        return None
    finally:
        console.close()
    leads_to = {database: postgres[port] for database, port in ports.items() if port in postgres}
    return reckoned(pools, leads_to, postgres.values(), _backends(running, postgres))


def reckoned(
    pools: Iterable[Mapping[str, Any]],
    leads_to: Mapping[str, str],
    servers: Iterable[str],
    backends: dict[str, int],
) -> PoolUse:
    """The use by PgBouncer's `SHOW POOLS`; `leads_to` is database -> Postgres server."""
    told = [pool for pool in pools if pool["database"] != CONSOLE]
    used = dict.fromkeys(servers, 0)
    for pool in told:
        name = leads_to.get(pool["database"])
        if name is not None:
            used[name] += sum(int(pool[column]) for column in _SERVER_COLUMNS)
    waiting = sum(int(pool["cl_waiting"]) for pool in told)
    return PoolUse(
        clients=waiting + sum(int(pool["cl_active"]) for pool in told),
        waiting=waiting,
        servers=used,
        backends=backends,
    )


def _backends(running: Running, postgres: Mapping[int, str]) -> dict[str, int]:
    """The sessions of each server that answers."""
    found = {}
    for port, name in postgres.items():
        server = Database(name, port, running.monitor)
        try:
            found[name] = int(server.rows(BACKENDS)[0]["backends"])
        except ProbeError:
            continue
        finally:
            server.close()
    return found
