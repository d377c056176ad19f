"""The beginning of a list, kept as one: its first page ready, and what the next ones are cut from.

Who turns the page is answered from what the page before was answered from. Pages kept each
by its cursor are hardly found again: every job that is published moves the ends of the
pages, and so the cursors.

Kept are the bytes of the first page, those of the items after it, and an index of all.
"""

import struct
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

PAGE = 20
KEPT = 3 * PAGE
"""So many items, if there are as many."""

_OPENING, _SEPARATOR, _CLOSING = b'{"items":[', b",", b'],"next_cursor":'
_LENGTHS = struct.Struct(">II")

Place = tuple[float, int]
"""What a list is sorted by, and the id: the largest first."""

CursorAfter = Callable[[Place], str]


@dataclass(frozen=True, slots=True)
class Listed:
    """An item of a list: where it stands, and its JSON."""

    place: Place
    item: bytes


def pack(listed: Sequence[Listed], cursor_after: CursorAfter) -> bytes:
    """The beginning of a list, as it is kept; one item more than `KEPT` proves that more follow."""
    kept = listed[:KEPT]
    ends = cursor_after(kept[PAGE - 1].place) if len(listed) > PAGE else None
    first = _page([each.item for each in kept[:PAGE]], ends)
    rest = _SEPARATOR.join(each.item for each in kept[PAGE:])
    index = orjson.dumps(
        [
            len(listed) > KEPT,
            [(-each.place[0], -each.place[1]) for each in kept],
            [len(each.item) for each in kept],
        ]
    )
    return _LENGTHS.pack(len(first), len(rest)) + first + rest + index


def page(packed: bytes, after: Place | None, cursor_after: CursorAfter) -> bytes | None:
    """The page after a place (None: the first) as JSON; None when it ends beyond what is kept."""
    first_bytes, rest_bytes = _LENGTHS.unpack_from(packed)
    first_ends = _LENGTHS.size + first_bytes
    if after is None:
        return packed[_LENGTHS.size : first_ends]
    more, places, lengths = orjson.loads(packed[first_ends + rest_bytes :])
    begin = bisect_right(places, [-after[0], -after[1]])
    end = min(begin + PAGE, len(places))
    if more and end - begin < PAGE:
        return None
    items, at = [], _LENGTHS.size + len(_OPENING)
    for number, length in enumerate(lengths[:end]):
        if number == PAGE:
            at = first_ends
        if number >= begin:
            items.append(packed[at : at + length])
        at += length + len(_SEPARATOR)
    if not more and end == len(places):
        return _page(items, None)
    place, row_id = places[end - 1]
    return _page(items, cursor_after((-place, -row_id)))


def _page(items: Sequence[bytes], cursor: str | None) -> bytes:
    """As a `JobPage` is written."""
    return _OPENING + _SEPARATOR.join(items) + _CLOSING + orjson.dumps(cursor) + b"}"
