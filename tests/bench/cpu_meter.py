"""CPU of every tier of a running stack, to the nanosecond, less what it spends doing nothing."""

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean

import psutil

from stack.state import Running

TIERS = {
    "backend": "pods",
    "nginx": "nginx",
    "pgbouncer": "pgbouncer",
    "primary": "primary",
    "replica": "replicas",
    "redis": "redis",
}
"""How a service's name begins -> the tier it is of."""

Cost = Mapping[str, float]
"""Tier -> CPU milliseconds."""

_SCHEDULED = 2
"""Linux' number for a clock of the time that a process was running, all its threads together."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What every tier had spent at one moment (seconds of the monotonic clock)."""

    at: float
    spent: Cost

    def since(self, before: "Reading", idle: Cost) -> Cost:
        """What was spent since `before`, less `idle` milliseconds a second."""
        took = self.at - before.at
        return {tier: self.spent[tier] - before.spent[tier] - took * idle[tier] for tier in idle}


class Meter:
    """Reads the clocks of a stack's processes: those there are when `look` last looked."""

    def __init__(self, running: Running) -> None:
        self._roots: dict[str, list[int]] = defaultdict(list)
        for name, service in running.services.items():
            for start, tier in TIERS.items():
                if name.startswith(start):
                    self._roots[tier].append(service.pid)
        self._last: dict[int, int] = {}
        self._spent: dict[str, float] = dict.fromkeys(TIERS.values(), 0.0)
        self._watched: list[tuple[str, int]] = []
        self.look()
        self._last = {pid: _clock(pid) or 0 for _, pid in self._watched}

    def look(self) -> None:
        """Watch what processes there are now. Takes some milliseconds, so not while measuring."""
        self._watched = [
            (tier, process.pid)
            for tier, roots in self._roots.items()
            for root in roots
            for process in (psutil.Process(root), *psutil.Process(root).children(recursive=True))
        ]

    def read(self) -> Reading:
        """What is spent by now. One that has ended adds nothing from then on."""
        for tier, pid in self._watched:
            now = _clock(pid)
            if now is not None:
                self._spent[tier] += (now - self._last.get(pid, 0)) / 1e6
                self._last[pid] = now
        return Reading(time.monotonic(), dict(self._spent))

    def rest(self, seconds: float) -> Cost:
        """Do nothing for a while: what every tier spends on that, in milliseconds a second."""
        self.look()
        before = self.read()
        time.sleep(seconds)
        after = self.read()
        took = after.at - before.at
        return {tier: (after.spent[tier] - before.spent[tier]) / took for tier in before.spent}


def between(*rests: Cost) -> Cost:
    """The mean of some rests."""
    return {tier: mean(rest[tier] for rest in rests) for tier in rests[0]}


def _clock(pid: int) -> int | None:
    """Nanoseconds that a process was running; None when it has ended."""
    try:
        # As clock_getcpuclockid(3) makes it.
        return time.clock_gettime_ns((~pid << 3) | _SCHEDULED)
    except OSError:
        return None
