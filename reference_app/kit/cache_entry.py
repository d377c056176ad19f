"""What the cache holds for a key, and its form in Redis.

In Redis a value is `W` (or `M`: known not to exist), expiry, since when it is loaded,
body; a tombstone is `T` and the WAL position as digits. Scripts read both. While a
version is rolled out, pods of two share a Redis: another form of values takes another
first letter, which counts as nothing found, under the same keys. That of tombstones
never changes.
"""

import struct
from dataclasses import dataclass

_HEAD = struct.Struct(">cdd")
_VALUE, _ABSENT, _TOMBSTONE = b"W", b"M", b"T"
_OVERHEAD_BYTES = 400


@dataclass(frozen=True, slots=True)
class Found:
    """A value (None: there is none) and how deep it lay, as an index of `metrics.LAYERS`."""

    body: bytes | None
    depth: int


class Entry:
    """A value; when it runs out, when its loading began, since when it is here.

    All three in seconds since the epoch.
    """

    __slots__ = ("body", "expires_at", "found", "loaded_at", "stored_at")

    def __init__(
        self, body: bytes | None, expires_at: float, loaded_at: float, stored_at: float
    ) -> None:
        self.body = body
        self.expires_at = expires_at
        self.loaded_at = loaded_at
        self.stored_at = stored_at
        self.found = Found(body, 1)

    @property
    def size(self) -> int:
        """Its memory in bytes, roughly."""
        return _OVERHEAD_BYTES + len(self.body or b"")


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Says that nothing read before WAL `position` may be kept."""

    position: int
    made_at: float


def encode(entry: Entry) -> bytes:
    """The entry as Redis keeps it."""
    kind = _ABSENT if entry.body is None else _VALUE
    return _HEAD.pack(kind, entry.expires_at, entry.loaded_at) + (entry.body or b"")


def decode(stored: bytes, now: float) -> Entry | Tombstone | None:
    """What `stored` says; None when it has run out, or is of another version's form."""
    kind = stored[:1]
    if kind == _TOMBSTONE:
        return Tombstone(int(stored[1:]), now)
    if kind not in (_VALUE, _ABSENT):
        return None
    _, expires_at, loaded_at = _HEAD.unpack_from(stored)
    if now >= expires_at:
        return None
    return Entry(None if kind == _ABSENT else stored[_HEAD.size :], expires_at, loaded_at, now)
