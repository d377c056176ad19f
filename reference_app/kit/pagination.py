"""Keyset pages: a cursor says after which row the next page begins.

A page asks for one row more than it shows; the extra row proves that there is
a next page. Cursors are opaque to clients, and one made for one order is
refused in another.
"""

import base64
import binascii
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from reference_app.errors import InvalidError

LARGEST_PAGE = 100

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BY_ID = struct.Struct(">cq")
_BY_TIME = struct.Struct(">cqq")
_BY_NUMBER = struct.Struct(">cqq")
_BY_SCORE = struct.Struct(">cdq")

PageSize = Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="How many items a page holds.")]
CursorValue = Annotated[
    str | None,
    Field(max_length=64, description="`next_cursor` of the page before; none for the first page."),
]

Limit = Annotated[PageSize, Query()]
CursorText = Annotated[CursorValue, Query()]

Item = TypeVar("Item")
Row = TypeVar("Row")


def _described(schema: dict[str, Any]) -> None:
    # A page of something does not take the description over.
    schema.setdefault("description", "One page of a list.")


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    model_config = ConfigDict(json_schema_extra=_described)

    items: list[Item]
    next_cursor: str | None = Field(
        description="Pass it as `cursor` for the next page; null on the last."
    )


def cut(
    rows: Sequence[Row], limit: int, cursor_after: Callable[[Row], str]
) -> tuple[Sequence[Row], str | None]:
    """The `limit` rows to show of `limit + 1` asked for, and the cursor of the page after them."""
    if len(rows) <= limit:
        return rows, None
    shown = rows[:limit]
    return shown, cursor_after(shown[-1])


def cursor_by_id(row_id: int) -> str:
    """The cursor after a row in the order of ids."""
    return _text(_BY_ID.pack(b"i", row_id))


def read_cursor_by_id(cursor: str | None) -> int | None:
    """The id that `cursor` follows. Raises `InvalidError` on a cursor of another kind."""
    if cursor is None:
        return None
    return int(_unpack(_BY_ID, b"i", cursor)[0])


def cursor_by_time(moment: datetime, row_id: int) -> str:
    """The cursor after a row in the order of (moment, id); exact to the microsecond."""
    return _text(_BY_TIME.pack(b"t", (moment - _EPOCH) // _MICROSECOND, row_id))


def read_cursor_by_time(cursor: str | None) -> tuple[datetime, int] | None:
    """The (moment, id) that `cursor` follows. Raises `InvalidError` on another kind."""
    if cursor is None:
        return None
    microseconds, row_id = _unpack(_BY_TIME, b"t", cursor)
    try:
        return _EPOCH + timedelta(microseconds=int(microseconds)), int(row_id)
    except OverflowError as error:
        raise _bad_cursor() from error


def cursor_by_number(number: int, row_id: int) -> str:
    """The cursor after a row in the order of (number, id)."""
    return _text(_BY_NUMBER.pack(b"n", number, row_id))


def read_cursor_by_number(cursor: str | None) -> tuple[int, int] | None:
    """The (number, id) that `cursor` follows. Raises `InvalidError` on another kind."""
    if cursor is None:
        return None
    number, row_id = _unpack(_BY_NUMBER, b"n", cursor)
    return int(number), int(row_id)


def cursor_by_score(score: float, row_id: int) -> str:
    """The cursor after a row in the order of (score, id)."""
    return _text(_BY_SCORE.pack(b"s", score, row_id))


def read_cursor_by_score(cursor: str | None) -> tuple[float, int] | None:
    """The (score, id) that `cursor` follows. Raises `InvalidError` on another kind."""
    if cursor is None:
        return None
    score, row_id = _unpack(_BY_SCORE, b"s", cursor)
    return float(score), int(row_id)


def _text(packed: bytes) -> str:
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


def _unpack(layout: struct.Struct, kind: bytes, cursor: str) -> tuple[int | float, ...]:
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found, *values = layout.unpack(packed)
    except (binascii.Error, struct.error, ValueError) as error:
        raise _bad_cursor() from error
    if found != kind:
        raise _bad_cursor()
    return tuple(values)


def _bad_cursor() -> InvalidError:
    return InvalidError("bad_cursor", "This cursor does not belong to this list.")
