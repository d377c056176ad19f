"""A person's own service: started by their command, watched, always ended."""

import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from capacity.errors import UsageError
from capacity.probes import Probe
from stack import ports
from stack.errors import StackError
from stack.probes.machine import MachineProbe
from stack.probes.services import ServicesProbe
from stack.processes import alive, descendants, dying_with_parent, identity
from stack.rewriting import LOOPBACK
from stack.state import ProcessId, ServiceState

PORT = "{port}"
"""Where a command wants its port; it also finds it in the environment variable PORT."""
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.02
_TAIL_LINES = 15


@dataclass(frozen=True, slots=True)
class Command:
    """How a service is started: the command line, where, and what it is called."""

    name: str
    line: str
    folder: Path

    @property
    def words(self) -> list[str]:
        """The command line as a shell would split it; nothing else a shell does happens."""
        try:
            words = shlex.split(self.line)
        except ValueError as error:
            raise UsageError(f"--{self.name}-cmd {self.line!r}: {error}") from error
        if not words:
            raise UsageError(
                f"--{self.name}-cmd is empty: give the command that starts the service"
            )
        return words


@dataclass(frozen=True, slots=True)
class Service:
    """A command that runs and listens."""

    url: str
    state: ServiceState

    def probes(self) -> list[Probe]:
        """What is watched of it: CPU and memory of all its processes, and the machine."""
        return [MachineProbe(), ServicesProbe([self.state])]


def free_port(folder: Path, name: str) -> int:
    """A free port for a service of this name; two services started at once get two."""
    return ports.choose(folder / name, [name], {}, {})[name]


@contextmanager
def started(command: Command, port: int, log: Path) -> Iterator[Service]:
    """The service, listening on 127.0.0.1 at `port`; ended afterwards with all it started.

    Raises `StackError` with the last lines of its log when it ends or does not listen in time.
    """
    if not ports.is_free(port):
        raise StackError(f"port {port}, wanted for {command.name}, is taken")
    with log.open("ab") as output:
        process = _start(command, port, output)
    try:
        began = identity(process.pid) or 0.0
        _until_it_listens(command, process, port, log)
        yield Service(
            f"http://{LOOPBACK}:{port}",
            ServiceState(
                name=command.name,
                service=command.name,
                kind="command",
                process=ProcessId(pid=process.pid, began=began),
                port=port,
                ports={port: port},
                urls={},
                log=log,
                started_at=time.time(),
            ),
        )
    finally:
        _end(process)


def _start(command: Command, port: int, output: IO[bytes]) -> "subprocess.Popen[bytes]":
    words = [word.replace(PORT, str(port)) for word in command.words]
    try:
        return subprocess.Popen(
            words,
            cwd=command.folder,
            env={**os.environ, "PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=dying_with_parent(signal.SIGTERM, None),  # noqa: PLW1509 - no threads yet
        )
    except OSError as error:
        raise StackError(f"cannot start {words[0]} for {command.name}: {error.strerror}") from error


def _until_it_listens(
    command: Command, process: "subprocess.Popen[bytes]", port: int, log: Path
) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
            return
        if process.poll() is not None:
            raise StackError(
                f"the command of {command.name} ended with {process.returncode} before it "
                f"listened on port {port}",
                _tail(log),
            )
        if time.monotonic() > deadline:
            raise StackError(
                f"the command of {command.name} does not listen on port {port} after "
                f"{_START_SECONDS:.0f} s; it finds its port in $PORT and as {PORT} on its line",
                _tail(log),
            )
        time.sleep(_POLL_SECONDS)


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-_TAIL_LINES:])


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the command's whole session, and what left it: ask, then kill."""
    family = descendants(process.pid)
    _signal(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    _signal(process, signal.SIGKILL)
    process.wait()
    for pid, began in family.items():
        if alive(pid, began):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    # the error means that the whole group is gone
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
