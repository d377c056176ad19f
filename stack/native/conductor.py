"""Starts a native stack in the order its services depend on each other, and stops it.

Everything runs in one event loop in one thread: the kernel's promise to end a child
with its parent holds for the thread that started it.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from stack.errors import StackError
from stack.native.adapter import Adapter
from stack.native.site import NativeStack
from stack.processes import identity, spawn
from stack.state import ProcessId, ServiceState

_POLL_SECONDS = 0.05
_TAIL_LINES = 15
_TOLD_SECONDS = 2.0
_KILLED_SECONDS = 5.0

Progress = Callable[[str], None]


class Conductor:
    """The processes of one stack, from the first to the last."""

    def __init__(self, stack: NativeStack, progress: Progress) -> None:
        self._stack = stack
        self._progress = progress
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._passing: set[asyncio.subprocess.Process] = set()
        self._logs: dict[str, IO[bytes]] = {}
        self._done: dict[str, asyncio.Event] = {}
        self._started_at: dict[str, float] = {}
        self.states: dict[str, ServiceState] = {}

    async def start(self) -> None:
        """Start everything; return when all is ready.

        Raises `StackError` of the first service that fails; what had started is left to
        `stop`.
        """
        self._done = {name: asyncio.Event() for name in self._stack.adapters}
        for adapter in self._stack.adapters.values():
            adapter.words()  # a missing program is better met before anything runs
        try:
            async with asyncio.TaskGroup() as group:
                for adapter in self._stack.adapters.values():
                    group.create_task(self._bring_up(adapter))
        except ExceptionGroup as failed:
            told = failed.subgroup(StackError)
            if told is None:
                raise
            raise told.exceptions[0] from None

    async def start_again(self, name: str) -> None:
        """Start a service that has ended; return when it is ready.

        Raises `StackError` when it still runs, is none, or does not get ready.
        """
        adapter, process = self._stack.adapters.get(name), self._processes.get(name)
        if adapter is None or process is None:
            raise StackError(f"no service {name} runs in this stack")
        # One that has just ended may not have been told of yet.
        with suppress(TimeoutError):
            async with asyncio.timeout(_TOLD_SECONDS):
                await process.wait()
        if process.returncode is None:
            raise StackError(f"{name} still runs")
        self._logs[name].close()
        try:
            await self._start(adapter, adapter.log.open("ab", buffering=0))
        except OSError as error:
            raise StackError(f"{name} did not start: {error}") from None

    async def stop(self) -> list[str]:
        """Stop everything, those that use others first. Returns what had to be killed."""
        for process in list(self._passing):
            _signal(process, signal.SIGKILL)
        killed: list[str] = []
        for wave in self._waves():
            ends = (self._end(self._stack.adapters[name]) for name in wave)
            killed += [name for name in await asyncio.gather(*ends) if name]
        for log in self._logs.values():
            log.close()
        return killed

    def exited(self) -> dict[str, int]:
        """The services that have ended by themselves -> their exit status."""
        return {
            name: process.returncode
            for name, process in self._processes.items()
            if process.returncode is not None and not self._stack.adapters[name].runs_once
        }

    async def _bring_up(self, adapter: Adapter) -> None:
        for needed in self._needs(adapter):
            await self._done[needed].wait()
        try:
            await self._start(adapter, self._open_log(adapter))
        except OSError as error:
            # A full disk, a folder of somebody else's, a program that cannot be run.
            raise StackError(f"{adapter.name} did not start: {error}") from None

    async def _start(self, adapter: Adapter, log: IO[bytes]) -> None:
        self._logs[adapter.name] = log
        words = adapter.words()
        adapter.lay_out()

        async def run(command: Sequence[str], environment: Mapping[str, str]) -> None:
            await self._run(adapter, command, environment)

        await adapter.prepare(run)
        began = time.monotonic()
        self._started_at[adapter.name] = time.time()
        process = await spawn(
            words,
            environment=adapter.environment(),
            folder=adapter.working_folder(),
            log=log,
            user=adapter.user,
            death_signal=adapter.death_signal,
            open_files=adapter.service.open_files,
        )
        self._processes[adapter.name] = process
        await self._wait(adapter, process)
        await adapter.finish(run)
        if not adapter.runs_once:
            self.states[adapter.name] = self._state(adapter, process)
        self._progress(f"{adapter.name} {_readiness(adapter)} ({time.monotonic() - began:.1f} s)")
        self._done[adapter.name].set()

    def _needs(self, adapter: Adapter) -> list[str]:
        """The running instances of the services it depends on."""
        return [
            other.name
            for other in self._stack.adapters.values()
            if other.service.name in adapter.service.depends_on
        ]

    def _open_log(self, adapter: Adapter) -> IO[bytes]:
        # Append: a server and its children write it at once. Emptied: its last lines are
        # to be of this start.
        adapter.log.write_bytes(b"")
        return adapter.log.open("ab", buffering=0)

    async def _run(
        self, adapter: Adapter, words: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        process = await spawn(
            words,
            environment=environment,
            folder=adapter.folder,
            log=self._logs[adapter.name],
            user=adapter.user,
            death_signal=signal.SIGKILL,
        )
        self._passing.add(process)
        try:
            status = await process.wait()
        finally:
            _signal(process, signal.SIGKILL)
            self._passing.discard(process)
        if status != 0:
            raise StackError(
                f"{adapter.name} could not be made ready: {Path(words[0]).name} {_ending(status)}",
                tail(adapter.log),
            )

    async def _wait(self, adapter: Adapter, process: asyncio.subprocess.Process) -> None:
        deadline = time.monotonic() + adapter.patience_s
        while time.monotonic() < deadline:
            if process.returncode is not None:
                if adapter.runs_once and process.returncode == 0:
                    return
                raise StackError(
                    f"{adapter.name} did not start: it {_ending(process.returncode)}",
                    tail(adapter.log),
                )
            if await adapter.ready():
                return
            await asyncio.sleep(_POLL_SECONDS)
        raise StackError(
            f"{adapter.name} was not ready after {adapter.patience_s:.0f} s", tail(adapter.log)
        )

    def _state(self, adapter: Adapter, process: asyncio.subprocess.Process) -> ServiceState:
        began = identity(process.pid)
        if began is None:
            raise StackError(f"{adapter.name} ended right after its start", tail(adapter.log))
        return ServiceState(
            name=adapter.name,
            service=adapter.service.name,
            kind=adapter.service.kind,
            process=ProcessId(pid=process.pid, began=began),
            port=adapter.main_port,
            ports=dict(adapter.ports),
            urls=adapter.urls(),
            log=adapter.log,
            started_at=self._started_at[adapter.name],
            metrics_folder=adapter.metrics_folder(),
        )

    def _waves(self) -> list[list[str]]:
        """Started instances, in groups: each group is used only by those before it."""
        left = {name: self._stack.adapters[name] for name in self._processes}
        uses = {name: adapter.uses() for name, adapter in left.items()}
        waves = []
        while left:
            used = set[str]().union(*(uses[name] for name in left))
            wave = [name for name, one in left.items() if one.service.name not in used]
            wave = wave or list(left)
            waves.append(wave)
            for name in wave:
                del left[name]
        return waves

    async def _end(self, adapter: Adapter) -> str | None:
        """Stop one process; its name if it had to be killed."""
        process = self._processes[adapter.name]
        _signal(process, signal.Signals[adapter.service.stop_signal])
        with suppress(TimeoutError):
            async with asyncio.timeout(adapter.service.stop_grace_s):
                await process.wait()
            return None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(TimeoutError):
            async with asyncio.timeout(_KILLED_SECONDS):
                await process.wait()
        return adapter.name


def tail(log: Path, lines: int = _TAIL_LINES) -> str:
    """The last lines of a log."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.send_signal(number)


def _readiness(adapter: Adapter) -> str:
    if adapter.runs_once:
        return "done"
    return f"ready on port {adapter.main_port}" if adapter.ports else "ready"


def _ending(status: int) -> str:
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"exited with status {status}"
