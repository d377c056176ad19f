"""Processes that die with their parent, and telling a process from another of its number."""

import asyncio
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

from stack.places import User

_SET_PARENT_DEATH_SIGNAL = 1
_START_TIME_FIELD = 19
"""Of /proc/PID/stat, counted after the command's closing bracket."""


def identity(pid: int) -> float | None:
    """When process `pid` began, in units of its own; None when it is gone or a zombie.

    Two processes that have the same number one after the other differ in this.
    """
    if not sys.platform.startswith("linux"):
        return _identity_elsewhere(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    # Clock ticks since the machine started: no change of the clock touches them.
    return None if fields[0] in "ZX" else float(fields[_START_TIME_FIELD])


def alive(pid: int, began: float) -> bool:
    """Whether the process that had this number then still lives."""
    return identity(pid) == began


def descendants(pid: int) -> dict[int, float]:
    """Every process below `pid` -> when it began."""
    try:
        children = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return {}
    found = {child.pid: identity(child.pid) for child in children}
    return {number: began for number, began in found.items() if began is not None}


def _identity_elsewhere(pid: int) -> float | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None


def _libc_prctl() -> Callable[[int, int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    return lambda option, value: int(libc.prctl(option, value, 0, 0, 0))


_prctl = _libc_prctl()


def dying_with_parent(death_signal: signal.Signals, open_files: int | None) -> Callable[[], None]:
    """What a child runs before its program: it asks for `death_signal` at our death.

    The kernel forgets the request when the user changes, so this belongs after that;
    `subprocess` runs it there. It must be called from the main thread: the signal comes
    when the thread that started the child ends. `open_files` raises that limit.
    """
    parent = os.getpid()

    def before_program() -> None:
        if open_files is not None:
            _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(open_files, hard), hard))
        if _prctl is not None:
            _prctl(_SET_PARENT_DEATH_SIGNAL, int(death_signal))
        if os.getppid() != parent:
            os._exit(1)

    return before_program


async def spawn(
    words: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    log: IO[bytes],
    user: User | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
    open_files: int | None = None,
) -> asyncio.subprocess.Process:
    """Start a program in a session of its own, writing to `log`, that dies with us.

    Raises OSError when the program cannot be started.
    """
    return await asyncio.create_subprocess_exec(
        *words,
        env=dict(environment),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        user=None if user is None else user.uid,
        group=None if user is None else user.gid,
        extra_groups=None if user is None else [],
        preexec_fn=dying_with_parent(death_signal, open_files),
    )
