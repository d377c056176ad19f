"""Connections to one database server, and what its absence looks like."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
from asyncpg import Connection
from sqlalchemy import AsyncAdaptedQueuePool, Executable, Row, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import LRUCache

from reference_app.errors import TimedOutError, UnavailableError
from reference_app.settings import Settings, asyncpg_url

AnyRow = Row[*tuple[Any, ...]]
"""A row of whatever columns its statement names."""

_STATEMENT_TIMEOUT = "57014"
_RETRY_AFTER_S = 5
_MOST_STATEMENTS = 500

_TAKES_WRITES = "SELECT WHERE NOT pg_is_in_recovery()"
_ONE_ROW = "SELECT 1"

# Classes of SQLSTATE that say the server is going, gone or cannot take us: connection
# failures, operator intervention, too many connections. A primary that takes no writes
# is as good as gone for a writer, but for a reader that is a mistake of ours.
_GONE = ("08", "57P", "53300", "58")
_GONE_FOR_WRITING = (*_GONE, "25006")


class ServerGoneError(UnavailableError):
    """A database server does not answer."""

    def __init__(self) -> None:
        super().__init__(
            "database_unavailable",
            "The database does not answer. Try again in a moment.",
            retry_after_s=_RETRY_AFTER_S,
        )


class _Abandoning(Connection):  # type: ignore[misc]  # asyncpg says nothing of its types
    """Hangs up on a statement nobody waits for any more, instead of asking for its end.

    asyncpg would open a second connection for that and send a cancel request, and a client
    that goes away in the middle of one (a worker that ends) can bring PgBouncer down: "bad
    client state", https://github.com/pgbouncer/pgbouncer/issues/801. Postgres ends the
    statement itself once it sees that its client is gone (`client_connection_check_interval`).
    """

    def _cancel_current_command(
        self, waiter: "asyncio.Future[None]", cancel_waiter: "asyncio.Future[None] | None" = None
    ) -> None:
        if not waiter.done():
            waiter.set_result(None)
        # Not now: our caller is not done with the connection.
        self._loop.call_soon(self.terminate)


class Statements(LRUCache[Any, Any]):
    """Statements as compiled for Postgres, for all the servers that have the same tables.

    By itself each engine compiles every statement again and keeps what that made, some 30 kB
    of each: with one writer and three to read from, several megabytes of the same in every worker,
    which take until even the rare statements have met each server to come together.
    """

    def __init__(self) -> None:
        super().__init__(_MOST_STATEMENTS)

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        """What was compiled under `key`, for whichever server; the key begins with its dialect."""
        return super().get(key[1:], default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__(key[1:], compiled)


class CountingPool(AsyncAdaptedQueuePool):
    """A pool that knows how many wait for it."""

    waiting = 0

    @property
    def has_room(self) -> bool:
        """Whether a connection can be had at once."""
        return self.checkedout() < self.size()

    @property
    def is_crowded(self) -> bool:
        """Whether as many wait as it has connections: who comes now waits for two others."""
        return self.waiting >= self.size()

    def _do_get(self) -> Any:
        self.waiting += 1
        try:
            return super()._do_get()
        finally:
            self.waiting -= 1


def make_engine(
    url: str, size: int, settings: Settings, statements: Statements, *, reads: bool
) -> AsyncEngine:
    """Up to `size` connections to the server at `url`; for single statements if it `reads`.

    Engines of servers with the same tables may share `statements`.
    """
    prepared = settings.database_prepared_statements
    connect_args: dict[str, Any] = {
        "timeout": settings.db_connect_timeout,
        "connection_class": _Abandoning,
    }
    options: dict[str, Any] = {}
    if prepared:
        # A read is one statement: as a transaction of its own it saves two round trips.
        if reads:
            options["isolation_level"] = "AUTOCOMMIT"
    else:
        # Behind such a pooler the next statement may reach another server process:
        # only an unnamed statement inside a transaction is sure to find itself again.
        connect_args |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: "",
        }
    engine = create_async_engine(
        asyncpg_url(url),
        poolclass=CountingPool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=settings.db_pool_timeout,
        pool_use_lifo=True,
        # Parameters are people's data and token hashes: an error must not carry them to a log.
        hide_parameters=True,
        connect_args=connect_args,
        execution_options={"compiled_cache": statements},
        **options,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def pool_of(engine: AsyncEngine) -> CountingPool:
    """The pool of an engine of `make_engine`."""
    pool = engine.pool
    assert isinstance(pool, CountingPool)  # noqa: S101 - as `make_engine` makes it
    return pool


async def fill(engine: AsyncEngine) -> None:
    """Open all connections there may be. Raises what a server that is gone raises."""
    async with AsyncExitStack() as opened:
        for _ in range(pool_of(engine).size()):
            await opened.enter_async_context(engine.connect())


def _refuse_closed(dbapi_connection: Any, *_: object) -> None:
    # The server may have closed it while it was idle; the pool then opens another.
    if dbapi_connection.driver_connection.is_closed():
        raise DisconnectionError("closed while idle")


class Lookout:
    """Tells whether the primary is there, over a connection of its own.

    In a pool it would queue with those that wait for a primary that is gone.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._connection: Connection | None = None

    async def sees_primary(self) -> bool:
        """Whether the server at `url` answers and takes writes. Never raises on its account."""
        try:
            async with asyncio.timeout(self._timeout_s):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await asyncpg.connect(
                        self._url, connection_class=_Abandoning
                    )
                # Without parameters it is one message, which no pooler can tear apart.
                answer: str = await self._connection.execute(_TAKES_WRITES)
                return answer == _ONE_ROW
        except Exception:
            self.close()
            return False

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


async def read(
    engine: AsyncEngine, statement: Executable, parameters: Mapping[str, Any] | None = None
) -> Sequence[AnyRow]:
    """All rows of one statement. Raises `ServerGoneError`, `UnavailableError` when busy."""
    try:
        async with engine.connect() as connection:
            return (await connection.execute(statement, parameters)).all()
    except Exception as error:
        raise translated(error, writes=False) from error


def translated(error: Exception, *, writes: bool) -> Exception:
    """What the app calls `error`; `error` itself when it is not the server's absence."""
    if isinstance(error, PoolTimeoutError):
        return UnavailableError(
            "database_busy", "The database is busy. Try again in a moment.", retry_after_s=1
        )
    state = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlstate", None)
    if state == _STATEMENT_TIMEOUT:
        return TimedOutError("statement_timeout", "This took the database too long.")
    if isinstance(error, OSError) or (
        state is not None and state.startswith(_GONE_FOR_WRITING if writes else _GONE)
    ):
        return ServerGoneError()
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return ServerGoneError()
    return error
