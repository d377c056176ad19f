"""The pods by endpoint, all together: requests they answered, and CPU, of which they time some.

From what the pods' probes have just read, once for all of them: a series for each endpoint
and pod would make most of a timeline.
"""

from collections.abc import Iterator, Sequence

from capacity.probes import Kind, ProbeError, Reading
from stack.probes.pods import PodProbe


class EndpointProbe:
    """Requests of each endpoint that reached a pod, and their CPU; ended workers' included.

    Sampled after `pods`. One that does not answer counts as it did when last read.
    """

    def __init__(self, pods: Sequence[PodProbe]) -> None:
        self.name = "endpoints"
        self._pods = pods

    def sample(self) -> Iterator[Reading]:
        """Add up the pods. An endpoint nobody asked for has no series yet."""
        requests, cpu = self._summed("requests"), self._summed("cpu")
        for endpoint, total in requests.items():
            yield Reading(f"endpoint.{endpoint}.requests", total, Kind.COUNTER)
        # One that was asked for and not timed yet took none so far: both begin at one moment.
        untimed = dict.fromkeys(requests, 0.0) if cpu else {}
        for endpoint, total in (untimed | cpu).items():
            yield Reading(f"endpoint.{endpoint}.cpu", total, Kind.COUNTER)

    def _summed(self, series: str) -> dict[str, float]:
        totals: dict[str, float] = {}
        for pod in self._pods:
            if pod.by_endpoint is None:
                # its whole past would come in one second, later
                raise ProbeError(f"{pod.name} has not been read yet")
            for endpoint, total in pod.by_endpoint[series].items():
                totals[endpoint] = totals.get(endpoint, 0.0) + total
        return totals

    def close(self) -> None:
        """Nothing is held."""
