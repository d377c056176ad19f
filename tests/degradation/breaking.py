"""Services of a running stack, to be ended, stopped for a while and started again."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg

from stack.processes import descendants, dying_with_parent
from stack.state import Running, ServiceState

_PATIENCE_S = 60.0


class Breakable:
    """One service of the stack, by the process the stack itself knows."""

    def __init__(self, service: ServiceState) -> None:
        self._service = service
        process = psutil.Process(service.pid)
        self._words = _command(service, process)
        self._environment = process.environ()
        self._folder = process.cwd()
        # A killed Postgres leaves its children behind for a while; the others have none to lose.
        self._last_signal = signal.SIGINT if "postgres" in service.kind else signal.SIGKILL
        self._user, self._group = process.uids().real, process.gids().real
        self._again: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process it is now."""
        return self._service.pid if self._again is None else self._again.pid

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Send it `how` and wait until nothing of it is left."""
        family = {self.pid, *descendants(self.pid)}
        os.kill(self.pid, how)
        if self._again is not None:
            self._again.wait(_PATIENCE_S)
        deadline = time.monotonic() + _PATIENCE_S
        while any(_lives(pid) for pid in family):
            assert time.monotonic() < deadline, f"{self._service.name} did not end"
            time.sleep(0.02)

    def start(self) -> None:
        """Start it as the stack had; it ends with this process."""
        with self._service.log.open("ab") as log:
            self._again = subprocess.Popen(
                self._words,
                env=self._environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self._user,
                group=self._group,
                extra_groups=[] if os.geteuid() == 0 else None,
                preexec_fn=dying_with_parent(self._last_signal, 65_536),  # noqa: PLW1509
            )

    def stop(self) -> None:
        """Have it stand still: connections open, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End a `stop`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for pid in (self.pid, *descendants(self.pid)):
            os.kill(pid, number)

    def close(self) -> None:
        """End what `start` began, which the stack does not know."""
        if self._again is not None and self._again.poll() is None:
            self.end(self._last_signal)


class Breakables:
    """All services of a stack that a test may break, and SQL as the superuser."""

    def __init__(self, running: Running, superuser_password: str) -> None:
        self._running = running
        self._password = superuser_password
        names = ("redis", "pgbouncer", "primary", "replica-1", "replica-2", "stripe", "s3")
        self._services = {name: Breakable(running.services[name]) for name in names}

    def __getitem__(self, name: str) -> Breakable:
        return self._services[name]

    def sql(self, server: str, statement: str, *parameters: Any) -> Any:
        """The first value that `statement` yields on a Postgres server, past PgBouncer."""
        return next(iter(self.column(server, statement, *parameters)), None)

    def column(self, server: str, statement: str, *parameters: Any) -> list[Any]:
        """The first value of every row."""
        with self.session(server) as connection:
            answer = connection.execute(statement.encode(), parameters or None)
            return [row[0] for row in answer] if answer.description else []

    def session(self, server: str) -> "psycopg.Connection[tuple[Any, ...]]":
        """A session of the superuser's on a Postgres server."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self._running.services[server].port,
            user="postgres",
            password=self._password,
            dbname="hiremebahamas",
            autocommit=True,
        )

    def close(self) -> None:
        """End everything a test started again."""
        for service in self._services.values():
            service.close()


def _command(service: ServiceState, process: psutil.Process) -> list[str]:
    words = process.cmdline()
    if service.kind != "redis":
        return words
    # Redis writes its own words over those it was started with.
    conf = next(Path(process.cwd()).parents[2].glob("conf/redis/**/redis.conf"), None)
    assert conf is not None, f"no redis.conf near {process.cwd()}"
    return [words[0].split()[0], str(conf), "--bind", "127.0.0.1", "--port", str(service.port)]


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
