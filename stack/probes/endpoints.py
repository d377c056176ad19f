"""CPU of the pods by endpoint, as their workers time one request in some: all pods together.

Read from the files of `stack.probes.pods`, once for all of them: a series for each endpoint
and pod would make most of a timeline.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from prometheus_client.multiprocess import MultiProcessCollector

from capacity.probes import Kind, ProbeError, Reading
from stack.state import ServiceState

_COUNTER = "http_request_cpu_seconds_total"


class EndpointProbe:
    """What requests of each endpoint took of the pods' CPU, those of ended workers included."""

    def __init__(self, pods: Sequence[ServiceState]) -> None:
        self.name = "endpoints"
        self._folders = [pod.metrics_folder for pod in pods if pod.metrics_folder is not None]

    def sample(self) -> Iterator[Reading]:
        """Read the files. An endpoint nobody asked for has no series yet."""
        totals: dict[str, float] = {}
        for folder in self._folders:
            for endpoint, seconds in _seconds(folder):
                totals[endpoint] = totals.get(endpoint, 0.0) + seconds
        for endpoint, total in totals.items():
            yield Reading(f"endpoint.{endpoint}.cpu", total, Kind.COUNTER)

    def close(self) -> None:
        """Nothing is held."""


def _seconds(folder: Path) -> Iterator[tuple[str, float]]:
    files = [str(path) for path in folder.glob("counter_*.db")]
    try:
        found = list(MultiProcessCollector.merge(files))  # type: ignore[no-untyped-call]  # theirs
    except (OSError, RuntimeError, ValueError) as error:
        raise ProbeError(f"{folder}: {error}") from None
    for metric in found:
        for sample in metric.samples:
            if sample.name == _COUNTER:
                yield f"{sample.labels['method']} {sample.labels['route']}", sample.value
