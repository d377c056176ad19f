"""Records with known demands, written as a real run leaves them: what a fit must recover.

Four endpoints on four shared cores. A request costs what `CPU_S` says; idle pods cost `IDLE`
each. Counts are Poisson, CPU has a little noise, latencies spread like a lognormal around
the mean that processor sharing gives: nothing here asks the code under test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from capacity.histogram import Histogram
from capacity.load_model import ClosedLoad
from capacity.model.material import Material
from capacity.observation import Observation
from capacity.run import (
    Arrivals,
    EndpointStats,
    Invalidity,
    Machine,
    Phase,
    Run,
    Status,
    Step,
    What,
    Where,
)
from capacity.spool import Cell, Closing, Opening, PlannedStep, to_line
from capacity.store import (
    SPOOL,
    TimelineWriter,
    read_cells,
    read_run,
    read_timeline,
    write_run,
)

CORES = 4
SEARCH, DETAIL, APPLY, LOGIN = (
    "GET /api/v1/jobs?q",
    "GET /api/v1/jobs/{id}",
    "POST /api/v1/jobs/{id}/applications",
    "POST /api/v1/auth/login",
)
ENDPOINTS = (SEARCH, DETAIL, APPLY, LOGIN)
CPU_S: Mapping[str, Mapping[str, float]] = {
    SEARCH: {"nginx": 3e-4, "pods": 5e-3, "pgbouncer": 4e-4, "replica-1": 3e-3, "redis": 2e-4},
    DETAIL: {"nginx": 3e-4, "pods": 2e-3, "pgbouncer": 1e-4, "replica-1": 4e-4, "redis": 3e-4},
    APPLY: {"nginx": 3e-4, "pods": 8e-3, "pgbouncer": 8e-4, "primary": 5e-3, "redis": 5e-4},
    LOGIN: {"nginx": 4e-4, "pods": 6e-2, "pgbouncer": 3e-4, "primary": 1e-3, "redis": 4e-4},
}
QUERIES = {SEARCH: 1.5, DETAIL: 0.3, APPLY: 4.0, LOGIN: 2.0}
HITS = {SEARCH: 0.3, DETAIL: 0.9, APPLY: 0.0, LOGIN: 0.0}
IDLE = {"pods": 0.03, "primary": 0.01, "redis": 0.005}
"""Cores used by each pod, or because of it, with no load."""
OWN_TASKS = 0.8
"""Share of a request's CPU in the pods that its own task takes."""
ROUTES = {
    SEARCH: "GET /api/v1/jobs",
    DETAIL: "GET /api/v1/jobs/{job_id}",
    APPLY: "POST /api/v1/jobs/{job_id}/applications",
    LOGIN: "POST /api/v1/auth/login",
}
GENERATOR_S = 1.5e-3
HELD_S = 2e-3
"""Seconds a statement holds a connection of PgBouncer's."""
DELAY_S = {SEARCH: 4e-3, DETAIL: 2e-3, APPLY: 9e-3, LOGIN: 3e-3}
THINK_S = 2.0
SEEDED_USERS = 2_000
GROWTH = {"primary": 0.10, "replica-1": 0.25}
"""What a tier costs grows as users ** this beyond `SEEDED_USERS`."""
MIXES: Mapping[str, tuple[float, float, float, float]] = {
    "mixed": (0.35, 0.45, 0.15, 0.05),
    "mixed-search": (0.85, 0.10, 0.04, 0.01),
    "mixed-detail": (0.08, 0.88, 0.03, 0.01),
    "mixed-apply": (0.10, 0.20, 0.67, 0.03),
    "mixed-login": (0.20, 0.30, 0.10, 0.40),
    "mixed-half": (0.5, 0.2, 0.25, 0.05),
}
MACHINE = Machine(
    cpu_model="test", cores=CORES, memory_bytes=1 << 33, system="Linux", python="3.11"
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What to make: a mix by name, users, pods, and how many people the database holds."""

    mix: str
    users: int
    pods: int = 3
    seconds: int = 60
    seeded: int = SEEDED_USERS


FITTED = (
    Kind("mixed", 60),
    Kind("mixed", 120),
    Kind("mixed", 180),
    Kind("mixed-search", 120),
    Kind("mixed-detail", 200),
    Kind("mixed-apply", 120),
    Kind("mixed-login", 60),
)
"""Levels and mixes that tell the four endpoints apart."""


def material(folder: Path) -> Material:
    """The run in `folder` as a fit reads it."""
    return Material(Observation(read_run(folder), read_timeline(folder)), read_cells(folder))


def cpu_s(seeded: int) -> dict[str, dict[str, float]]:
    """CPU seconds by endpoint and tier with so many people in the database."""
    return {
        name: {
            tier: seconds * (seeded / SEEDED_USERS) ** GROWTH.get(tier, 0.0)
            for tier, seconds in by_tier.items()
        }
        for name, by_tier in CPU_S.items()
    }


def truth(mix: str, users: int, seeded: int = SEEDED_USERS) -> tuple[float, dict[str, float]]:
    """Requests per second and mean response by endpoint, by processor sharing on the cores."""
    shares = dict(zip(ENDPOINTS, MIXES[mix], strict=True))
    service = {name: sum(by_tier.values()) for name, by_tier in cpu_s(seeded).items()}
    rate = 0.0
    response = dict(service)
    for _ in range(200):
        mean = sum(shares[name] * response[name] for name in ENDPOINTS)
        rate = users / (THINK_S + mean)
        busy = rate * sum(shares[n] * (service[n] + GENERATOR_S) for n in ENDPOINTS) / CORES
        # M/M/c, c large: waiting per second of service, roughly rho^c / (c (1 - rho))
        wait = busy ** (2 * (CORES + 1)) ** 0.5 / (CORES * (1 - busy))
        response = {name: service[name] * (1 + wait) + DELAY_S[name] for name in ENDPOINTS}
    return rate, response


def write(
    runs: Path,
    kind: Kind,
    *,
    seed: int = 1,
    status: Status = Status.COMPLETE,
    invalid: tuple[Invalidity, ...] = (),
    failures: int = 0,
) -> Path:
    """Make the run and write its folder under `runs`; the folder."""
    chance = np.random.default_rng([seed, kind.users, kind.pods, len(kind.mix)])
    of_data = "" if kind.seeded == SEEDED_USERS else f"-{kind.seeded}"
    folder = runs / f"20261101-000000-{kind.mix}-{kind.users}-{kind.pods}{of_data}-{seed}"
    folder.mkdir(parents=True)
    rate, response = truth(kind.mix, kind.users, kind.seeded)
    expected = np.array([rate * share for share in MIXES[kind.mix]])
    counts = chance.poisson(expected, size=(kind.seconds, len(ENDPOINTS)))
    _write_timeline(folder, kind, counts, chance)
    stats = _write_spool(folder, kind, counts, response, failures, chance)
    write_run(folder, _record(folder.name, kind, stats, int(counts.sum()), status, invalid))
    return folder


def _write_timeline(
    folder: Path, kind: Kind, counts: "np.ndarray", chance: np.random.Generator
) -> None:
    costs = cpu_s(kind.seeded)
    with TimelineWriter(folder) as timeline:
        for second, row in enumerate(counts):
            used = {
                f"service.{tier}.cpu": sum(
                    n * costs[name].get(tier, 0.0) for n, name in zip(row, ENDPOINTS, strict=True)
                )
                + kind.pods * IDLE.get(tier, 0.0)
                for tier in ("nginx", "pgbouncer", "primary", "replica-1", "redis", "pods")
            }
            noisy = {name: cpu * chance.normal(1, 0.02) for name, cpu in used.items()}
            pods = noisy.pop("service.pods.cpu")
            generator = row.sum() * GENERATOR_S
            hits = sum(n * HITS[name] for n, name in zip(row, ENDPOINTS, strict=True))
            values = noisy | {"generator.cpu_total": generator, "redis.commands": 3.0 * row.sum()}
            values["machine.cpu"] = sum(noisy.values()) + pods + generator
            values["postgres.primary.queries"] = sum(
                n * QUERIES[name] for n, name in zip(row, ENDPOINTS, strict=True)
            )
            values["pgbouncer.servers_active"] = HELD_S * values["postgres.primary.queries"]
            for n, name in zip(row, ENDPOINTS, strict=True):
                values[f"endpoint.{ROUTES[name]}.cpu"] = n * OWN_TASKS * costs[name]["pods"]
            for pod in range(1, kind.pods + 1):
                values |= {
                    f"service.backend-{pod}.cpu": pods / kind.pods,
                    f"pod.backend-{pod}.requests": row.sum() / kind.pods,
                    f"pod.backend-{pod}.served_l1": hits / kind.pods,
                    f"pod.backend-{pod}.served_l2": 0.0,
                    f"pod.backend-{pod}.served_db": (row.sum() - hits) / kind.pods,
                    f"pod.backend-{pod}.served_app": 0.0,
                }
            timeline.append(second, {name: float(value) for name, value in values.items()})


def _write_spool(
    folder: Path,
    kind: Kind,
    counts: "np.ndarray",
    response: Mapping[str, float],
    failures: int,
    chance: np.random.Generator,
) -> list[EndpointStats]:
    planned = PlannedStep("measured", Phase.MEASURED, 0.0, float(kind.seconds))
    lines = [to_line(Opening("g", 0.0, kind.users, kind.users / THINK_S, (planned,)))]
    stats = []
    for column, name in enumerate(ENDPOINTS):
        method, _, endpoint = name.partition(" ")
        for second, many in enumerate(counts[:, column]):
            lines.append(to_line(Cell("g", second, "measured", method, endpoint, int(many))))
        total = int(counts[:, column].sum())
        latencies = Histogram()
        spread = chance.lognormal(-0.125, 0.5, size=total)  # mean 1
        latencies.record_all([int(1e6 * response[name] * value) for value in spread])
        blob = latencies.encode()
        stats.append(
            EndpointStats(
                step="measured",
                method=method,
                endpoint=endpoint,
                requests=total,
                failures=failures,
                refusals=0,
                errors={"http 503": failures} if failures else {},
                bytes_received=1000 * total,
                raw=blob,
                corrected=blob,
                failed=Histogram().encode(),
            )
        )
    lines.append(to_line(Closing("g", float(kind.seconds))))
    (folder / SPOOL).write_text("\n".join(lines) + "\n")
    return stats


def _record(
    name: str,
    kind: Kind,
    stats: list[EndpointStats],
    achieved: int,
    status: Status,
    invalid: tuple[Invalidity, ...],
) -> Run:
    began = datetime(2026, 11, 1, tzinfo=UTC)
    topology: dict[str, int | float | str | bool] = {
        "seeded_users": kind.seeded,
        "engine": "native",
        "pods": kind.pods,
        "replicas": 1,
        "workers_per_pod": 4,
        "request_slots_per_worker": 64,
        "db_connections_per_pod": 60,
        "pgbouncer_servers.primary": 60,
    }
    return Run(
        id=name,
        status=status,
        started_at=began,
        ended_at=began + timedelta(seconds=kind.seconds),
        what=What(
            scenario=kind.mix,
            journeys="built-in",
            load=ClosedLoad(users=kind.users, mean_think_s=THINK_S),
            seed=1,
            warmup_s=0,
            duration_s=kind.seconds,
            host="http://127.0.0.1:1",
        ),
        where=Where(commit=None, dirty=None, machine=MACHINE, versions={}, topology=topology),
        steps=[
            Step(
                name="measured",
                phase=Phase.MEASURED,
                start_s=0,
                end_s=kind.seconds,
                users=kind.users,
                arrivals=Arrivals(offered=kind.users / THINK_S * kind.seconds, achieved=achieved),
            )
        ],
        endpoints=stats,
        invalid=list(invalid),
    )
