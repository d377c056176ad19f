"""A made-up run with its timeline, as the real stack would leave it: for tests and for looking at.

40 s, of which 10 s warm-up; 2,000 users; 3 pods, 2 replicas, two cores; a
stall at second 27 that a person should be able to find in every chart.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from capacity.histogram import Histogram
from capacity.load_model import ClosedLoad
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

WARMUP_S, DURATION_S = 10, 30
RATE = 167.0
PODS = ("backend-1", "backend-2", "backend-3")
REPLICAS = ("replica-1", "replica-2")
STALL = 27
MB = 1e6

# method, endpoint, share of requests, median ms, spread of the lognormal
ENDPOINTS = (
    ("GET", "/api/v1/jobs", 0.22, 8.0, 0.55),
    ("GET", "/api/v1/jobs?filter", 0.12, 14.0, 0.6),
    ("GET", "/api/v1/jobs?q", 0.16, 31.0, 0.6),
    ("GET", "/api/v1/jobs?cursor", 0.08, 12.0, 0.6),
    ("GET", "/api/v1/jobs/{id}", 0.25, 6.0, 0.55),
    ("GET", "/api/v1/companies/{id}", 0.05, 6.5, 0.5),
    ("POST", "/api/v1/auth/login", 0.012, 92.0, 0.2),
    ("POST", "/api/v1/auth/refresh", 0.018, 18.0, 0.4),
    ("GET", "/api/v1/auth/me", 0.03, 9.0, 0.5),
    ("PUT", "/api/v1/jobs/{id}/save", 0.03, 15.0, 0.5),
    ("POST", "/api/v1/jobs/{id}/applications", 0.02, 22.0, 0.5),
    ("GET", "/api/v1/jobs/{id}/applications", 0.012, 19.0, 0.5),
)


def sample_run(
    *,
    slowness: float = 1.0,
    failures: int = 0,
    refusals: int = 7,
    own_system: bool = True,
    status: Status = Status.COMPLETE,
    invalid: Sequence[Invalidity] = (),
    endpoints: Sequence[tuple[str, str, float, float, float]] = ENDPOINTS,
    rate: float = RATE,
    seed: int = 1,
) -> Run:
    """The record; `slowness` stretches every latency, `failures` are spread over endpoints."""
    chance = np.random.default_rng(seed)
    steps = [
        _step("warm-up", Phase.WARMUP, 0, WARMUP_S, rate, chance),
        _step("measured", Phase.MEASURED, WARMUP_S, WARMUP_S + DURATION_S, rate, chance),
    ]
    stats = [
        _stats(step, endpoint, slowness, failures, refusals, chance)
        for step in steps
        for endpoint in endpoints
    ]
    started = datetime(2026, 11, 23, 15, 4, 5, tzinfo=UTC)
    ended = None if status is Status.RUNNING else started + timedelta(seconds=41)
    return Run(
        id="2026-11-23-150405-mixed",
        status=status,
        started_at=started,
        ended_at=ended,
        what=What(
            scenario="mixed" if own_system else "my_journeys",
            journeys="mixed" if own_system else "my_journeys.py",
            load=ClosedLoad(users=2000, mean_think_s=12 if own_system else None),
            seed=1,
            warmup_s=WARMUP_S,
            duration_s=DURATION_S,
            host="http://127.0.0.1:41873",
        ),
        where=_where(own_system),
        steps=steps,
        endpoints=stats,
        invalid=list(invalid),
    )


def _where(own_system: bool) -> Where:
    return Where(
        commit="0123456789abcdef0123456789abcdef01234567",
        dirty=False,
        machine=Machine(
            cpu_model="AMD EPYC 9B45",
            cores=2,
            memory_bytes=8_200_000_000,
            system="Linux 6.1",
            python="3.11.2",
        ),
        versions={"hmb": "0.1.0", "locust": "2.47.1", "postgresql": "15.9", "redis": "7.0.15"},
        topology={"pods": 3, "workers": 4, "replicas": 2, "pool_size": 20, "max_overflow": 40}
        if own_system
        else None,
    )


def _step(
    name: str, phase: Phase, start: float, end: float, rate: float, chance: np.random.Generator
) -> Step:
    offered = rate * (end - start)
    achieved = int(chance.poisson(offered))
    return Step(
        name=name,
        phase=phase,
        start_s=start,
        end_s=end,
        users=2000,
        arrivals=Arrivals(offered=offered, achieved=achieved),
    )


def _stats(
    step: Step,
    endpoint: tuple[str, str, float, float, float],
    slowness: float,
    failures: int,
    refusals: int,
    chance: np.random.Generator,
) -> EndpointStats:
    method, path, share, median, spread = endpoint
    requests = round(step.arrivals.achieved * share)
    failed = min(requests, round(failures * share)) if step.phase is Phase.MEASURED else 0
    refused = refusals if path.endswith("/login") and step.phase is Phase.MEASURED else 0
    raw, corrected = Histogram(), Histogram()
    for ms in chance.lognormal(np.log(median * slowness), spread, requests - failed - refused):
        raw.record(int(ms * 1000))
        late = chance.exponential(120) if chance.random() < 0.004 else chance.exponential(0.15)
        corrected.record(int((ms + late) * 1000))
    slow = Histogram()
    for ms in chance.lognormal(np.log(800), 0.4, failed):
        slow.record(int(ms * 1000))
    return EndpointStats(
        step=step.name,
        method=method,
        endpoint=path,
        requests=requests,
        failures=failed,
        refusals=refused,
        errors=_errors(failed),
        bytes_received=requests * 5200,
        raw=raw.encode(),
        corrected=corrected.encode(),
        failed=slow.encode(),
    )


def _errors(failed: int) -> dict[str, int]:
    half = failed // 2
    kinds = {"status 503": failed - half, "body: next page repeats jobs": half}
    return {kind: count for kind, count in kinds.items() if count}


def sample_timeline(run: Run, seed: int = 1) -> pd.DataFrame:
    """Every series of `capacity.series` that fits `run`; only the load's of a foreign system."""
    chance = np.random.default_rng(seed)
    seconds = np.arange(WARMUP_S + DURATION_S)
    warm = np.clip(seconds / 6, 0.25, 1.0)  # users arrive over the first seconds
    busy = 1 + 1.6 * np.exp(-((seconds - STALL) ** 2) / 2.0)
    columns = _load(chance, seconds, warm, busy)
    if run.where.topology is not None:
        columns |= _services(chance, warm, busy)
        for pod in PODS:
            columns |= _pod(pod, chance, columns["load.requests"] / len(PODS), busy)
        columns |= _postgres(chance, warm, busy)
    return pd.DataFrame(columns, index=pd.Index(seconds, name="second")).sort_index(axis=1)


def _load(
    chance: np.random.Generator, seconds: np.ndarray, warm: np.ndarray, busy: np.ndarray
) -> dict[str, np.ndarray]:
    requests = chance.poisson(RATE * warm).astype(float)
    size = len(seconds)
    p50 = 10 * busy * chance.lognormal(0, 0.06, size) * (1 + np.exp(-seconds / 3))
    p95 = p50 * 4.6 * chance.lognormal(0, 0.10, size)
    return {
        "load.users": np.round(2000 * warm),
        "load.offered": RATE * warm,
        "load.requests": requests,
        "load.failures": np.zeros(size),
        "load.refusals": (chance.random(size) < 0.2).astype(float),
        "load.dropped": np.zeros(size),
        "load.p50": p50,
        "load.p95": p95,
        "load.p99": p95 * 1.7 * chance.lognormal(0, 0.15, size),
        "load.p95_corrected": p95 * (1 + 0.5 * (busy - 1)),
        "generator.cpu": 0.21 * warm * chance.lognormal(0, 0.05, size),
        "generator.cpu_total": 0.21 * warm * chance.lognormal(0, 0.05, size),
        "generator.memory": np.full(size, 210 * MB),
        "machine.cpu": np.clip(1.05 * warm * busy**0.4, 0, 2),
        "machine.steal": np.zeros(size),
    }


def _services(
    chance: np.random.Generator, warm: np.ndarray, busy: np.ndarray
) -> dict[str, np.ndarray]:
    cores = {"nginx": 0.04, "pgbouncer": 0.05, "primary": 0.11, "redis": 0.03}
    cores |= dict.fromkeys(REPLICAS, 0.07) | dict.fromkeys(PODS, 0.14)
    memory = {"nginx": 22, "pgbouncer": 9, "primary": 240, "redis": 28}
    memory |= dict.fromkeys(REPLICAS, 190) | dict.fromkeys(PODS, 340)
    size = len(warm)
    columns: dict[str, np.ndarray] = {}
    for service, used in cores.items():
        columns[f"service.{service}.cpu"] = used * warm * busy * chance.lognormal(0, 0.1, size)
        growth = 1 - 0.15 * np.exp(-np.arange(size) / 8)
        columns[f"service.{service}.memory"] = memory[service] * MB * growth
    columns["nginx.connections"] = np.round(900 * warm)
    columns["nginx.requests"] = chance.poisson(RATE * warm).astype(float)
    columns["redis.commands"] = 190 * warm * chance.lognormal(0, 0.05, size)
    columns["redis.clients"] = np.full(size, 63.0)
    columns["redis.memory"] = np.linspace(6, 15, size) * MB
    columns["redis.hits"] = 80 * warm
    columns["redis.misses"] = 25 * warm
    return columns


def _pod(
    pod: str, chance: np.random.Generator, requests: np.ndarray, busy: np.ndarray
) -> dict[str, np.ndarray]:
    size = len(requests)
    warming = 1 - 0.6 * np.exp(-np.arange(size) / 6)
    served = {"l1": 0.46 * warming, "l2": 0.20 * warming, "app": np.full(size, 0.04)}
    served["db"] = 1 - sum(served.values())
    columns = {f"pod.{pod}.served_{layer}": requests * share for layer, share in served.items()}
    in_use = np.round(np.clip(1.2 * busy**1.5 + chance.normal(0, 0.5, size), 0, 60))
    return columns | {
        f"pod.{pod}.requests": requests,
        f"pod.{pod}.cache_l1_hits": requests * 0.52 * warming,
        f"pod.{pod}.cache_l2_hits": requests * 0.21 * warming,
        f"pod.{pod}.cache_misses": requests * (0.82 - 0.73 * warming),
        f"pod.{pod}.reads_replica": requests * 0.27,
        f"pod.{pod}.reads_primary": requests * 0.012,
        f"pod.{pod}.writes": requests * 0.06,
        f"pod.{pod}.pool_in_use": in_use,
        f"pod.{pod}.sockets": np.full(len(busy), 70.0),
        f"pod.{pod}.pool_waiting": np.where(busy > 2.2, 2.0, 0.0),
        f"pod.{pod}.pool_limit": np.full(size, 60.0),
        f"pod.{pod}.event_loop_lag": 0.002 * busy**2 * chance.lognormal(0, 0.3, size),
        f"pod.{pod}.rate_limited": np.zeros(size),
    }


def _postgres(
    chance: np.random.Generator, warm: np.ndarray, busy: np.ndarray
) -> dict[str, np.ndarray]:
    size = len(warm)
    columns: dict[str, np.ndarray] = {
        "pgbouncer.clients_active": np.full(size, 42.0),
        "pgbouncer.clients_waiting": np.where(busy > 2.2, 3.0, 0.0),
        "pgbouncer.servers_active": np.round(3 * warm * busy),
        "pgbouncer.servers_idle": np.full(size, 18.0),
        "pgbouncer.max_wait": np.where(busy > 2.2, 0.03, 0.0),
        "pgbouncer.queries": 260 * warm,
    }
    for service in ("primary", *REPLICAS):
        columns |= {
            f"postgres.{service}.connections": np.full(size, 12.0),
            f"postgres.{service}.active": np.round(1.5 * warm * busy),
            f"postgres.{service}.transactions": 75 * warm,
            f"postgres.{service}.queries": 88 * warm,
            f"postgres.{service}.query_time": 0.08 * warm * busy,
        }
    for replica in REPLICAS:
        lag = 0.012 * busy**3 * chance.lognormal(0, 0.4, size)
        columns[f"postgres.{replica}.lag"] = lag
        columns[f"postgres.{replica}.lag_bytes"] = lag * 80_000
    return columns


def as_typed(text: str) -> str:
    """The text of a page with plain spaces where it has those at which no line ends."""
    return text.replace("\N{NO-BREAK SPACE}", " ")
