"""Which chart shows what an SLO speaks of: there its limit is drawn."""

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

from capacity.targets import Target
from reports.charts.over_time import TimeChart

CHARTS = {
    "latency-time": ("latency.p50", "latency.p95", "latency.p99", "load.p*"),
    "load-time": ("request_rate.mean", "load.requests", "load.offered", "load.dropped"),
    "trouble-time": ("load.failures", "load.refusals"),
    "generator-time": ("generator.cpu",),
    "cache-time": ("cache_hit_rate.lookups", "cache_hit_rate.l1"),
    "pgbouncer-time": ("pgbouncer.servers_*", "pgbouncer.clients_waiting"),
    "lag-time": ("replica_lag.*", "postgres.*.lag"),
    "loop-time": ("event_loop_lag.*", "pod.*.event_loop_lag"),
    "queries-time": ("redis_commands.mean", "redis.commands"),
}
"""Chart -> the figures it shows: `metric.statistic`, or a series of the timeline."""


def with_limits(chart: TimeChart, targets: Iterable[Target]) -> TimeChart:
    """`chart` with the limits of those `targets` that fail or warn and whose figure it shows."""
    shown = CHARTS.get(chart.name, ())
    limits = [
        (target.limit, target.id)
        for target in targets
        if (target.gate or target.warn)
        and target.limit is not None
        and not target.endpoints
        and any(fnmatchcase(_figure(target), pattern) for pattern in shown)
    ]
    return replace(chart, limits=(*chart.limits, *limits))


def _figure(target: Target) -> str:
    metric = target.metric or ""
    return metric if "." in metric else f"{metric}.{target.statistic}"
