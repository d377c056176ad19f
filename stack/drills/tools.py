"""Programs of Postgres beside a running stack, as the account its servers run as."""

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from stack import engine
from stack.drills.stage import Stage
from stack.errors import StackError
from stack.places import prepare, remove
from stack.processes import dying_with_parent
from stack.rewriting import LOOPBACK
from stack.servers import find

_TOOL_SECONDS = 120.0
_TAIL = 1_000


class Tools:
    """What a drill runs beside the stack, and where it may write."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._places = prepare(stage.running.home)
        user = self._places.user
        self._user = None if user is None else user.uid
        self._group = None if user is None else user.gid
        password = engine.secrets(stage.running.home)["REPLICATION_DB_PASSWORD"]
        self._environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "PGPASSWORD": password}

    @property
    def data(self) -> Path:
        """Where the stack keeps its servers' data and configuration."""
        return self._places.data

    def folder(self, name: str) -> Path:
        """A new, empty folder of the servers' account."""
        remove(self.data / name)
        return self._places.make(self.data / name, 0o700)

    def write(self, path: Path, text: str) -> None:
        """Put `text` at the end of a file of the servers' account."""
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
        self._places.own(path)

    def replication(self, name: str) -> str:
        """What connects a replication client to an instance; the password goes apart."""
        return f"host={LOOPBACK} port={self._stage.service(name).port} user=hmb_replicator"

    def base_backup(self, name: str, into: Path, wal: str) -> None:
        """Copy a Postgres instance into the new folder `into`; `wal` is how its log comes along."""
        options = ["--no-password", "--no-sync", "--checkpoint", "fast", "--wal-method", wal]
        words = ["pg_basebackup", "-d", self.replication(name), "-D", str(into), *options]
        with self.start(words, into.parent, subprocess.PIPE) as running:
            try:
                _, told = running.communicate(timeout=_TOOL_SECONDS)
            except BaseException:
                running.kill()
                raise
        if running.returncode != 0:
            raise StackError("the base backup failed", told.decode(errors="replace")[-_TAIL:])

    def start(
        self, words: Sequence[str], folder: Path, errors: int | IO[bytes]
    ) -> "subprocess.Popen[bytes]":
        """Start a program in `folder`; it ends with this thread. Raises `StackError`."""
        path = find(words[0])
        if path is None:
            raise StackError(f"{words[0]} is not installed: Debian package postgresql")
        return subprocess.Popen(
            [path, *words[1:]],
            env=self._environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
            user=self._user,
            group=self._group,
            extra_groups=None if self._user is None else [],
            preexec_fn=dying_with_parent(signal.SIGINT, None),  # noqa: PLW1509 - see there
        )


def data_directory(stage: Stage, name: str) -> Path:
    """The data directory of a Postgres instance that runs."""
    return Path(str(stage.sql(name, "SHOW data_directory")[0]))
