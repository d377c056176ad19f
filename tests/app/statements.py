"""What the app asks the database for, to catch pages that ask once for every row."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

# Announcing a commit to the caches; what every write does and no read.
_NOT_COUNTED = ("pg_current_wal_insert_lsn",)

# Only what the block itself brings about inherits this: the app's chores began before it.
_counting = ContextVar("counting", default=False)


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements sent on behalf of the block, not those of chores that happen meanwhile."""
    sent: list[str] = []

    def note(_1: Any, _2: Any, statement: str, *_: Any) -> None:
        if _counting.get() and not any(words in statement for words in _NOT_COUNTED):
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    token = _counting.set(True)
    try:
        yield sent
    finally:
        _counting.reset(token)
        event.remove(Engine, "before_cursor_execute", note)
