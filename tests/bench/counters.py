"""What the workers of a running stack count, read from their own files."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.samples import Sample

from stack.state import Running


def counting_folders(running: Running) -> list[Path]:
    """Where the pods' workers count."""
    return [
        service.metrics_folder
        for name, service in running.services.items()
        if name.startswith("backend") and service.metrics_folder is not None
    ]


def counted(folders: Sequence[Path], name: str) -> Iterator[Sample]:
    """What the counter `name` stands at, by its labels, over all workers there ever were."""
    files = [str(file) for folder in folders for file in folder.glob("counter_*.db")]
    for metric in MultiProcessCollector.merge(files):  # type: ignore[no-untyped-call]  # theirs
        yield from (sample for sample in metric.samples if sample.name == name)
