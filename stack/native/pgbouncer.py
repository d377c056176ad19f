"""PgBouncer: many sessions of the app over few of Postgres."""

import re

import psycopg

from stack.native.adapter import Adapter
from stack.rewriting import LOOPBACK
from stack.servers import PGBOUNCER, version

PORT = 6432
_TRACKS_PREPARED_STATEMENTS = (1, 21)


class PgBouncer(Adapter):
    """One PgBouncer."""

    server = PGBOUNCER

    def configure(self, target: str, text: str) -> str:
        """Its listener is two settings, and neither is an address."""
        text = re.sub(r"(?m)^listen_addr\s*=.*$", f"listen_addr = {LOOPBACK}", text)
        return re.sub(r"(?m)^listen_port\s*=.*$", f"listen_port = {self.port(PORT)}", text)

    def urls(self) -> dict[str, str]:
        """Its address, without a user."""
        return {"postgres": f"postgresql://{LOOPBACK}:{self.port(PORT)}"}

    async def ready(self) -> bool:
        """Whether its console answers."""
        try:
            connection = await psycopg.AsyncConnection.connect(
                host=LOOPBACK,
                port=self.port(PORT),
                user="hmb_monitor",
                password=self.environment()["MONITOR_DB_PASSWORD"],
                dbname="pgbouncer",
                connect_timeout=2,
                autocommit=True,
            )
            await connection.close()
        except psycopg.OperationalError:
            return False
        return True


def tracks_prepared_statements() -> bool:
    """Whether the installed PgBouncer keeps prepared statements across transactions."""
    found = re.findall(r"\d+", version(PGBOUNCER))
    return tuple(int(part) for part in found[:2]) >= _TRACKS_PREPARED_STATEMENTS
