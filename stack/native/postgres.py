"""Postgres, as the primary and as a streaming replica."""

import shlex
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psycopg

from stack.errors import StackError
from stack.native.adapter import Adapter, Run
from stack.places import remove
from stack.rewriting import LOOPBACK
from stack.servers import POSTGRES, find, version

PORT = 5432
_INIT_SCRIPTS = "/docker-entrypoint-initdb.d"
_BACKUP_SECONDS = 900.0


class _Postgres(Adapter):
    server = POSTGRES
    # A fast shutdown: sessions are ended, a checkpoint is written.
    death_signal = signal.SIGINT

    @property
    def data(self) -> Path:
        """Its data directory."""
        return Path(self.environment()["PGDATA"])

    def listener_words(self) -> Sequence[str]:
        """No Unix socket: its path would be too long for some checkouts."""
        return (
            *("-D", str(self.data), "-c", f"port={self.port(PORT)}"),
            *("-c", f"listen_addresses={LOOPBACK}", "-c", "unix_socket_directories="),
        )

    def urls(self) -> dict[str, str]:
        """Its address, without a user."""
        return {"postgres": f"postgresql://{LOOPBACK}:{self.port(PORT)}"}

    def _check_version(self) -> None:
        try:
            there = (self.data / "PG_VERSION").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            raise StackError(
                f"{self.name}: the data directory {self.data} is damaged (no PG_VERSION); "
                "remove it to start afresh"
            ) from None
        installed = version(POSTGRES)
        if there != installed.partition(".")[0]:
            raise StackError(
                f"{self.name}: its data is of Postgres {there}, installed is {installed}; "
                f"remove {self.data} to start afresh"
            )


class Primary(_Postgres):
    """The server that takes the writes. Made on first start, with the file's own scripts."""

    @property
    def _made(self) -> Path:
        """A mark beside the data: without it the making was cut short and is done again."""
        return self.data.parent / "made"

    async def prepare(self, run: Run) -> None:
        """Make the data directory, unless it is there."""
        if self._made.exists():
            self._check_version()
            return
        remove(self.data)
        initdb = find("initdb")
        if initdb is None:
            raise StackError("initdb is not installed: Debian package postgresql")
        environment = self.environment()
        with tempfile.NamedTemporaryFile("w", dir=self.folder, encoding="utf-8") as password:
            password.write(environment["POSTGRES_PASSWORD"])
            password.flush()
            self.site.places.own(Path(password.name))
            await run(
                [
                    *(initdb, "-D", str(self.data), "-U", environment["POSTGRES_USER"]),
                    *("--auth=scram-sha-256", f"--pwfile={password.name}", "--no-sync"),
                    *shlex.split(environment.get("POSTGRES_INITDB_ARGS", "")),
                ],
                environment,
            )

    async def ready(self) -> bool:
        """Whether it lets its superuser in."""
        try:
            async with await self._connect():
                return True
        except psycopg.OperationalError:
            return False

    async def finish(self, run: Run) -> None:
        """On the first start: the database, then the scripts, as the official image runs them."""
        if self._made.exists():
            return
        environment = self.environment()
        database = environment.get("POSTGRES_DB", "postgres")
        if database != "postgres":
            connection = await self._connect()
            async with connection:
                await connection.execute(
                    psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(database))
                )
        environment |= {
            "PGHOST": LOOPBACK,
            "PGPORT": str(self.port(PORT)),
            "PGUSER": environment["POSTGRES_USER"],
            "PGPASSWORD": environment["POSTGRES_PASSWORD"],
        }
        for script in self._init_scripts():
            if script.suffix == ".sh":
                await run(self.program(["sh", str(script)]), environment)
            elif script.suffix == ".sql":
                words = ["psql", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", str(script)]
                await run(self.program(words), environment)
        self._made.touch()

    def _init_scripts(self) -> list[Path]:
        return sorted(Path(self.paths[_INIT_SCRIPTS]).iterdir())

    async def _connect(self) -> psycopg.AsyncConnection:
        environment = self.environment()
        return await psycopg.AsyncConnection.connect(
            host=LOOPBACK,
            port=self.port(PORT),
            user=environment["POSTGRES_USER"],
            password=environment["POSTGRES_PASSWORD"],
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
        )


class Replica(_Postgres):
    """A server that follows the primary. Its own start script takes the base backup."""

    patience_s = _BACKUP_SECONDS

    async def prepare(self, run: Run) -> None:
        """See that data of an earlier start suits the installed server."""
        if (self.data / "PG_VERSION").exists():
            self._check_version()

    async def ready(self) -> bool:
        """Whether it answers and receives the primary's log."""
        environment = self.environment()
        try:
            connection = await psycopg.AsyncConnection.connect(
                f"host={LOOPBACK} port={self.port(PORT)} user={_user(environment)} dbname=postgres",
                password=environment["PGPASSWORD"],
                connect_timeout=5,
                autocommit=True,
            )
            async with connection:
                # Anybody sees that the receiver is there; its details are for monitors.
                found = await connection.execute("SELECT pid FROM pg_stat_wal_receiver")
                return await found.fetchone() is not None
        except psycopg.OperationalError:
            return False


def _user(environment: dict[str, str]) -> str:
    settings = dict(part.partition("=")[::2] for part in environment["PRIMARY_CONNINFO"].split())
    return settings["user"]
