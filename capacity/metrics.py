"""What can be measured from a run: names, units, statistics, and how.

A metric gives a `Measured` (value, unit, samples, interval) or says in one
sentence why it cannot be had (`Unavailable`). Latencies are of successful
requests, from the moment they were meant to start; everything is of the
measured steps only.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from capacity import drill_metrics, load_metrics, series_metrics, tier_metrics
from capacity.measured import Measure, Measured, Unavailable
from capacity.nearest import nearest
from capacity.observation import Observation

COMMON_PERCENTILES = ("p50", "p75", "p90", "p95", "p99", "p99.9")
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?)")


class Scope(StrEnum):
    """What a metric is about, which decides where it can be had."""

    LOAD = "load"
    """What the generator saw; every run has it."""
    TIERS = "tiers"
    """What the system's own services showed; only of a system hmb runs."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that can be measured.

    `per_endpoint` says that it can be asked for some endpoints alone;
    `bound_by_load` that its value cannot exceed what the load asked for, so
    that a low value alone refutes nothing.
    """

    name: str
    what: str
    unit: str
    statistics: tuple[str, ...]
    measure: Measure
    scope: Scope = Scope.TIERS
    percentiles: bool = False
    per_endpoint: bool = False
    bound_by_load: bool = False

    def knows(self, statistic: str) -> bool:
        """Whether `statistic` is one of this metric's."""
        return statistic in self.statistics or (
            self.percentiles and percentile_of(statistic) is not None
        )


def percentile_of(statistic: str) -> float | None:
    """95.0 for `p95`; None for what is no percentile."""
    found = _PERCENTILE.fullmatch(statistic)
    percent = float(found.group(1)) if found else 0.0
    return percent if 0 < percent < 100 else None


_TABLE = (
    Metric(
        "latency",
        "time from the intended start to the end of a successful request",
        "ms",
        (*COMMON_PERCENTILES, "max"),
        load_metrics.latency,
        Scope.LOAD,
        percentiles=True,
        per_endpoint=True,
    ),
    Metric(
        "error_rate",
        "share of requests that failed; refusals by a rate limit count as neither",
        "%",
        ("share",),
        load_metrics.error_rate,
        Scope.LOAD,
        per_endpoint=True,
    ),
    Metric(
        "refusal_rate",
        "share of requests refused by a rate limit",
        "%",
        ("share",),
        load_metrics.refusal_rate,
        Scope.LOAD,
        per_endpoint=True,
    ),
    Metric(
        "request_rate",
        "successful requests per second, as the generator saw them",
        "req/s",
        ("mean",),
        load_metrics.request_rate,
        Scope.LOAD,
        per_endpoint=True,
        bound_by_load=True,
    ),
    Metric(
        "dropped_share",
        "share of an open load's arrivals that found nobody free to send them",
        "%",
        ("share",),
        load_metrics.dropped_share,
        Scope.LOAD,
    ),
    Metric(
        "failed_requests",
        "requests that failed, reads and writes apart",
        "requests",
        ("gets", "writes"),
        drill_metrics.failed_requests,
        Scope.LOAD,
        per_endpoint=True,
    ),
    Metric(
        "ledger",
        "writes of a drill that were lost after they were acknowledged, or are there twice",
        "writes",
        ("lost", "doubled"),
        drill_metrics.ledger,
        Scope.LOAD,
    ),
    Metric(
        "checks",
        "what a drill looked at beyond its writes, and found not to hold",
        "checks",
        ("failed",),
        drill_metrics.checks,
        Scope.LOAD,
    ),
    Metric(
        "sockets",
        "WebSockets open at a drill's end, of those open before its break",
        "%",
        ("back",),
        drill_metrics.sockets,
    ),
    Metric(
        "recovery",
        "time from a drill's break or repair to the last request that failed",
        "s",
        ("after_break", "after_repair"),
        drill_metrics.recovery,
        Scope.LOAD,
    ),
    Metric(
        "throughput",
        "requests per second that a pod answered, failures and refusals taken off",
        "req/s",
        ("total", "per_pod", "per_vcpu", "per_pod_cpu_second"),
        tier_metrics.throughput,
        bound_by_load=True,
    ),
    Metric(
        "cache_hit_rate",
        "share answered by the cache: of lookups, or of requests that need data",
        "%",
        ("lookups", "l1", "l2", "requests"),
        tier_metrics.cache_hit_rate,
    ),
    Metric(
        "answered_by",
        "share of all requests answered by nginx alone, the cache layers, the database, the app",
        "%",
        ("nginx", "l1", "l2", "db", "app"),
        tier_metrics.answered_by,
    ),
    Metric(
        "replica_reads",
        "share of read sessions opened on a replica",
        "%",
        ("share",),
        tier_metrics.replica_reads,
    ),
    Metric("replica_lag", "replication lag", "s", ("max", "mean"), tier_metrics.replica_lag),
    Metric(
        "pod_cpu_per_request",
        "CPU time of the pods per request they answered",
        "ms",
        ("mean",),
        tier_metrics.pod_cpu_per_request,
    ),
    Metric("pod_memory", "memory of a pod", "bytes", ("max", "mean"), tier_metrics.pod_memory),
    Metric(
        "event_loop_lag",
        "worst delay of a pod's event loop",
        "s",
        ("max", "mean"),
        tier_metrics.gauge("event_loop_lag"),
    ),
    Metric(
        "pod_database_connections",
        "most database connections one pod may open",
        "connections",
        ("max",),
        tier_metrics.gauge("pod_database_connections"),
    ),
    Metric(
        "pool_waiting",
        "requests of a pod waiting for a database connection",
        "requests",
        ("max", "mean"),
        tier_metrics.gauge("pool_waiting"),
    ),
    Metric(
        "pod_sockets",
        "WebSockets one pod holds open",
        "sockets",
        ("max", "mean"),
        tier_metrics.gauge("pod_sockets"),
        bound_by_load=True,
    ),
    Metric(
        "redis_connections_per_pod",
        "Redis connections open, divided by the pods",
        "connections",
        ("max",),
        tier_metrics.redis_connections_per_pod,
    ),
    Metric(
        "database_queries",
        "statements run per second by primary and replicas",
        "queries/s",
        ("mean",),
        tier_metrics.rate("postgres.*.queries"),
        bound_by_load=True,
    ),
    Metric(
        "redis_commands",
        "commands run per second",
        "commands/s",
        ("mean",),
        tier_metrics.rate("redis.commands"),
        bound_by_load=True,
    ),
    Metric(
        "nginx_requests",
        "requests per second that passed nginx",
        "req/s",
        ("mean",),
        tier_metrics.rate("nginx.requests"),
        bound_by_load=True,
    ),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _TABLE}


def metric_named(name: str) -> Metric | None:
    """The metric of that name, or that of a series of the timeline; None for neither.

    A series may be named for one instance (`service.primary.cpu`) or for several
    (`pod.*.pool_waiting`).
    """
    if name in METRICS:
        return METRICS[name]
    found = series_metrics.described(name)
    if found is None:
        return None
    scope = Scope.LOAD if name.startswith(series_metrics.OF_THE_LOAD) else Scope.TIERS
    measured = series_metrics.over_seconds(name, found.unit)
    statistics = ("max", "min", "mean", *COMMON_PERCENTILES)
    return Metric(name, found.what, found.unit, statistics, measured, scope, percentiles=True)


def known_metric(name: str) -> Metric:
    """The same. Raises `ValueError` with the nearest name that there is."""
    found = metric_named(name)
    if found is None:
        names = series_metrics.PATTERNS if "." in name else METRICS
        raise ValueError(f'unknown metric "{name}": {nearest(name, list(names))}')
    return found


def measure(
    seen: Observation, metric: str, statistic: str, endpoints: Sequence[str] = ()
) -> Measured | Unavailable:
    """The figure, or why there is none. `metric` and `statistic` must be known ones."""
    chosen = known_metric(metric)
    if chosen.scope is Scope.TIERS and not seen.own_system:
        return Unavailable("not visible: a system hmb does not run")
    if not seen.run.measured_steps():
        return Unavailable("the run ended before anything was measured")
    return chosen.measure(seen, statistic, endpoints)
