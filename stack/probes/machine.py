"""The whole machine's CPU."""

from collections.abc import Iterator

import psutil

from capacity.probes import Kind, Reading

_IDLE = {"idle", "iowait", "steal", "guest", "guest_nice"}
"""Not work of ours: guests are counted in user time already, steal is another's."""


class MachineProbe:
    """CPU busy and CPU taken away, as counters of seconds."""

    name = "machine"

    def sample(self) -> Iterator[Reading]:
        """Read the kernel's totals."""
        times = psutil.cpu_times()._asdict()
        busy = sum(seconds for name, seconds in times.items() if name not in _IDLE)
        yield Reading("machine.cpu", busy, Kind.COUNTER)
        yield Reading("machine.steal", times.get("steal", 0.0), Kind.COUNTER)

    def close(self) -> None:
        """Nothing is held."""
