"""Postgres: sessions, statements, and how far each replica is behind.

Lag in seconds is not "now less the last replayed commit": that grows on an idle
primary. A replica that has replayed all the primary had written has no lag. One that
has not lacks something written after the last moment at which it had everything, and
after the last commit it replayed: the time since the later of the two bounds its lag.
"""

import time
from collections import deque
from collections.abc import Iterator, Mapping

from capacity.probes import Kind, Reading
from stack.probes.database import Database
from stack.state import ServiceState

_ACTIVITY = """
SELECT count(*) AS connections, count(*) FILTER (WHERE state = 'active') AS active
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND application_name <> 'hmb probe'
"""
_TOTALS = """
SELECT (SELECT sum(xact_commit + xact_rollback) FROM pg_stat_database) AS transactions,
       (SELECT sum(tup_inserted + tup_updated + tup_deleted) FROM pg_stat_database)
           AS rows_written,
       sum(calls) AS queries, sum(total_exec_time) / 1000 AS query_time
FROM pg_stat_statements(false)
WHERE userid <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
"""
_WRITTEN = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS position"
_REPLAYED = """
SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint AS position,
       extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 AS age
"""
_REMEMBERED = 900
"""Samples of the primary's position kept: a lag beyond them reads as the oldest's age."""


class WalHistory:
    """What the primary had written when: positions in bytes, times of the monotonic clock."""

    def __init__(self) -> None:
        self._written: deque[tuple[float, int]] = deque(maxlen=_REMEMBERED)

    def add(self, moment: float, position: int) -> None:
        """The primary had written up to `position` at `moment`."""
        self._written.append((moment, position))

    def behind_bytes(self, position: int) -> int:
        """Bytes of log the primary was last seen to have beyond `position`."""
        return max(0, self._written[-1][1] - position) if self._written else 0

    def behind_seconds(self, position: int, now: float, last_commit_age: float | None) -> float:
        """How old the oldest change is, at most, that a replica at `position` lacks."""
        if self.behind_bytes(position) == 0:
            return 0.0
        complete = (moment for moment, written in reversed(self._written) if written <= position)
        since = now - next(complete, self._written[0][0])
        return since if last_commit_age is None else max(0.0, min(since, last_commit_age))


class _ServerProbe:
    def __init__(self, service: ServiceState, monitor: Mapping[str, str]) -> None:
        self.name = service.name
        self._database = Database(service.name, service.port or 0, monitor)

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _common(self) -> Iterator[Reading]:
        activity = self._database.rows(_ACTIVITY)[0]
        for series in ("connections", "active"):
            yield Reading(f"postgres.{self.name}.{series}", activity[series])
        totals = self._database.rows(_TOTALS)[0]
        for series in ("transactions", "queries", "query_time", "rows_written"):
            value = float(totals[series] or 0)
            yield Reading(f"postgres.{self.name}.{series}", value, Kind.COUNTER)


class PrimaryProbe(_ServerProbe):
    """The primary; its position is remembered for the replicas' probes."""

    def __init__(
        self, service: ServiceState, monitor: Mapping[str, str], history: WalHistory
    ) -> None:
        super().__init__(service, monitor)
        self._history = history

    def sample(self) -> Iterator[Reading]:
        """Ask the server."""
        position = int(self._database.rows(_WRITTEN)[0]["position"])
        self._history.add(time.monotonic(), position)
        yield from self._common()


class ReplicaProbe(_ServerProbe):
    """A replica, compared with what the primary had written just before."""

    def __init__(
        self, service: ServiceState, monitor: Mapping[str, str], history: WalHistory
    ) -> None:
        super().__init__(service, monitor)
        self._history = history

    def sample(self) -> Iterator[Reading]:
        """Ask the server."""
        replayed = self._database.rows(_REPLAYED)[0]
        position, age = int(replayed["position"]), replayed["age"]
        behind = self._history.behind_seconds(position, time.monotonic(), age)
        yield Reading(f"postgres.{self.name}.lag", behind)
        yield Reading(f"postgres.{self.name}.lag_bytes", self._history.behind_bytes(position))
        yield from self._common()
