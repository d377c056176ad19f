"""Where a run happened: commit, machine and versions, read from the machine itself."""

import os
import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import psutil

from capacity.run import Machine, Where

_LIBRARIES = ("locust", "fastapi", "gunicorn", "uvloop", "sqlalchemy", "asyncpg", "redis")


def where(
    source: Path,
    *,
    topology: Mapping[str, int | float | str | bool] | None = None,
    servers: Mapping[str, str] | None = None,
) -> Where:
    """The fingerprint of a run started from the checkout `source`.

    `topology` and `servers` describe the stack under test; leave them out for a
    system that is not ours. Without git, commit and dirty are None.
    """
    commit = _git(source, "rev-parse", "HEAD")
    changes = _git(source, "status", "--porcelain") if commit else None
    return Where(
        commit=commit,
        dirty=None if changes is None else bool(changes),
        machine=_machine(),
        versions={"hmb": metadata.version("hmb"), **_libraries(), **(servers or {})},
        topology=None if topology is None else dict(topology),
    )


def _git(source: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(source), *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _machine() -> Machine:
    return Machine(
        cpu_model=_cpu_model(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else _cores(),
        memory_bytes=psutil.virtual_memory().total,
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
    )


def _cores() -> int:
    return os.cpu_count() or 1


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _libraries() -> dict[str, str]:
    return {name: metadata.version(name) for name in _LIBRARIES}
