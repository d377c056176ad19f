"""What the app counts, for Prometheus.

Every worker process writes its own files (PROMETHEUS_MULTIPROC_DIR, read by
prometheus-client itself) and any worker can answer for all of them. Children
of labelled metrics are looked up once and kept: a lookup costs more than the
increment. Gauges are flushed by `ticker`, not on every change.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from time import monotonic

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from reference_app.kit.resources import Resources

LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds in seconds; the blueprint's limits are among them."""

_requests = Counter("http_requests_total", "Requests answered.", ["method", "route", "status"])
_durations = Histogram(
    "http_request_duration_seconds",
    "From the request's arrival in the worker to the end of its response.",
    ["method", "route"],
    buckets=LATENCY_BUCKETS,
)
_cpu = Counter(
    "http_request_cpu_seconds_total",
    "CPU of the workers in the steps of requests' tasks, of some requests for all of them, and in "
    "threads that hash passwords for them.",
    ["method", "route"],
)
_chores = Counter("chore_cpu_seconds_total", "CPU of the workers in chores' own tasks.", ["chore"])
_served = Counter(
    "served_requests_total", "Requests by the deepest layer they touched, probes apart.", ["source"]
)
_lookups = Counter(
    "cache_lookups_total",
    "Cache lookups by the layer that answered, and by what was looked up.",
    ["layer", "of"],
)
_db_sessions = Counter("db_sessions_total", "Database sessions opened.", ["target"])
_rate_limited = Counter("rate_limited_total", "Requests refused by a rate limit.", ["group"])
_overloaded = Counter(
    "requests_overloaded_total",
    "Requests refused because as many as can be done in time were under way.",
    ["group"],
)
_limit_unchecked = Counter(
    "rate_limit_unchecked_total", "Requests let through because Redis did not answer.", ["group"]
)
cache_renewals = Counter(
    "cache_renewals_total", "Cached values that were loaded anew before they had run out."
)
_letters = Counter("letters_total", "Letters to people, by what became of them.", ["outcome"])

redis_failures = Counter("redis_failures_total", "Redis commands that failed or were not tried.")
replica_skips = Counter("replica_skips_total", "Reads that moved on from a server that failed.")
deliveries_delayed = Counter(
    "redis_deliveries_delayed_total", "Announcements that Redis did not take at once."
)
sessions_unchecked = Counter(
    "sessions_unchecked_total", "Access tokens taken while nobody told of ended sessions."
)
sessions_refused = Counter("sessions_refused_total", "Access tokens of sessions that had ended.")

_views = Counter(
    "views_total",
    "Views by how far their counting got.",
    ["of", "stage"],
)

_ad_counts_lost = Counter(
    "ad_counts_lost_total", "Impressions and clicks that Redis did not take.", ["kind"]
)

_pool_in_use = Gauge("db_pool_in_use", "Database connections in use.", multiprocess_mode="livesum")
_pool_waiting = Gauge(
    "db_pool_waiting", "Requests waiting for a database connection.", multiprocess_mode="livesum"
)
_pool_limit = Gauge(
    "db_pool_limit", "Most database connections that may be open.", multiprocess_mode="livesum"
)
_loop_lag = Gauge(
    "event_loop_lag_seconds",
    "Worst delay of the event loop in the last second.",
    multiprocess_mode="livemax",
)
_replica_lag = Gauge(
    "replica_lag_seconds",
    "How far a replica is behind, as a worker last saw it.",
    ["replica"],
    multiprocess_mode="livemax",
)
_in_flight = Gauge("requests_in_flight", "Requests being answered.", multiprocess_mode="livesum")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER_METHOD = "other"

LAYERS = ("app", "l1", "l2", "db")
"""Where a response came from, from shallow to deep; the index is the depth."""

served = tuple(_served.labels(layer) for layer in LAYERS)
letters_sent, letters_dropped, letters_failed = (
    _letters.labels(outcome) for outcome in ("sent", "dropped", "failed")
)
session_replica, session_primary_read, session_write = (
    _db_sessions.labels(target) for target in ("replica", "primary_read", "write")
)


# Known from the start, so that the first of each is a rise that can be seen.
for _group in ("requests", "passwords"):
    _overloaded.labels(_group)
for _kind in ("impressions", "clicks"):
    _ad_counts_lost.labels(_kind)


def chore_used(name: str, seconds: float) -> None:
    """Count CPU `seconds` of a chore."""
    _chores.labels(name).inc(seconds)


def rate_limited(group: str) -> None:
    """Count a refusal of the rate limit `group`."""
    _rate_limited.labels(group).inc()


def overloaded(group: str) -> None:
    """Count a request that was one too many: of `requests`, or of password hashes."""
    _overloaded.labels(group).inc()


def rate_limit_unchecked(group: str) -> None:
    """Count a request that the rate limit `group` could not check."""
    _limit_unchecked.labels(group).inc()


def ad_counts_lost(kind: str, many: int) -> None:
    """Count `impressions` or `clicks` that no statistics will know of."""
    _ad_counts_lost.labels(kind).inc(many)


def replica_lag(replica: str, seconds: float) -> None:
    """Note how far a replica is behind; infinitely, when it does not answer."""
    _replica_lag.labels(replica).set(seconds)


@dataclass(frozen=True, slots=True)
class ViewCounters:
    """How far the counting of one kind of view got."""

    handed_over: Counter
    written: Counter
    lost: Counter


def views(of: str) -> ViewCounters:
    """The counters of one kind of view."""
    return ViewCounters(*(_views.labels(of, stage) for stage in ("handed_over", "written", "lost")))


@dataclass(frozen=True, slots=True)
class LookupCounters:
    """Which layer answered the lookups of one kind of value."""

    l1: Counter
    l2: Counter
    miss: Counter


@cache
def lookups(of: str) -> LookupCounters:
    """The counters of one kind of value. There must be few kinds."""
    return LookupCounters(*(_lookups.labels(layer, of) for layer in ("l1", "l2", "miss")))


class RequestCounters:
    """Counts one worker's requests."""

    def __init__(self) -> None:
        self.in_flight = 0
        self._requests: dict[tuple[str, str, int], Counter] = {}
        self._durations: dict[tuple[str, str], Histogram] = {}
        self._cpu: dict[tuple[str, str], Counter] = {}

    def finished(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request of `route` (its pattern, never the raw path)."""
        try:
            self._requests[method, route, status].inc()
            self._durations[method, route].observe(seconds)
        except KeyError:
            if method not in _METHODS:
                # Clients make up methods; each would be a series of its own for ever.
                method = _OTHER_METHOD
            self._requests[method, route, status] = _requests.labels(method, route, str(status))
            self._durations[method, route] = _durations.labels(method, route)
            self._requests[method, route, status].inc()
            self._durations[method, route].observe(seconds)

    def used(self, method: str, route: str, seconds: float) -> None:
        """Count CPU `seconds` of requests of `route`."""
        try:
            self._cpu[method, route].inc(seconds)
        except KeyError:
            if method not in _METHODS:
                method = _OTHER_METHOD
            self._cpu[method, route] = _cpu.labels(method, route)
            self._cpu[method, route].inc(seconds)


class Ticker:
    """Watches the event loop ten times a second and writes the gauges once a second."""

    _PERIOD_S = 0.1
    _TICKS_PER_FLUSH = 10

    def __init__(self, requests: RequestCounters, pools: Callable[[], tuple[int, int, int]]):
        """`pools` tells connections in use, requests waiting, and the limit."""
        self._requests = requests
        self._pools = pools
        self._resources = Resources()

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            worst = 0.0
            for _ in range(self._TICKS_PER_FLUSH):
                before = monotonic()
                await asyncio.sleep(self._PERIOD_S)
                worst = max(worst, monotonic() - before - self._PERIOD_S)
            in_use, waiting, limit = self._pools()
            _loop_lag.set(worst)
            _in_flight.set(self._requests.in_flight)
            _pool_in_use.set(in_use)
            _pool_waiting.set(waiting)
            _pool_limit.set(limit)
            self._resources.update()


def exposition(multiprocess: bool) -> bytes:
    """The metrics in Prometheus text: this pod's with `multiprocess`, else this process's."""
    if not multiprocess:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


EXPOSITION_TYPE = CONTENT_TYPE_LATEST
