"""Which charts a run gets, and what each of them shows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from capacity.observation import Observation
from reports.charts.over_time import Line, TimeChart

if TYPE_CHECKING:
    import pandas as pd

TIERS = (
    ("primary", "primary"),
    ("replica-*", "replicas"),
    ("redis", "Redis"),
    ("pgbouncer", "PgBouncer"),
    ("backend-*", "pods"),
    ("nginx", "nginx"),
)
"""Services as in the compose file, with the name of their tier; lowest first, as stacked."""
_MS = 1000.0
_MB = 1e-6


def latency_chart(seen: Observation) -> TimeChart:
    """Percentiles second by second."""
    return TimeChart(
        "latency-time",
        "Latency over time",
        "Percentiles of the successful requests of each second.",
        "ms",
        _lines(
            seen,
            ("load.p50", "p50"),
            ("load.p95", "p95"),
            ("load.p99", "p99"),
            ("load.p95_corrected", "p95 from the intended start"),
            peaks=True,
        ),
    )


def load_charts(seen: Observation) -> list[TimeChart]:
    """What was asked for, what came of it, what went wrong."""
    return [
        TimeChart(
            "load-time",
            "Offered and achieved",
            "Requests the load model called for, requests finished, arrivals dropped.",
            "req/s",
            _lines(
                seen,
                ("load.requests", "achieved"),
                ("load.offered", "offered"),
                ("load.dropped", "dropped"),
            ),
        ),
        TimeChart(
            "trouble-time",
            "Failed and refused",
            "Requests whose status or body was wrong, and refusals by a rate limit (429).",
            "req/s",
            _lines(seen, ("load.failures", "failed"), ("load.refusals", "refused"), peaks=True),
        ),
    ]


def drill_charts(seen: Observation) -> list[TimeChart]:
    """Reads and writes apart, while something was broken."""
    return [
        TimeChart(
            f"{sort}s-time",
            f"{words} over time",
            f"{words} finished and failed in each second.",
            "req/s",
            _lines(
                seen,
                (f"load.{sort}s", "finished"),
                (f"load.{sort}_failures", "failed"),
                peaks=True,
            ),
        )
        for sort, words in (("get", "GETs"), ("write", "Writes"))
    ]


def generator_chart(seen: Observation) -> TimeChart:
    """Whether the load generator itself kept up."""
    return TimeChart(
        "generator-time",
        "Load generator",
        "CPU of the busiest generator process; beyond its limit the run is invalid.",
        "cores",
        _lines(seen, ("generator.cpu", "busiest process"), peaks=True),
        limits=((0.9, "limit"),),
    )


def answer_charts(seen: Observation) -> list[TimeChart]:
    """Who answered, and how often the cache did."""
    return [_answers(seen), _cache(seen)]


def _answers(seen: Observation) -> TimeChart:
    layers = [
        Line(words, values)
        for series, words in (
            ("db", "database"),
            ("l2", "Redis (L2)"),
            ("l1", "memory (L1)"),
            ("app", "pod, no data"),
        )
        if (values := _sum(seen, f"pod.*.served_{series}")) is not None
    ]
    everything, reached = _sum(seen, "load.requests"), _sum(seen, "pod.*.requests")
    if everything is not None and reached is not None:
        layers.append(Line("nginx alone", _surplus(everything, reached)))
    return TimeChart(
        "answers-time",
        "Who answered",
        "Requests by the deepest layer they touched.",
        "req/s",
        layers,
        stacked=True,
    )


def _surplus(everything: "pd.Series[float]", part: "pd.Series[float]") -> "pd.Series[float]":
    """What `everything` has beyond `part`, by second, and no more than that over all seconds.

    The two are counted at slightly different moments: what one second has too much the next
    has too little, and must not add up to requests nobody sent.
    """
    difference = everything.sub(part)
    positive = difference.clip(lower=0.0)
    total = positive.sum()
    return positive * (max(0.0, difference.sum()) / total if total > 0 else 0.0)


def tier_charts(seen: Observation) -> list[TimeChart]:
    """The system's own services, on the same time axis."""
    return [
        _cpu(seen),
        _memory(seen),
        _pools(seen),
        _pgbouncer(seen),
        _lag(seen),
        _event_loop(seen),
        _database(seen),
    ]


def _cpu(seen: Observation) -> TimeChart:
    bands = _by_tier(seen, "service.{}.cpu", seen.timeline)
    generator = _sum(seen, "generator.cpu_total")
    if generator is not None:
        bands.append(Line("load generator", generator))
    whole = _sum(seen, "machine.cpu")
    if whole is not None and bands:
        ours = [band.values.reindex(whole.index).fillna(0.0) for band in bands]
        bands.append(Line("all else on the machine", (whole - sum(ours)).clip(lower=0.0)))
    stolen = _sum(seen, "machine.steal")
    if stolen is not None and stolen.max() > 0:
        bands.append(Line("taken by the hypervisor", stolen))
    return TimeChart(
        "cpu-time",
        "CPU by tier",
        "Cores in use, stacked; the machine also runs the load generator, and maybe more.",
        "cores",
        bands,
        stacked=True,
        limits=((float(seen.run.where.machine.cores), "all cores"),),
    )


def _memory(seen: Observation) -> TimeChart:
    return TimeChart(
        "memory-time",
        "Memory by tier",
        "Proportional set size, stacked; a reading stands until the service's next one.",
        "bytes",
        _by_tier(seen, "service.{}.memory", seen.held("service.*.memory")),
        stacked=True,
        axis_unit="MB",
        scale=_MB,
    )


def _pools(seen: Observation) -> TimeChart:
    limits = _sum(seen, "pod.*.pool_limit")
    known = limits is not None and limits.notna().any()
    return TimeChart(
        "pools-time",
        "Database pools of the pods",
        "Connections in use and requests waiting for one, all pods together.",
        "",
        _summed(
            seen,
            ("pod.*.pool_in_use", "connections in use"),
            ("pod.*.pool_waiting", "requests waiting"),
            peaks=True,
        ),
        limits=((float(limits.max()), "pool limit"),) if limits is not None and known else (),
        axis_unit="connections",
    )


def _pgbouncer(seen: Observation) -> TimeChart:
    return TimeChart(
        "pgbouncer-time",
        "PgBouncer",
        "Server connections in use and idle, clients waiting for one.",
        "",
        _lines(
            seen,
            ("pgbouncer.servers_active", "servers in use"),
            ("pgbouncer.servers_idle", "servers idle"),
            ("pgbouncer.clients_waiting", "clients waiting"),
            peaks=True,
        ),
        axis_unit="connections",
    )


def _cache(seen: Observation) -> TimeChart:
    first, second = _sum(seen, "pod.*.cache_l1_hits"), _sum(seen, "pod.*.cache_l2_hits")
    missed = _sum(seen, "pod.*.cache_misses")
    lines = []
    if first is not None and second is not None and missed is not None:
        lookups = first + second + missed
        lookups = lookups.where(lookups > 0)
        lines = [
            Line("either layer", 100 * (first + second) / lookups),
            Line("memory (L1)", 100 * first / lookups),
        ]
    return TimeChart("cache-time", "Cache hit rate", "Share of cache lookups that hit.", "%", lines)


def _lag(seen: Observation) -> TimeChart:
    replicas = [column for column in seen.instances("postgres.*.lag") if "primary" not in column]
    return TimeChart(
        "lag-time",
        "Replication lag",
        "How old the last change is that a replica has replayed.",
        "s",
        [Line(column.split(".")[1], seen.timeline[column], peaks=True) for column in replicas],
        limits=((1.0, "promised"),),
        axis_unit="ms",
        scale=_MS,
    )


def _event_loop(seen: Observation) -> TimeChart:
    return TimeChart(
        "loop-time",
        "Event loop lag",
        "The worst delay of a worker's event loop in each second.",
        "s",
        [
            Line(column.split(".")[1], seen.timeline[column], peaks=True)
            for column in seen.instances("pod.*.event_loop_lag")
        ],
        axis_unit="ms",
        scale=_MS,
    )


def _database(seen: Observation) -> TimeChart:
    return TimeChart(
        "queries-time",
        "Database and Redis",
        "Operations: statements of primary and replicas, commands of Redis.",
        "op/s",
        _summed(
            seen,
            ("postgres.primary.queries", "primary"),
            ("postgres.replica-*.queries", "replicas"),
            ("redis.commands", "Redis"),
        ),
    )


def _lines(seen: Observation, *pairs: tuple[str, str], peaks: bool = False) -> list[Line]:
    return [
        Line(label, seen.timeline[series], peaks)
        for series, label in pairs
        if series in seen.timeline
    ]


def _summed(seen: Observation, *pairs: tuple[str, str], peaks: bool = False) -> list[Line]:
    found = [(label, _sum(seen, pattern)) for pattern, label in pairs]
    return [Line(label, values, peaks) for label, values in found if values is not None]


def _by_tier(seen: Observation, pattern: str, rows: "pd.DataFrame") -> list[Line]:
    """A band of `rows` for each tier, and one for services of no tier we know."""
    rest = set(seen.instances(pattern.format("*")))
    bands = []
    for service, tier in TIERS:
        columns = seen.instances(pattern.format(service))
        rest -= set(columns)
        if columns:
            bands.append(Line(tier, _total(rows, columns)))
    if rest:
        bands.append(Line("others", _total(rows, sorted(rest))))
    return bands


def _sum(seen: Observation, pattern: str) -> "pd.Series[float] | None":
    columns = seen.instances(pattern)
    return _total(seen.timeline, columns) if columns else None


def _total(rows: "pd.DataFrame", columns: Sequence[str]) -> "pd.Series[float]":
    """The sum over instances; a second in which none was read stays a gap."""
    return rows[list(columns)].sum(axis=1, min_count=1)
