"""Looks up in the database what became of a load's writes."""

from collections import Counter

import psycopg

from capacity.ledger import ENTRY
from stack import engine
from stack.errors import StackError
from stack.rewriting import LOOPBACK
from stack.state import Running

_FOUND = """
SELECT substr(body, %(after)s) FROM post_comments WHERE starts_with(body, %(entry)s)
UNION ALL
SELECT substr(cover_letter, %(after)s) FROM applications WHERE starts_with(cover_letter, %(entry)s)
"""


def superuser(running: Running, port: int | None) -> "psycopg.Connection[tuple[object, ...]]":
    """A session of the superuser's in the board's database, past PgBouncer."""
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


def keys_at(running: Running, port: int | None) -> Counter[str]:
    """Every key in the ledger of the server at `port` -> how often it is there."""
    with superuser(running, port) as connection:
        rows = connection.execute(_FOUND, {"after": len(ENTRY) + 1, "entry": ENTRY})
        return Counter(str(row[0]) for row in rows)
