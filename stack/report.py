"""What `hmb status` tells: every service's state, the pool budget, replication."""

import time
from collections.abc import Mapping
from pathlib import Path

import psutil
import psycopg
from pydantic import BaseModel, ConfigDict

from stack import docker, docker_servers
from stack.budget import PoolBudget
from stack.pool_use import BACKENDS, PoolUse, pool_use, reckoned
from stack.rewriting import LOOPBACK
from stack.state import Choices, Phase, Record, Running, ServiceState

_ESTABLISHED = "01"
_REPLICATION = """
SELECT application_name, state,
       greatest(coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), 0), 0)::bigint AS behind
FROM pg_stat_replication ORDER BY application_name
"""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServiceReport(_Part):
    """One service. `memory_bytes` is the proportional set size of all its processes where the
    system tells; `connections` those open to its ports; `uptime_s` and `cpu_seconds` since
    its start."""

    name: str
    state: str
    pid: int | None = None
    port: int | None = None
    uptime_s: float | None = None
    cpu_seconds: float | None = None
    memory_bytes: int | None = None
    connections: int | None = None
    log: Path | None = None


class ReplicaReport(_Part):
    """A replica as the primary sees it; `behind_bytes` of log not yet replayed there."""

    name: str
    state: str
    behind_bytes: int


class Status(_Part):
    """The whole. `phase` is one of starting, running, damaged, stopped."""

    phase: str
    engine: str | None = None
    base_url: str | None = None
    base_url_tls: str | None = None
    services: list[ServiceReport] = []
    replication: list[ReplicaReport] = []
    pool_budget: PoolBudget | None = None
    pool_use: PoolUse | None = None
    pool_problems: list[str] = []


def report(home: Path, record: Record | None) -> Status:
    """The status of what `record` describes, asked of the system now.

    Where nothing is recorded it is of what `docker compose up` has started there, if anything.
    """
    if record is None or record.phase is Phase.STOPPED:
        return _docker(home, docker.ALL, docker.found_by_chance(home))
    if record.running is None:
        living = record.keeper is not None and record.keeper.alive
        return Status(phase="starting" if living else "stopped")
    running = record.running
    if running.choices.engine == "compose":
        return _docker(home, running.choices, docker.containers(home, running.choices))
    connections = _connections()
    services = [_service(service, connections) for service in running.services.values()]
    whole = all(service.state == "running" for service in services)
    kept = record.keeper is not None and record.keeper.alive
    anything = kept or any(service.state == "running" for service in services)
    return Status(
        phase="running" if whole and kept else "damaged" if anything else "stopped",
        engine=running.choices.engine,
        base_url=running.base_url,
        base_url_tls=running.base_url_tls,
        services=services,
        replication=_replication(running),
        pool_budget=running.budget,
        pool_use=pool_use(running),
        pool_problems=running.budget.problems if running.budget else [],
    )


def _docker(home: Path, choices: Choices, found: list[docker.Container]) -> Status:
    if not found:
        return Status(phase="stopped")
    running = docker.described(home, choices, found)
    missing = sorted(docker.expected_services(home, choices) - {one.service for one in found})
    whole = not missing and all(one.is_well for one in found)
    servers = list(running.budget.servers) if running.budget else []
    told = docker_servers.ask(home, servers, _REPLICATION, BACKENDS)
    return Status(
        phase="running" if whole else "damaged",
        engine="compose",
        base_url=running.base_url,
        base_url_tls=running.base_url_tls,
        services=[
            *(ServiceReport(name=one.name, state=one.word) for one in found),
            *(ServiceReport(name=name, state="missing") for name in missing),
        ],
        replication=[_replica_told(row) for row in told.replication] if told else [],
        pool_budget=running.budget,
        pool_use=_pool_use_told(told) if told else None,
        pool_problems=running.budget.problems if running.budget else [],
    )


def _replica_told(row: Mapping[str, str]) -> ReplicaReport:
    return _replica(row["application_name"], row["state"], int(row["behind"]))


def _pool_use_told(told: docker_servers.Told) -> PoolUse | None:
    """None when PgBouncer does not tell. Its databases name a server's container as their host."""
    if not told.pools:
        return None
    leads_to = {one["name"]: one["host"] for one in told.databases if one["host"] in told.backends}
    backends = {name: int(rows[0]["backends"]) for name, rows in told.backends.items() if rows}
    return reckoned(told.pools, leads_to, told.backends, backends)


def _service(service: ServiceState, connections: dict[int, int]) -> ServiceReport:
    if not service.process.alive:
        return ServiceReport(name=service.name, state="dead", log=service.log)
    cpu, memory = _usage(service.pid)
    return ServiceReport(
        name=service.name,
        state="running",
        pid=service.pid,
        port=service.port,
        uptime_s=time.time() - service.started_at,
        cpu_seconds=cpu,
        memory_bytes=memory,
        connections=sum(connections.get(port, 0) for port in service.ports.values()),
        log=service.log,
    )


def _usage(pid: int) -> tuple[float, int]:
    """CPU seconds and memory of a process and all below it."""
    cpu, memory = 0.0, 0
    try:
        first = psutil.Process(pid)
        family = [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return cpu, memory
    for process in family:
        try:
            times = process.cpu_times()
            cpu += times.user + times.system + times.children_user + times.children_system
            memory += _memory(process)
        except psutil.Error:
            continue
    return cpu, memory


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.AccessDenied, AttributeError):
        return int(process.memory_info().rss)


def _connections() -> dict[int, int]:
    """Local port -> TCP connections established to it, from the kernel's table."""
    counts: dict[int, int] = {}
    try:
        lines = Path("/proc/net/tcp").read_text(encoding="utf-8").splitlines()[1:]
    except OSError:
        return counts
    for line in lines:
        fields = line.split()
        if fields[3] == _ESTABLISHED:
            port = int(fields[1].rpartition(":")[2], 16)
            counts[port] = counts.get(port, 0) + 1
    return counts


def _replication(running: Running) -> list[ReplicaReport]:
    primary = running.services.get("primary")
    if primary is None or not primary.process.alive:
        return []
    try:
        with psycopg.connect(
            host=LOOPBACK,
            port=primary.port,
            user=running.monitor["postgres_user"],
            password=running.monitor["postgres_password"],
            dbname=running.monitor["postgres_database"],
            connect_timeout=3,
            autocommit=True,
        ) as connection:
            rows = connection.execute(_REPLICATION).fetchall()
    except psycopg.OperationalError:
        return []
    return [_replica(*row) for row in rows]


def _replica(slot: str, state: str, behind: int) -> ReplicaReport:
    return ReplicaReport(name=slot.replace("_", "-"), state=state, behind_bytes=behind)
