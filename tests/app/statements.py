"""What the app asks the database for, to catch pages that ask once for every row."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

# Announcing a commit to the caches; what every write does and no read.
_NOT_COUNTED = ("pg_current_wal_insert_lsn",)


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements sent within the block, by whatever the app does meanwhile."""
    sent: list[str] = []

    def note(_1: Any, _2: Any, statement: str, *_: Any) -> None:
        if not any(words in statement for words in _NOT_COUNTED):
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)
