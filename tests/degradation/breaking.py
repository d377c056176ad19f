"""Services of a running stack, to be ended, stopped for a while and started again."""

import os
import signal
from typing import Any

import psycopg

from stack import engine
from stack.drills import instances
from stack.state import Running, ServiceState

_PATIENCE_S = 60.0


class Breakable:
    """One service of the stack."""

    def __init__(self, stack: "Breakables", name: str) -> None:
        self._stack = stack
        self._name = name

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Send it `how` and wait until nothing of it is left."""
        service = self._stack.service(self._name)
        if how is signal.SIGKILL:
            instances.kill(service)
        else:
            instances.end(service, how, _PATIENCE_S)

    def start(self) -> None:
        """Start it as the stack had; returns when it is ready."""
        self._stack.start(self._name)

    def stop(self) -> None:
        """Have it stand still: connections open, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End a `stop`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for pid in instances.family(self._stack.service(self._name)):
            os.kill(pid, number)


class Breakables:
    """All services of a stack that a test may break, and SQL as the superuser."""

    def __init__(self, running: Running, superuser_password: str) -> None:
        self._running = running
        self._password = superuser_password

    def __getitem__(self, name: str) -> "Breakable":
        return Breakable(self, name)

    def service(self, name: str) -> ServiceState:
        """The service as it is now."""
        return self._running.services[name]

    def start(self, name: str) -> None:
        """Have the stack start a service that has ended."""
        self._running = engine.start_again(self._running, name)

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
