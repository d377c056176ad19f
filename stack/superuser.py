"""A session of the superuser's in the board's database."""

import psycopg

from stack import engine
from stack.errors import StackError
from stack.rewriting import LOOPBACK
from stack.state import Running


def superuser(running: Running, port: int | None) -> "psycopg.Connection[tuple[object, ...]]":
    """A session at the Postgres server that listens at `port`, past PgBouncer.

    Raises `StackError` when it does not let us in.
    """
    try:
        return psycopg.connect(
            host=LOOPBACK,
            port=port,
            user="postgres",
            password=engine.secrets(running.home)["POSTGRES_PASSWORD"],
            dbname="hiremebahamas",
            connect_timeout=5,
            autocommit=True,
        )
    except psycopg.OperationalError as error:
        raise StackError(f"the database at port {port} does not let us in: {error}") from None
