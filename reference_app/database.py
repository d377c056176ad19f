"""The database: one writer, several readers, as two session types.

`WriteSession` is a transaction on the primary. `ReadSession` runs single
statements on a replica, or on the primary where no replica will do; it moves
on by itself when a server fails, which is safe because it only reads. Readers
connect as a role whose transactions are read-only, so the server refuses
writes even where a read falls back to the primary.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import AsyncAdaptedQueuePool, Executable, Row, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from reference_app.errors import DomainError, TimedOutError, UnavailableError
from reference_app.kit import metrics
from reference_app.kit.cache import Cache
from reference_app.kit.wal import UNKNOWN, OwnWrites, Replica, Replicas
from reference_app.settings import Settings, asyncpg_url

_log = structlog.get_logger()

AnyRow = Row[*tuple[Any, ...]]
"""A row of whatever columns its statement names."""

_STATEMENT_TIMEOUT = "57014"
_RETRY_AFTER_S = 5
_LOOK_EVERY_S = 1.0
_CONNECT_S = 3.0

_ONE = text("SELECT 1")
_TAKES_WRITES = text("SELECT NOT pg_is_in_recovery()")
_WAL_POSITION = text("SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint")

# A replica that has replayed all it received is level with the primary, however
# old the last change is. The receiver must be there, or it only thinks so.
_REPLAYED = text(
    """
    SELECT (CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_replay_lsn(), '0/0'::pg_lsn)
                 ELSE pg_current_wal_insert_lsn() END - '0/0'::pg_lsn)::bigint,
           CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
                 AND EXISTS (SELECT FROM pg_stat_wal_receiver WHERE pid IS NOT NULL) THEN 0
                ELSE coalesce(extract(epoch FROM now() - pg_last_xact_replay_timestamp()), 0)
           END::float8
    """
)

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


class WriteSession(AsyncSession):
    """One request's transaction on the primary.

    What is named here is announced once it is committed: `forget` names cache
    keys, `wrote_for` the users whose next reads must see this, `tell` what
    their sockets say of it, `ended` the sign-ins whose access tokens are over.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.forgotten: list[str] = []
        self.writers: set[int] = set()
        self.told: list[tuple[int, str]] = []
        self.ended_sessions: list[UUID] = []

    def forget(self, *keys: str) -> None:
        """Have the cache forget `keys` after the commit."""
        self.forgotten.extend(keys)

    def wrote_for(self, user_id: int) -> None:
        """Let `user_id` read what this transaction writes."""
        self.writers.add(user_id)

    def tell(self, user_id: int, frame: str) -> None:
        """Have every socket of `user_id` say `frame` (see `realtime.frames`) after the commit."""
        self.told.append((user_id, frame))

    def ended(self, sessions: Iterable[UUID]) -> None:
        """Have no worker believe an access token of `sessions` after the commit."""
        self.ended_sessions.extend(sessions)


class ReadSession:
    """Single statements, read from a server that has reached a WAL position.

    Each statement brings everything its page needs, so there is no transaction
    to keep them consistent with each other.
    """

    def __init__(self, database: "Database", position: int, *, primary: bool = False) -> None:
        self._database = database
        self._position = position
        self._primary = primary

    async def rows(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[AnyRow]:
        """All rows of `statement`. Raises `UnavailableError` when no server can answer."""
        if not self._primary:
            for _ in self._database.replicas.all:
                replica = await self._database.replicas.choose(self._position)
                if replica is None:
                    break
                try:
                    return await self._database.read_replica(replica, statement, parameters)
                except ServerGoneError:
                    self._database.skip(replica)
        try:
            return await self._database.read_primary(statement, parameters)
        except ServerGoneError:
            if self._primary:
                raise
            replica = await self._database.replicas.choose(self._position, primary_gone=True)
            if replica is None:
                raise
            return await self._database.read_replica(replica, statement, parameters)

    async def first(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> AnyRow | None:
        """The first row of `statement`, or None."""
        rows = await self.rows(statement, parameters)
        return rows[0] if rows else None


class Database:
    """One worker's connections to all database servers.

    The worker's share of the pod's connections is divided once: a third for
    writing, the rest evenly for reading from the primary and each replica.
    Opened connections are kept, up to the limit: they end at a pooler, where an
    idle one costs next to nothing and opening one costs more than a read.
    """

    def __init__(
        self,
        settings: Settings,
        own_writes: OwnWrites,
        cache: Cache,
        tell: Callable[[Sequence[tuple[int, str]]], None],
        end_sessions: Callable[[Sequence[UUID]], Awaitable[None]],
    ) -> None:
        self._own_writes = own_writes
        self._cache = cache
        self._tell = tell
        self._end_sessions = end_sessions
        share = settings.worker_db_connections
        writing = max(1, share // 3)
        reading = max(1, (share - writing) // (1 + len(settings.replica_urls)))
        self._writer = _engine(
            settings.database_url.get_secret_value(), writing, settings, reads=False
        )
        self._primary_reader = _engine(settings.primary_read_url, reading, settings, reads=True)
        self._readers = {
            f"replica-{number}": _engine(url, reading, settings, reads=True)
            for number, url in enumerate(settings.replica_urls, start=1)
        }
        self._limit = writing + reading * (1 + len(self._readers))
        self.replicas = Replicas(
            [
                Replica(name, self._asking(engine), max_lag_s=settings.replica_max_lag_seconds)
                for name, engine in self._readers.items()
            ]
        )
        self._sessions = async_sessionmaker(
            self._writer, class_=WriteSession, expire_on_commit=False
        )

    def reading(self, position: int = 0, *, primary: bool = False) -> ReadSession:
        """Reads from servers that have reached WAL `position`, or from the `primary` alone."""
        return ReadSession(self, position, primary=primary)

    async def reading_for(self, user_id: int) -> ReadSession:
        """Reads that show `user_id` everything they have written."""
        if not self.replicas.all:
            return ReadSession(self, 0)
        return ReadSession(self, await self._own_writes.position(user_id))

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[WriteSession]:
        """A transaction on the primary: committed at the end, rolled back on an error.

        A connection is taken at the first statement, not before. Raises
        `ServerGoneError` when the primary cannot take writes.
        """
        metrics.session_write.inc()
        try:
            async with self._sessions() as session:
                try:
                    yield session
                except DomainError as refusal:
                    if refusal.keeps_work:
                        await self._commit(session)
                    raise
                await self._commit(session)
        except DomainError:
            raise
        except Exception as error:
            raise _translated(error, writes=True) from error

    async def read_replica(
        self, replica: Replica, statement: Executable, parameters: Mapping[str, Any] | None
    ) -> Sequence[AnyRow]:
        """The rows of `statement` on `replica`. Raises `ServerGoneError`."""
        metrics.session_replica.inc()
        return await _read(self._readers[replica.name], statement, parameters)

    async def read_primary(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[AnyRow]:
        """The rows of `statement` on the primary. Raises `ServerGoneError`."""
        metrics.session_primary_read.inc()
        return await _read(self._primary_reader, statement, parameters)

    def skip(self, replica: Replica) -> None:
        """Leave `replica` out until it answers again."""
        replica.failed()
        metrics.replica_skips.inc()
        _log.warning("replica skipped", replica=replica.name)

    async def watch_replicas(self) -> None:
        """Look after every replica once a second, until cancelled."""
        while True:
            await asyncio.gather(*(replica.look() for replica in self.replicas.all))
            await asyncio.sleep(_LOOK_EVERY_S)

    async def accepts_writes(self) -> bool:
        """Whether the primary answers and takes writes."""
        try:
            rows = await _read(self._writer, _TAKES_WRITES, None)
        except UnavailableError:
            return False
        return bool(rows[0][0])

    async def answers_reads(self) -> bool:
        """Whether any server answers a read."""
        try:
            await self.reading().rows(_ONE)
        except UnavailableError:
            return False
        return True

    def pool_use(self) -> tuple[int, int, int]:
        """Connections in use, requests waiting for one, the most there may be."""
        pools = [
            engine.pool for engine in (self._writer, self._primary_reader, *self._readers.values())
        ]
        counted = [pool for pool in pools if isinstance(pool, CountingPool)]
        return (
            sum(pool.checkedout() for pool in counted),
            sum(pool.waiting for pool in counted),
            self._limit,
        )

    async def close(self) -> None:
        """Close every connection."""
        for engine in (self._writer, self._primary_reader, *self._readers.values()):
            await engine.dispose()

    async def _commit(self, session: WriteSession) -> None:
        await session.commit()
        await self._announce(session)
        if session.ended_sessions:
            await self._end_sessions(session.ended_sessions)
        # Last, so that whoever hears of it finds it.
        if session.told:
            self._tell(session.told)

    async def _announce(self, session: WriteSession) -> None:
        if not session.writers and not session.forgotten:
            return
        try:
            position = int((await session.execute(_WAL_POSITION)).scalar_one())
            await session.rollback()
        except Exception as error:
            _log.warning("WAL position unknown after commit", error=type(error).__name__)
            position = UNKNOWN
        await asyncio.gather(
            *(self._own_writes.reached(user_id, position) for user_id in session.writers)
        )
        if session.forgotten:
            await self._cache.invalidate(session.forgotten, position)

    @staticmethod
    def _asking(engine: AsyncEngine) -> Callable[[], Awaitable[tuple[int, float]]]:
        async def ask() -> tuple[int, float]:
            async with asyncio.timeout(_CONNECT_S):
                row = (await _read(engine, _REPLAYED, None))[0]
            return int(row[0]), float(row[1])

        return ask


class CountingPool(AsyncAdaptedQueuePool):
    """A pool that knows how many wait for it."""

    waiting = 0

    def _do_get(self) -> Any:
        self.waiting += 1
        try:
            return super()._do_get()
        finally:
            self.waiting -= 1


def _engine(url: str, size: int, settings: Settings, *, reads: bool) -> AsyncEngine:
    prepared = settings.database_prepared_statements
    connect_args: dict[str, Any] = {"timeout": _CONNECT_S}
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
        **options,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(dbapi_connection: Any, *_: object) -> None:
    # The server may have closed it while it was idle; the pool then opens another.
    if dbapi_connection.driver_connection.is_closed():
        raise DisconnectionError("closed while idle")


async def _read(
    engine: AsyncEngine, statement: Executable, parameters: Mapping[str, Any] | None
) -> Sequence[AnyRow]:
    try:
        async with engine.connect() as connection:
            return (await connection.execute(statement, parameters)).all()
    except Exception as error:
        raise _translated(error, writes=False) from error


def _translated(error: Exception, *, writes: bool) -> Exception:
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
