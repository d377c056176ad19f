"""What a worker uses of its pod's CPU and memory, and how much the pod may use.

The limits are the control group's (version 2) where there is one, as in a container,
else the whole machine's.
"""

import os
from pathlib import Path
from time import process_time

from prometheus_client import Counter, Gauge

_GROUP = Path("/sys/fs/cgroup")
_MEMORY_EVERY = 30
"""Of so many seconds memory is read once: that walks page tables."""

_cpu = Counter("pod_cpu_seconds_total", "CPU seconds the pod's workers used.")
_memory = Gauge(
    "pod_memory_bytes",
    "Memory of the pod's workers; a page they share counts once.",
    multiprocess_mode="livesum",
)
_cpu_limit = Gauge("pod_cpu_limit_cores", "CPU cores the pod may use.", multiprocess_mode="livemax")
_memory_limit = Gauge(
    "pod_memory_limit_bytes", "Memory the pod may use.", multiprocess_mode="livemax"
)


class Resources:
    """Keeps the metrics of one worker up to date; `update` is called once a second."""

    def __init__(self, group: Path = _GROUP) -> None:
        self._cpu_s = 0.0
        self._updates = 0
        _cpu_limit.set(cpu_limit(group))
        _memory_limit.set(memory_limit(group))

    def update(self) -> None:
        """Read what this worker uses."""
        cpu_s = process_time()
        _cpu.inc(cpu_s - self._cpu_s)
        self._cpu_s = cpu_s
        if self._updates % _MEMORY_EVERY == 0:
            _memory.set(_proportional_bytes())
        self._updates += 1


def cpu_limit(group: Path) -> float:
    """The cores of the control group in the folder `group`, else the machine's."""
    quota, _, period = _text(group / "cpu.max").partition(" ")
    if quota.isdigit() and period.isdigit():
        return int(quota) / int(period)
    return float(os.cpu_count() or 1)


def memory_limit(group: Path) -> int:
    """The bytes of the control group in the folder `group`, else the machine's."""
    most = _text(group / "memory.max")
    if most.isdigit():
        return int(most)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except OSError:
        return ""


def _proportional_bytes() -> int:
    for line in _text(Path("/proc/self/smaps_rollup")).splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
