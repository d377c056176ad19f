"""Looks up in the database what became of a load's writes."""

from collections import Counter

from capacity.ledger import ENTRY
from stack.state import Running
from stack.superuser import superuser

_FOUND = """
SELECT substr(body, %(after)s) FROM post_comments WHERE starts_with(body, %(entry)s)
UNION ALL
SELECT substr(cover_letter, %(after)s) FROM applications WHERE starts_with(cover_letter, %(entry)s)
"""


def keys_at(running: Running, port: int | None) -> Counter[str]:
    """Every key in the ledger of the server at `port` -> how often it is there."""
    with superuser(running, port) as connection:
        rows = connection.execute(_FOUND, {"after": len(ENTRY) + 1, "entry": ENTRY})
        return Counter(str(row[0]) for row in rows)
