"""The database: one writer, several readers, as two session types.

`WriteSession` is a transaction on the primary. `ReadSession` runs single
statements on a replica, or on the primary where no replica will do; it moves
on by itself when a server fails, which is safe because it only reads. Readers
connect as a role whose transactions are read-only, so the server refuses
writes even where a read falls back to the primary.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Executable, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from reference_app.connections import (
    AnyRow,
    Lookout,
    ServerGoneError,
    Statements,
    fill,
    make_engine,
    pool_of,
    read,
    translated,
)
from reference_app.errors import DomainError, UnavailableError
from reference_app.kit import metrics
from reference_app.kit.cache import Cache
from reference_app.kit.wal import UNKNOWN, OwnWrites, Replica, Replicas
from reference_app.settings import Settings

_log = structlog.get_logger()

__all__ = ["AnyRow", "Database", "ReadSession", "ServerGoneError", "WriteSession"]

_LOOK_EVERY_S = 1.0
_NO_SOONER_S = 0.1

_ONE = text("SELECT 1")
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
                if replica is None or self._database.primary_is_sooner(replica):
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
    writing, one to look after the primary, the rest evenly for reading from the
    primary and each replica. Opened connections are kept, up to the limit: they
    end at a pooler, where an idle one costs next to nothing and opening one
    costs more than a read.
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
        reading = max(1, (share - writing - 1) // (1 + len(settings.replica_urls)))
        primary_url = settings.database_url.get_secret_value()
        statements = Statements()
        self._writer = make_engine(primary_url, writing, settings, statements, reads=False)
        self._lookout = Lookout(primary_url, settings.db_connect_timeout)
        self._primary_there = True
        self._doubted = asyncio.Event()
        self._primary_reader = make_engine(
            settings.primary_read_url, reading, settings, statements, reads=True
        )
        self._readers = {
            f"replica-{number}": make_engine(url, reading, settings, statements, reads=True)
            for number, url in enumerate(settings.replica_urls, start=1)
        }
        self._engines = (
            self._writer,
            self._primary_reader,
            *self._readers.values(),
        )
        self._limit = writing + 1 + reading * (1 + len(self._readers))
        self.replicas = Replicas(
            [
                Replica(
                    name,
                    self._asking(engine, settings.db_connect_timeout),
                    max_lag_s=settings.replica_max_lag_seconds,
                    has_room=self._room(engine),
                )
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
        if not self._primary_there:
            raise ServerGoneError
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
            found = translated(error, writes=True)
            self._doubt(found)
            raise found from error

    async def read_replica(
        self, replica: Replica, statement: Executable, parameters: Mapping[str, Any] | None
    ) -> Sequence[AnyRow]:
        """The rows of `statement` on `replica`. Raises `ServerGoneError`."""
        metrics.session_replica.inc()
        return await read(self._readers[replica.name], statement, parameters)

    async def read_primary(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[AnyRow]:
        """The rows of `statement` on the primary. Raises `ServerGoneError`."""
        metrics.session_primary_read.inc()
        if not self._primary_there:
            raise ServerGoneError
        try:
            return await read(self._primary_reader, statement, parameters)
        except ServerGoneError as error:
            self._doubt(error)
            raise

    def primary_is_sooner(self, replica: Replica) -> bool:
        """Whether `replica` has a queue while the primary has a connection for reading free.

        A short wait for a replica is better than a read on the primary, a long one is not.
        """
        return (
            pool_of(self._readers[replica.name]).is_crowded
            and self._primary_there
            and pool_of(self._primary_reader).has_room
        )

    def skip(self, replica: Replica) -> None:
        """Leave `replica` out until it answers again."""
        replica.failed()
        metrics.replica_skips.inc()
        _log.warning("replica skipped", replica=replica.name)

    async def open(self) -> None:
        """Open all connections now rather than in the way of the first requests.

        Raises what a server that cannot be reached raises.
        """
        await asyncio.gather(*(fill(engine) for engine in self._engines))

    async def watch_replicas(self) -> None:
        """Look after every replica once a second, until cancelled."""
        while True:
            # Ends when all have looked, also when it is cancelled: none keeps a connection.
            async with asyncio.TaskGroup() as looks:
                for replica in self.replicas.all:
                    looks.create_task(replica.look())
            await asyncio.sleep(_LOOK_EVERY_S)

    @property
    def accepts_writes(self) -> bool:
        """Whether the primary answered and took writes when it was last looked at."""
        return self._primary_there

    async def look_at_primary(self) -> None:
        """See whether the primary answers and takes writes."""
        there = await self._lookout.sees_primary()
        if there != self._primary_there:
            _log.warning("the primary is back" if there else "the primary is gone")
        self._primary_there = there

    async def watch_primary(self) -> None:
        """Look at the primary once a second, and when a request finds it gone, until cancelled.

        While it is gone, writes are refused at once, not each after a wait of its own.
        """
        while True:
            self._doubted.clear()
            await self.look_at_primary()
            await asyncio.sleep(_NO_SOONER_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S - _NO_SOONER_S):
                    await self._doubted.wait()

    async def answers_reads(self) -> bool:
        """Whether any server answers a read."""
        try:
            await self.reading().rows(_ONE)
        except UnavailableError:
            return False
        return True

    def pool_use(self) -> tuple[int, int, int]:
        """Connections in use, requests waiting for one, the most there may be."""
        pools = [pool_of(engine) for engine in self._engines]
        return (
            sum(pool.checkedout() for pool in pools),
            sum(pool.waiting for pool in pools),
            self._limit,
        )

    async def close(self) -> None:
        """Close every connection."""
        self._lookout.close()
        for engine in self._engines:
            await engine.dispose()

    def _doubt(self, error: Exception) -> None:
        if isinstance(error, ServerGoneError):
            self._doubted.set()

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
    def _room(engine: AsyncEngine) -> Callable[[], bool]:
        # Of the pool at that moment: a disposed engine makes a new one.
        return lambda: pool_of(engine).has_room

    @staticmethod
    def _asking(
        engine: AsyncEngine, timeout_s: float
    ) -> Callable[[], Awaitable[tuple[int, float]]]:
        async def ask() -> tuple[int, float]:
            async with asyncio.timeout(timeout_s):
                row = (await read(engine, _REPLAYED))[0]
            return int(row[0]), float(row[1])

        return ask
