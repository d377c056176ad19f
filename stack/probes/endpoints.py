"""CPU of the pods by endpoint, as their workers time one request in some: all pods together.

From what the pods' probes have just read, once for all of them: a series for each endpoint
and pod would make most of a timeline.
"""

from collections.abc import Iterator, Sequence

from capacity.probes import Kind, ProbeError, Reading
from stack.probes.pods import PodProbe


class EndpointProbe:
    """What requests of each endpoint took of the pods' CPU, those of ended workers included.

    Sampled after `pods`. One that does not answer counts as it did when last read.
    """

    def __init__(self, pods: Sequence[PodProbe]) -> None:
        self.name = "endpoints"
        self._pods = pods

    def sample(self) -> Iterator[Reading]:
        """Add up the pods. An endpoint nobody asked for has no series yet."""
        totals: dict[str, float] = {}
        for pod in self._pods:
            if pod.cpu_by_endpoint is None:
                # its whole past would come in one second, later
                raise ProbeError(f"{pod.name} has not been read yet")
            for endpoint, seconds in pod.cpu_by_endpoint.items():
                totals[endpoint] = totals.get(endpoint, 0.0) + seconds
        for endpoint, total in totals.items():
            yield Reading(f"endpoint.{endpoint}.cpu", total, Kind.COUNTER)

    def close(self) -> None:
        """Nothing is held."""
