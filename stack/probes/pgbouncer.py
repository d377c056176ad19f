"""PgBouncer, by its console."""

from collections.abc import Iterator, Mapping
from typing import Any

from capacity.probes import Kind, Reading
from stack.probes.database import Database

_CONSOLE = "pgbouncer"
_POOLS = {
    "cl_active": "pgbouncer.clients_active",
    "cl_waiting": "pgbouncer.clients_waiting",
    "sv_active": "pgbouncer.servers_active",
    "sv_idle": "pgbouncer.servers_idle",
}


class PgBouncerProbe:
    """Its pools and how much passed through them, all databases together."""

    name = "pgbouncer"

    def __init__(self, port: int, monitor: Mapping[str, str]) -> None:
        self._console = Database(self.name, port, {**monitor, "postgres_database": _CONSOLE})

    def sample(self) -> Iterator[Reading]:
        """Ask for the pools and the totals; the console's own are left out."""
        pools = _others(self._console.rows("SHOW POOLS"))
        for column, series in _POOLS.items():
            yield Reading(series, sum(int(pool[column]) for pool in pools))
        waits = (int(pool["maxwait"]) + int(pool["maxwait_us"]) / 1e6 for pool in pools)
        yield Reading("pgbouncer.max_wait", max(waits, default=0.0))
        totals = _others(self._console.rows("SHOW STATS"))
        queries = sum(int(row["total_query_count"]) for row in totals)
        yield Reading("pgbouncer.queries", queries, Kind.COUNTER)

    def close(self) -> None:
        """Close the connection."""
        self._console.close()


def _others(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["database"] != _CONSOLE]
