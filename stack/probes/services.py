"""CPU and memory of every service, all its processes together.

One pass over /proc serves all services. CPU seconds include those of children that
have ended and were waited for, so that a backend or worker that comes and goes is not
lost. One that ends during the pass would count twice or not at all, as its CPU goes from it
to its parent: then all is read again. Memory is the proportional set size: a page shared by
ten processes counts a tenth in each. Two parts of it are told beside it. Shared segments
(Postgres' shared_buffers, nginx's zones) have their size from the start and fill. Pages of
files (programs and their libraries) are the kernel's to drop, and a service's share of them
rises when another program that had them mapped ends. Reading it walks page tables, so only a
few milliseconds' work is done per sample, one service after the other; a service's memory
thus appears every few seconds.
"""

import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from capacity.probes import Kind, ProbeError, Reading
from stack.state import ServiceState

_TICKS = os.sysconf("SC_CLK_TCK")
_MEMORY_SECONDS = 0.008
"""Of our own CPU time: a busy machine must not make memory a rare reading."""
# Of /proc/PID/stat, counted after the command's closing bracket; see proc(5).
_PARENT, _CPU, _NICE, _BEGAN = 1, slice(11, 15), 16, 19
_PROPORTIONS = (b"Pss", b"Pss_Shmem", b"Pss_File")
_ATTEMPTS = 5
"""So often all is read until no process of a service ended meanwhile; then its CPU is a gap."""
_GIVES_WAY = 5
"""Steps of niceness that make a program give way: the kernel allots it less than a third."""


@dataclass(frozen=True, slots=True)
class _Process:
    parent: int
    own_ticks: int
    ended_ticks: int
    """Of children that have ended."""
    nice: int
    began: float


@dataclass(frozen=True, slots=True)
class _Memory:
    """Bytes of the proportional set size; of them those of shared segments, and of files."""

    whole: int = 0
    shared: int = 0
    file: int = 0

    def __add__(self, other: "_Memory") -> "_Memory":
        return _Memory(self.whole + other.whole, self.shared + other.shared, self.file + other.file)


class ServicesProbe:
    """CPU counters of all services at each sample, memory gauges in turn."""

    name = "services"

    def __init__(self, services: Sequence[ServiceState]) -> None:
        self._services = services
        self._turns: deque[ServiceState] = deque()
        self._reading: ServiceState | None = None
        self._left: list[int] = []
        self._sum = _Memory()
        self._seen: dict[tuple[int, float], int] = {}
        self._yielded = 0

    def sample(self) -> Iterator[Reading]:
        """Read all CPU, and memory for as long as a sample may take."""
        for _ in range(_ATTEMPTS):
            before = self._ended()
            table = _processes()
            settled = dict(self._ended().items() & before.items())
            if len(settled) == len(before):
                break
        children: dict[int, list[int]] = {}
        for pid, process in table.items():
            children.setdefault(process.parent, []).append(pid)
        for service in self._services:
            family = _family(service, table, children)
            if family and service.name in settled:
                ticks = sum(table[pid].own_ticks + table[pid].ended_ticks for pid in family)
                yield Reading(f"service.{service.name}.cpu", ticks / _TICKS, Kind.COUNTER)
        yield Reading("machine.yielding", self._yielding(table) / _TICKS, Kind.COUNTER)
        yield from self._memory(table, children)

    def close(self) -> None:
        """Nothing is held."""

    def _ended(self) -> dict[str, int]:
        """CPU ticks of children that have ended, for every service that is there."""
        found = {one.name: _process(str(one.pid)) for one in self._services}
        return {name: process.ended_ticks for name, process in found.items() if process}

    def _yielding(self, table: dict[int, _Process]) -> int:
        """CPU ticks until now of programs so nice that the stack need not share with them."""
        ours = [table[one.pid].nice for one in self._services if one.pid in table]
        most = max(ours, default=0)
        nicer = {
            (pid, process.began): process.own_ticks
            for pid, process in table.items()
            if process.nice >= most + _GIVES_WAY
        }
        # by process, so that one that ends takes nothing back and one that is new adds no past
        self._yielded += sum(
            max(0, ticks - self._seen.get(who, ticks)) for who, ticks in nicer.items()
        )
        self._seen = nicer
        return self._yielded

    def _memory(
        self, table: dict[int, _Process], children: dict[int, list[int]]
    ) -> Iterator[Reading]:
        deadline = time.thread_time() + _MEMORY_SECONDS
        finished = 0
        while time.thread_time() < deadline and finished < len(self._services):
            if self._reading is None:
                if not self._turns:
                    self._turns.extend(self._services)
                self._reading = self._turns.popleft()
                self._left = _family(self._reading, table, children)
                self._sum = _Memory()
            while self._left and time.thread_time() < deadline:
                self._sum += _proportional(self._left.pop())
            if not self._left:
                finished += 1
                if self._sum.whole:
                    name = f"service.{self._reading.name}"
                    yield Reading(f"{name}.memory", self._sum.whole)
                    yield Reading(f"{name}.shared_memory", self._sum.shared)
                    yield Reading(f"{name}.file_memory", self._sum.file)
                self._reading = None


def _processes() -> dict[int, _Process]:
    table = {}
    try:
        with os.scandir("/proc") as entries:
            numbers = [entry.name for entry in entries if entry.name.isdigit()]
    except OSError as error:
        raise ProbeError(f"no /proc to read: {error}") from None
    for number in numbers:
        process = _process(number)
        if process is not None:
            table[int(number)] = process
    return table


def _process(number: str) -> _Process | None:
    try:
        with open(f"/proc/{number}/stat", "rb") as file:  # noqa: PTH123 - hundreds a second
            stat = file.read()
    except OSError:
        return None
    fields = stat.rpartition(b")")[2].split()
    user, system, ended_user, ended_system = (int(ticks) for ticks in fields[_CPU])
    return _Process(
        parent=int(fields[_PARENT]),
        own_ticks=user + system,
        ended_ticks=ended_user + ended_system,
        nice=int(fields[_NICE]),
        began=float(fields[_BEGAN]),
    )


def _family(
    service: ServiceState, table: dict[int, _Process], children: dict[int, list[int]]
) -> list[int]:
    """The service's first process and all below it; nothing when it is gone."""
    first = table.get(service.pid)
    if first is None or first.began != service.process.began:
        return []
    family = [service.pid]
    for pid in family:
        family.extend(children.get(pid, ()))
    return family


def _proportional(pid: int) -> _Memory:
    """Nothing for a process that is gone or that we may not look into."""
    found = {}
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:  # noqa: PTH123 - dozens a second
            for line in file:
                name, _, size = line.partition(b":")
                if name in _PROPORTIONS:
                    found[name] = int(size.split()[0]) * 1024
    except OSError:
        return _Memory()
    return _Memory(*(found.get(name, 0) for name in _PROPORTIONS))
