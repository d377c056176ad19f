"""A kept-open connection for probes to Postgres or to PgBouncer's console."""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any

import psycopg
from psycopg.rows import dict_row

from capacity.probes import ProbeError
from stack.rewriting import LOOPBACK

_SECONDS = 3


@contextmanager
def _no_longer_than(seconds: float, descriptor: int) -> Iterator[None]:
    """Cut the connection if what is asked of it takes longer: a server that hangs must not
    hang the probes of all others. psycopg itself would wait for ever."""
    timer = Timer(seconds, _cut, [descriptor])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(descriptor: int) -> None:
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as connection:
        connection.shutdown(socket.SHUT_RDWR)


class Database:
    """Connects when first asked, and again after a failure.

    `monitor` are the credentials of `Running.monitor`.
    """

    def __init__(self, name: str, port: int, monitor: Mapping[str, str]) -> None:
        self._name = name
        self._port = port
        self._monitor = monitor
        self._connection: psycopg.Connection[dict[str, Any]] | None = None

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The answer, a dictionary per row. Raises `ProbeError` when there is none."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            with _no_longer_than(_SECONDS, self._connection.fileno()):
                # PgBouncer's console understands the simple protocol alone.
                return self._connection.execute(query.encode(), prepare=False).fetchall()
        except psycopg.Error as error:
            self.close()
            first = str(error).strip().partition("\n")[0]
            raise ProbeError(f"{self._name}: {first}") from None

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> psycopg.Connection[dict[str, Any]]:
        return psycopg.connect(
            host=LOOPBACK,
            port=self._port,
            user=self._monitor["postgres_user"],
            password=self._monitor["postgres_password"],
            dbname=self._monitor["postgres_database"],
            application_name="hmb probe",
            connect_timeout=_SECONDS,
            autocommit=True,
            row_factory=dict_row,
            cursor_factory=psycopg.ClientCursor,
        )
