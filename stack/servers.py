"""The server programs the native engine needs: where they are, of which version.

Debian keeps Postgres' programs out of the PATH, and /usr/sbin is missing from an
ordinary user's.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from stack.errors import StackError

_EXTRA_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin", "/usr/local/bin")
_POSTGRES_FOLDERS = (
    "/usr/lib/postgresql/{major}/bin",
    "/opt/homebrew/opt/postgresql@{major}/bin",
    "/usr/local/opt/postgresql@{major}/bin",
)
_NEWEST_MAJOR, _OLDEST_MAJOR = 18, 15
_VERSION = re.compile(r"(\d+(?:\.\d+)+)")


@dataclass(frozen=True, slots=True)
class Server:
    """A program and the packages it comes in."""

    program: str
    debian: str
    homebrew: str


POSTGRES = Server("postgres", "postgresql", "postgresql@15")
PGBOUNCER = Server("pgbouncer", "pgbouncer", "pgbouncer")
REDIS = Server("redis-server", "redis-server", "redis")
NGINX = Server("nginx", "nginx", "nginx")
PROMETHEUS = Server("prometheus", "prometheus", "prometheus")
OPENSSL = Server("openssl", "openssl", "openssl@3")
_ASKS = {NGINX: "-v", OPENSSL: "version"}
"""How a program is asked for its version, if not by `--version`."""


@cache
def search_path() -> str:
    """The PATH in which servers are looked for, and which they get."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    folders += [folder for folder in _EXTRA_FOLDERS if folder not in folders]
    postgres = _postgres_folder()
    return os.pathsep.join(([postgres] if postgres else []) + folders)


def find(program: str) -> str | None:
    """The absolute path of a program, if it is installed."""
    return shutil.which(program, path=search_path())


def require(server: Server) -> str:
    """The absolute path of a server's program. Raises `StackError` naming its packages."""
    path = find(server.program)
    if path is None:
        raise StackError(
            f"{server.program} is not installed: Debian package {server.debian}, Homebrew formula "
            f"{server.homebrew}; or run the stack on Docker with --engine compose"
        )
    return path


@cache
def version(server: Server) -> str:
    """The version its program reports, "unknown" when that cannot be read."""
    answer = subprocess.run(
        [require(server), _ASKS.get(server, "--version")],
        capture_output=True,
        text=True,
        check=False,
    )
    match = _VERSION.search(answer.stdout + answer.stderr)
    return match.group(1) if match else "unknown"


def _postgres_folder() -> str | None:
    """The folder of the Postgres to use: 15 if there, it is what is tested; else the newest."""
    majors = [_OLDEST_MAJOR, *range(_NEWEST_MAJOR, _OLDEST_MAJOR, -1)]
    for major in majors:
        for pattern in _POSTGRES_FOLDERS:
            folder = pattern.format(major=major)
            if (Path(folder) / "postgres").exists():
                return folder
    return None
