"""How much of the pool budget is in use now, as PgBouncer and Postgres tell it."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from capacity.probes import ProbeError
from stack.probes.database import Database
from stack.state import Running

_CONSOLE = "pgbouncer"
_SERVER_COLUMNS = ("sv_active", "sv_idle", "sv_used", "sv_tested", "sv_login")
_BACKENDS = """
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
        bouncer.name, bouncer.port or 0, {**running.monitor, "postgres_database": _CONSOLE}
    )
    try:
        pools = [pool for pool in console.rows("SHOW POOLS") if pool["database"] != _CONSOLE]
        ports = {row["name"]: int(row["port"]) for row in console.rows("SHOW DATABASES")}
    except ProbeError:
        return None
    finally:
        console.close()
    servers = dict.fromkeys(postgres.values(), 0)
    for pool in pools:
        name = postgres.get(ports.get(pool["database"], 0))
        if name is not None:
            servers[name] += sum(int(pool[column]) for column in _SERVER_COLUMNS)
    waiting = sum(int(pool["cl_waiting"]) for pool in pools)
    return PoolUse(
        clients=waiting + sum(int(pool["cl_active"]) for pool in pools),
        waiting=waiting,
        servers=servers,
        backends=_backends(running, postgres),
    )


def _backends(running: Running, postgres: Mapping[int, str]) -> dict[str, int]:
    """The sessions of each server that answers."""
    found = {}
    for port, name in postgres.items():
        server = Database(name, port, running.monitor)
        try:
            found[name] = int(server.rows(_BACKENDS)[0]["backends"])
        except ProbeError:
            continue
        finally:
            server.close()
    return found
