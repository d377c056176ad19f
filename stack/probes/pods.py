"""A pod, by the files in which its workers keep their Prometheus metrics.

Its /metrics page says the same and more, but writing that page takes the pod some ten
milliseconds: once a second from every pod that would change what is being measured.
Reading the files costs half a millisecond, and costs it us.
"""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.samples import Sample

from capacity.probes import Kind, ProbeError, Reading
from stack.state import ServiceState

_LABELLED: Mapping[tuple[str, str], str] = {
    ("served_requests_total", "l1"): "served_l1",
    ("served_requests_total", "l2"): "served_l2",
    ("served_requests_total", "db"): "served_db",
    ("served_requests_total", "app"): "served_app",
    ("cache_lookups_total", "l1"): "cache_l1_hits",
    ("cache_lookups_total", "l2"): "cache_l2_hits",
    ("cache_lookups_total", "miss"): "cache_misses",
    ("db_sessions_total", "replica"): "reads_replica",
    ("db_sessions_total", "primary_read"): "reads_primary",
    ("db_sessions_total", "write"): "writes",
}
"""Counter and the value of one of its labels -> series."""
_SUMMED: Mapping[str, str] = {
    "served_requests_total": "requests",
    "rate_limited_total": "rate_limited",
    "cache_renewals_total": "cache_renewals",
}
"""Counter -> series of its sum over all labels."""
_BY_ENDPOINT: Mapping[str, str] = {
    "http_request_cpu_seconds_total": "cpu",
    "http_requests_total": "requests",
}
"""Counter -> series of its sum over all labels but the method and the route."""
_GAUGES: Mapping[str, str] = {
    "db_pool_in_use": "pool_in_use",
    "db_pool_waiting": "pool_waiting",
    "websocket_connections": "sockets",
    "db_pool_limit": "pool_limit",
    "event_loop_lag_seconds": "event_loop_lag",
}


class PodProbe:
    """What one pod's workers have done, all together, those that have ended included."""

    def __init__(self, service: ServiceState) -> None:
        self.name = service.name
        self.by_endpoint: Mapping[str, Mapping[str, float]] | None = None
        """Series -> method and route -> total, as last read; None before. `EndpointProbe`'s."""
        self._service = service

    def sample(self) -> Iterator[Reading]:
        """Read the files. What never happened yet counts as zero."""
        if not self._service.process.alive:
            raise ProbeError(f"{self.name} is not running")
        totals = dict.fromkeys([*_LABELLED.values(), *_SUMMED.values()], 0.0)
        gauges = dict.fromkeys(_GAUGES.values(), 0.0)
        # Histograms are most of the work, and none of them is in the timeline.
        samples = written(self._service, "counter", "gauge")
        for sample in samples:
            for label in sample.labels.values():
                if (sample.name, label) in _LABELLED:
                    totals[_LABELLED[sample.name, label]] += sample.value
            if sample.name in _SUMMED:
                totals[_SUMMED[sample.name]] += sample.value
            if sample.name in _GAUGES:
                gauges[_GAUGES[sample.name]] = sample.value
        self.by_endpoint = _by_endpoint(samples)
        for series, total in totals.items():
            yield Reading(f"pod.{self.name}.{series}", total, Kind.COUNTER)
        for series, value in gauges.items():
            yield Reading(f"pod.{self.name}.{series}", value)

    def close(self) -> None:
        """Nothing is held."""


def _by_endpoint(samples: Iterable[Sample]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {series: {} for series in _BY_ENDPOINT.values()}
    for sample in samples:
        if sample.name in _BY_ENDPOINT:
            totals = found[_BY_ENDPOINT[sample.name]]
            endpoint = f"{sample.labels['method']} {sample.labels['route']}"
            totals[endpoint] = totals.get(endpoint, 0.0) + sample.value
    return found


def written(pod: ServiceState, *kinds: str) -> list[Sample]:
    """What all workers a pod ever had wrote of these kinds of metrics. Raises `ProbeError`."""
    folder = pod.metrics_folder
    if folder is None:
        raise ProbeError(f"{pod.name} keeps no metrics")
    files = [str(path) for kind in kinds for path in folder.glob(f"{kind}_*.db")]
    if not files:
        # not the same as workers to whom nothing happened yet, who have files
        raise ProbeError(f"{pod.name} keeps no metrics in {folder}")
    try:
        found = list(MultiProcessCollector.merge(files))  # type: ignore[no-untyped-call]  # theirs
    except (OSError, RuntimeError, ValueError) as error:
        raise ProbeError(f"{pod.name}: {error}") from None
    return [sample for metric in found for sample in metric.samples]
