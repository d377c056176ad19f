"""Metrics of the system's own tiers, from the timeline; only of a system hmb runs.

Counters stand in the timeline as their increase per second, so a sum over
seconds is a count.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from capacity.intervals import Interval, clopper_pearson, ratio
from capacity.measured import Measure, Measured, Unavailable
from capacity.observation import Observation

if TYPE_CHECKING:
    import pandas as pd

LEAST_COVERAGE = 0.5
"""The share of measured seconds a series must have been read in to stand for them."""

_GAUGES = {
    "event_loop_lag": ("pod.{pod}.event_loop_lag", "s"),
    "pod_database_connections": ("pod.{pod}.pool_limit", "connections"),
    "pool_waiting": ("pod.{pod}.pool_waiting", "requests"),
    "pod_sockets": ("pod.{pod}.sockets", "sockets"),
}


def thin(seen: Observation, series: "pd.Series[float] | None", what: str) -> Unavailable | None:
    """Why `series` cannot stand for the measured time, if so."""
    if series is None or series.empty:
        return Unavailable(f"no reading of {what} in the measured time")
    if len(series) < LEAST_COVERAGE * seen.seconds:
        return Unavailable(f"{what} read in only {len(series)} of {seen.seconds:.0f} seconds")
    return None


def _ratio(
    seen: Observation,
    top: "pd.Series[float] | None",
    bottom: "pd.Series[float] | None",
    what: str,
) -> tuple[float, Interval, float] | Unavailable:
    """Sum of `top` over sum of `bottom` in the seconds both were read, and the sum of `bottom`."""
    for series in (top, bottom):
        lacking = thin(seen, series, what)
        if lacking:
            return lacking
    if top is None or bottom is None:  # `thin` has said so already; this tells mypy
        return Unavailable(f"no reading of {what}")
    both = top.index.intersection(bottom.index)
    tops, bottoms = top.loc[both].tolist(), bottom.loc[both].tolist()
    if not sum(bottoms) > 0:
        return Unavailable(f"nothing happened that {what} could be measured on")
    value, bounds = ratio(tops, bottoms)
    return value, bounds, sum(bottoms)


def _share(
    seen: Observation,
    top: "pd.Series[float] | None",
    bottom: "pd.Series[float] | None",
    what: str,
    of: str,
) -> Measured | Unavailable:
    found = _ratio(seen, top, bottom, what)
    if isinstance(found, Unavailable):
        return found
    value, bounds, total = found
    within = _at_least_by_chance(value, max(1, round(total)), bounds)
    return Measured(100 * value, "%", round(total), of, within.scaled(100))


def _at_least_by_chance(share: float, trials: int, over_time: Interval) -> Interval:
    """The interval over time, widened to what chance alone leaves open in `trials`.

    Seconds that all agree say nothing of how few there were in them: 40 of 40 is no proof
    of 100 %.
    """
    events = min(max(round(share * trials), 0), trials)
    chance = clopper_pearson(events, trials, over_time.confidence)
    if over_time.low is None or over_time.high is None or chance.low is None or chance.high is None:
        return over_time
    return Interval(
        max(0.0, min(over_time.low, chance.low)),
        min(1.0, max(over_time.high, chance.high)),
        over_time.method,
        over_time.confidence,
    )


def answered(seen: Observation) -> "pd.Series[float] | None":
    """Per second, the requests pods answered well: refusals and failures taken off.

    Failures are taken off whoever made them, so this is at most what pods served.
    """
    reached = seen.summed("pod.*.requests")
    if reached is None:
        return None
    for spoiled in (seen.summed("pod.*.rate_limited"), seen.summed("load.failures")):
        if spoiled is not None:
            reached = reached.sub(spoiled.reindex(reached.index), fill_value=0.0)
    return reached.clip(lower=0.0)


def pod_cpu(seen: Observation) -> "pd.Series[float] | None":
    """Per second, the CPU seconds all pods used."""
    return seen.summed(*(f"service.{pod}.cpu" for pod in seen.pods)) if seen.pods else None


def throughput(
    seen: Observation, statistic: str, patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """Requests per second that reached a pod; nginx's own answers do not count.

    `total`; `per_pod`; `per_vcpu` of the machine; `per_pod_cpu_second`, which
    is how many one fully busy core of pods would answer.
    """
    good = answered(seen)
    if statistic == "per_pod_cpu_second":
        found = _ratio(seen, good, pod_cpu(seen), "requests and CPU of the pods")
    else:
        ones = None if good is None else good * 0 + 1.0
        found = _ratio(seen, good, ones, "requests of the pods")
    if isinstance(found, Unavailable) or good is None:
        return found if isinstance(found, Unavailable) else Unavailable("no pod was seen")
    value, bounds, _ = found
    divisor = {"per_pod": len(seen.pods), "per_vcpu": seen.run.where.machine.cores}
    scale = 1 / divisor.get(statistic, 1)
    return Measured(value * scale, "req/s", round(good.sum()), "requests", bounds.scaled(scale))


def cache_hit_rate(
    seen: Observation, statistic: str, patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """Share answered by the cache, in percent.

    Of lookups: by either layer (`lookups`), by the worker's memory (`l1`), by
    Redis of those that reached it (`l2`); or of requests that need data, those
    answered without the database (`requests`).
    """
    if statistic == "requests":
        served = ("pod.*.served_l1", "pod.*.served_l2")
        return _share(
            seen,
            seen.summed(*served),
            seen.summed(*served, "pod.*.served_db"),
            "who answered",
            "requests",
        )
    first, second, missed = "pod.*.cache_l1_hits", "pod.*.cache_l2_hits", "pod.*.cache_misses"
    hits, lookups = {
        "lookups": ((first, second), (first, second, missed)),
        "l1": ((first,), (first, second, missed)),
        "l2": ((second,), (second, missed)),
    }[statistic]
    return _share(seen, seen.summed(*hits), seen.summed(*lookups), "cache lookups", "lookups")


def answered_by(
    seen: Observation, statistic: str, patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """Share of all requests whose deepest layer was `statistic`, in percent.

    `nginx` is what ended at the generator and no pod counted.
    """
    everything = seen.summed("load.requests")
    if statistic != "nginx":
        part = seen.summed(f"pod.*.served_{statistic}")
    else:
        reached = seen.summed("pod.*.requests")
        part = None if everything is None or reached is None else everything.sub(reached).dropna()
    share = _share(seen, part, everything, "who answered", "requests")
    if isinstance(share, Measured) and share.value < 0:
        # more reached the pods than ended in these seconds: requests on their way at the edges
        return Measured(0.0, share.unit, share.samples, share.of, share.interval)
    return share


def replica_reads(
    seen: Observation, statistic: str, patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """Share of read sessions opened on a replica, in percent."""
    return _share(
        seen,
        seen.summed("pod.*.reads_replica"),
        seen.summed("pod.*.reads_replica", "pod.*.reads_primary"),
        "read sessions",
        "sessions",
    )


def replica_lag(
    seen: Observation, statistic: str, patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """The lag of the slowest replica in seconds: the largest reading, or the mean over time."""
    replicas = [column for column in seen.instances("postgres.*.lag") if "primary" not in column]
    return _gauge(seen, seen.largest(*replicas), statistic, "replication lag", "s")


def redis_connections_per_pod(
    seen: Observation, statistic: str, patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """The most client connections Redis held, divided by the pods."""
    clients = seen.summed("redis.clients")
    if clients is None or not seen.pods:
        return Unavailable("no reading of Redis connections in the measured time")
    return _gauge(seen, clients / len(seen.pods), statistic, "Redis connections", "connections")


def pod_cpu_per_request(
    seen: Observation, statistic: str, patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """CPU milliseconds of the pods per request they answered, whatever the answer."""
    found = _ratio(seen, pod_cpu(seen), seen.summed("pod.*.requests"), "CPU of the pods")
    if isinstance(found, Unavailable):
        return found
    value, bounds, requests = found
    return Measured(1000 * value, "ms", round(requests), "requests", bounds.scaled(1000))


def gauge(metric: str) -> Measure:
    """How to measure a gauge that every pod has: the worst pod of each second."""
    pattern, unit = _GAUGES[metric]

    def measure(
        seen: Observation, statistic: str, patterns: Sequence[str]
    ) -> Measured | Unavailable:
        columns = [pattern.format(pod=pod) for pod in seen.pods]
        return _gauge(seen, seen.largest(*columns), statistic, metric.replace("_", " "), unit)

    return measure


def pod_memory(
    seen: Observation, statistic: str, patterns: Sequence[str] = ()
) -> Measured | Unavailable:
    """The memory of the largest pod; services are read in turns, so a reading stands a while."""
    held = seen.held("service.*.memory")
    columns = [name for pod in seen.pods if (name := f"service.{pod}.memory") in held]
    largest = seen.measured(held[columns]).max(axis=1).dropna() if columns else None
    return _gauge(seen, largest, statistic, "memory of the pods", "bytes")


def rate(pattern: str) -> Measure:
    """How to measure the mean per second of a counter, summed over its instances."""
    from capacity.series import SERIES

    known = {
        name.replace("{service}", "*").replace("{pod}", "*"): of for name, of in SERIES.items()
    }
    unit = known[pattern][0].replace("requests/s", "req/s")

    def measure(
        seen: Observation, statistic: str, patterns: Sequence[str]
    ) -> Measured | Unavailable:
        return _gauge(seen, seen.summed(pattern), statistic, pattern, unit)

    return measure


def _gauge(
    seen: Observation, series: "pd.Series[float] | None", statistic: str, what: str, unit: str
) -> Measured | Unavailable:
    lacking = thin(seen, series, what)
    if lacking or series is None:
        return lacking or Unavailable(f"no reading of {what}")
    readings = series.tolist()
    if statistic == "max":
        return Measured(max(readings), unit, len(readings), "readings", None)
    value, bounds = ratio(readings, [1.0] * len(readings))
    return Measured(value, unit, len(readings), "readings", bounds)
