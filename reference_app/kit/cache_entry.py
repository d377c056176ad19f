"""What the cache holds for a key, and its form in Redis.

In Redis a value is `V` (or `N`: known not to exist), expiry, load time, body;
a tombstone is `T` and the WAL position as digits, so that scripts can read it.
"""

import struct
from dataclasses import dataclass

_HEAD = struct.Struct(">cdd")
_OVERHEAD_BYTES = 400


@dataclass(frozen=True, slots=True)
class Found:
    """A value (None: there is none) and how deep it lay, as an index of `metrics.LAYERS`."""

    body: bytes | None
    depth: int


class Entry:
    """A value, when it runs out (seconds since the epoch) and what loading it took (seconds)."""

    __slots__ = ("body", "expires_at", "found", "load_s", "stored_at")

    def __init__(
        self, body: bytes | None, expires_at: float, load_s: float, stored_at: float
    ) -> None:
        self.body = body
        self.expires_at = expires_at
        self.load_s = load_s
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
    kind = b"N" if entry.body is None else b"V"
    return _HEAD.pack(kind, entry.expires_at, entry.load_s) + (entry.body or b"")


def decode(stored: bytes, now: float) -> Entry | Tombstone | None:
    """What `stored` says; None when it has run out."""
    if stored[:1] == b"T":
        return Tombstone(int(stored[1:]), now)
    kind, expires_at, load_s = _HEAD.unpack_from(stored)
    if now >= expires_at:
        return None
    return Entry(None if kind == b"N" else stored[_HEAD.size :], expires_at, load_s, now)
