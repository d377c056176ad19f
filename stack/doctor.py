"""What this machine has of what hmb wants, and how to get what is missing."""

import os
import resource
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from stack import servers
from stack.outcome import Outcome, State, judged, passed

_PYTHON = (3, 11)
_CORES = 2
_MEMORY = 4 * 2**30
_DISK = 5 * 2**30
_OPEN_FILES = 65_536
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_COMPOSE = Path("/usr/libexec/docker/cli-plugins/docker-compose")
_SERVERS = (
    *(servers.POSTGRES, servers.PGBOUNCER, servers.REDIS),
    *(servers.NGINX, servers.OPENSSL, servers.PROMETHEUS),
)
_OPTIONAL = (servers.PROMETHEUS,)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing, what came of looking at it, and how to get it when it is not as it should be."""

    what: str
    outcome: Outcome
    mend: str


def look(home: Path) -> Iterator[Finding]:
    """All there is to look at, for a stack kept in `home`."""
    yield _python()
    yield from (_server(one) for one in _SERVERS)
    yield _loopback()
    yield _open_files()
    yield _cores()
    yield _memory()
    yield _disk(home)
    yield _pages(home)
    yield _docker()
    yield _browser()


def _wanted(holds: bool, what: str, seen: str, mend: str) -> Finding:
    outcome = passed(seen) if holds else Outcome(State.WANTED, seen)
    return Finding(what, outcome, "" if holds else mend)


def _needed(holds: bool, what: str, seen: str, mend: str) -> Finding:
    return Finding(what, judged(holds, seen), "" if holds else mend)


def _python() -> Finding:
    seen = ".".join(str(part) for part in sys.version_info[:3])
    wanted = ".".join(str(part) for part in _PYTHON)
    return _needed(sys.version_info[:2] >= _PYTHON, "Python", seen, f"install Python {wanted}")


def _server(server: servers.Server) -> Finding:
    mend = f"apt install {server.debian}, or brew install {server.homebrew}"
    judge = _wanted if server in _OPTIONAL else _needed
    if servers.find(server.program) is None:
        return judge(False, server.program, "not installed", f"make servers, or {mend}")
    return judge(True, server.program, servers.version(server), "")


def _loopback() -> Finding:
    try:
        with socket.create_server(("127.0.0.1", 0)) as made:
            port = made.getsockname()[1]
    except OSError as error:
        return _needed(
            False, "ports", f"none on 127.0.0.1: {error.strerror}", "allow listening there"
        )
    return _needed(True, "ports", f"free ones on 127.0.0.1, as {port}", "")


def _open_files() -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    holds = hard == resource.RLIM_INFINITY or hard >= _OPEN_FILES
    seen = f"{soft} now, {'no limit' if hard == resource.RLIM_INFINITY else hard} at most"
    return _wanted(
        holds, "open files", seen, f"let the limit be {_OPEN_FILES}: ulimit -Hn, limits.conf"
    )


def _cores() -> Finding:
    # those this process may run on, as a container's share is less than the machine
    count = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    mend = "on one core the generator takes what it measures"
    return _wanted(count >= _CORES, "cores", str(count), mend)


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    seen = f"{free / 2**30:.1f} GB available"
    return _wanted(free >= _MEMORY, "memory", seen, f"{_MEMORY / 2**30:g} GB hold the whole stack")


def _disk(home: Path) -> Finding:
    free = shutil.disk_usage(home).free
    seen = f"{free / 2**30:.1f} GB free at the checkout"
    return _wanted(free >= _DISK, "disk", seen, f"{_DISK / 2**30:g} GB hold data and records")


def _pages(home: Path) -> Finding:
    built = (home / "reference_app/frontend/dist/index.html").is_file()
    mend = "without them there is the API alone: make frontend, which needs Node 18 and npm"
    return _wanted(built, "board's pages", "built" if built else "not built", mend)


def _docker() -> Finding:
    program = servers.find("docker")
    composes = program and (
        servers.find("docker-compose")
        or any(
            path.exists() for path in (_COMPOSE, Path.home() / ".docker/cli-plugins/docker-compose")
        )
    )
    seen = "there, with compose" if composes else "no compose" if program else "not installed"
    mend = "only --engine compose needs it: apt install docker.io docker-compose"
    return _wanted(bool(composes), "Docker", seen, mend)


def _browser() -> Finding:
    found = next((one for one in _BROWSERS if servers.find(one)), None)
    mend = "only tests in a browser need it: apt install chromium"
    return _wanted(found is not None, "Chromium", found or "not installed", mend)
