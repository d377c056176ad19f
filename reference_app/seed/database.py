"""Connections for bulk work, and a crew of them that shares out a list of tasks."""

import os
import socket
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from typing import Any, TypeVar

import psycopg

from reference_app.seed.errors import SeedError

Connection = psycopg.Connection[tuple[Any, ...]]
Task = TypeVar("Task")

_CREW = 2
_SETTINGS = {
    "application_name": "seed",
    "timezone": "UTC",
    # The role's own limits are meant for requests, not for bulk work.
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": "30s",
    "jit": "off",
    # Nobody reads notices during a COPY: a generated column that has one to a row would fill the
    # connection, and both sides wait for ever.
    "client_min_messages": "error",
    "maintenance_work_mem": "256MB",
    # A backend whose loader was killed must not go on building an index for nobody.
    "client_connection_check_interval": "2s",
    # Nothing counts until the last commit, which waits for all that came before it.
    "synchronous_commit": "off",
}


def connect(url: str) -> Connection:
    """An autocommitting connection set up for bulk work.

    Raises `SeedError` with one line when the database cannot be reached.
    """
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.Error as error:
        raise SeedError(f"the database cannot be reached: {first_line(error)}") from error
    for name, value in _SETTINGS.items():
        connection.execute("SELECT set_config(%s, %s, false)", (name, value))
    return connection


def first_line(error: Exception) -> str:
    """What the database said, without the lines that follow."""
    return str(error).strip().partition("\n")[0]


def share_out(url: str, tasks: Iterable[Task], work: Callable[[Connection, Task], None]) -> None:
    """Do `work(connection, task)` for every task, two at once, each worker on its own connection.

    The first failure, or an interrupt here, breaks off what the others are doing and is raised.
    """
    waiting = deque(tasks)

    def labour(connection: Connection) -> None:
        while waiting:
            try:
                task = waiting.popleft()
            except IndexError:  # the other worker took the last one since we looked
                return
            work(connection, task)

    with ExitStack() as stack, ThreadPoolExecutor(_CREW, thread_name_prefix="seed") as pool:
        connections = [stack.enter_context(connect(url)) for _ in range(_CREW)]
        try:
            futures = [pool.submit(labour, connection) for connection in connections]
            for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                future.result()
        except BaseException:
            waiting.clear()
            for connection in connections:
                break_off(connection)
            raise


def break_off(connection: Connection) -> None:
    """End whatever is being done on `connection`, by any thread, and the connection for good."""
    with suppress(psycopg.Error):
        connection.cancel_safe(timeout=5)
    # A cancel that falls between two statements is lost; a dead connection is not.
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as end:
        end.shutdown(socket.SHUT_RDWR)
