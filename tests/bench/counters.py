"""What the workers of a running stack count, read as the probes read it."""

from collections.abc import Iterator

from prometheus_client.samples import Sample

from stack.probes.pods import written
from stack.state import Running


def counted(running: Running, name: str) -> Iterator[Sample]:
    """What the counter `name` stands at in each pod, by its labels.

    Raises `capacity.probes.ProbeError` for a pod that counts nothing.
    """
    for service in running.services.values():
        if service.kind == "gunicorn":
            yield from (sample for sample in written(service, "counter") if sample.name == name)
