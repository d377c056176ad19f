"""Counting what is seen without writing for each time it is.

A worker notes in memory who saw what. Every few seconds it hands its notes to
Redis, where someone who looks again and again within half an hour counts once,
whichever workers answer them. Now and then one worker takes what has come
together to the database, in one transaction.

Nothing is counted twice: a worker's notes and what is taken to the database
each have a name, and under one name only the first is taken in. What is lost
is counted: notes for which there is no room while Redis is gone, here; what
goes down with Redis, as the difference between what was handed over and what
was written.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from time import time
from uuid import uuid4

import structlog
from redis.asyncio import Redis

from reference_app.kit import metrics
from reference_app.kit.store import Store, StoreGoneError

_log = structlog.get_logger()

_HAND_OVER_EVERY_S = 2.0
_WINDOW_S = 1_800
_CHUNK = 500
_MOST_NOTED = 50_000
_MOST_SEEN = 300_000
_NAME_KEPT_S = 900
_DIGEST_BYTES = 8

# KEYS: the chunk's name, who was seen by whom in this window, what is to be written.
# ARGV: how long to keep the name and the window, the most to remember, "subject:viewer"...
# A viewer who is no number has no account: those are all the same to the database.
# Answers how many views count; a chunk of a name known already is not counted again.
_HAND_OVER = """
local known = redis.call('GET', KEYS[1])
if known then return tonumber(known) end
local remembers = redis.call('SCARD', KEYS[2]) < tonumber(ARGV[3])
local counted = 0
for i = 4, #ARGV do
  local seen = ARGV[i]
  if not remembers or redis.call('SADD', KEYS[2], seen) == 1 then
    local field = string.match(seen, '^%d+:%d+$') or (string.match(seen, '^%d+:') .. '0')
    redis.call('HINCRBY', KEYS[3], field, 1)
    counted = counted + 1
  end
end
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('SET', KEYS[1], counted, 'EX', ARGV[1])
return counted
"""

# KEYS: what is to be written, the batch being written. ARGV: a name for a new batch.
# Answers the batch: one that somebody began and did not end comes first.
_TAKE = """
if redis.call('EXISTS', KEYS[2]) == 0 then
  if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
  redis.call('RENAME', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[2], 'name', ARGV[1])
end
return redis.call('HGETALL', KEYS[2])
"""

# KEYS: the batch being written. ARGV: its name, lest another's be dropped.
_DROP = """
if redis.call('HGET', KEYS[1], 'name') == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """`subject` was seen `times` times by `viewer`; 0 stands for all who have no account."""

    subject: int
    viewer: int
    times: int


@dataclass(frozen=True, slots=True)
class _Chunk:
    name: str
    window: int
    seen: list[str]


Write = Callable[[str, Sequence[Counted]], Awaitable[bool]]
"""Writes a batch unless one of that name was written; whether it was."""


class Tally:
    """One worker's notes of one kind of view; `secret` hides the addresses of who is nobody."""

    def __init__(self, name: str, store: Store, secret: str) -> None:
        self._name = name
        self._store = store
        self._secret = secret.encode()
        self._noted: set[tuple[int, int | str]] = set()
        self._chunk: _Chunk | None = None
        self._counts = metrics.views(name)

    def saw(self, subject: int, viewer: int | str) -> None:
        """Note that `viewer` (a person's id, or an address) sees `subject`."""
        if len(self._noted) < _MOST_NOTED:
            self._noted.add((subject, viewer))
        else:
            self._counts.lost.inc()

    async def run(self) -> None:
        """Hand over what was noted every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(_HAND_OVER_EVERY_S)
            await self.hand_over()

    async def hand_over(self) -> None:
        """Hand over what was noted. Without Redis it stays noted."""
        while self._chunk is not None or self._noted:
            if self._chunk is None:
                self._chunk = self._cut()
            try:
                counted = await self._store.run(self._handing_over(self._chunk))
            except StoreGoneError:
                return
            self._counts.handed_over.inc(counted)
            self._chunk = None

    async def close(self) -> None:
        """Hand over the last notes; those that nobody takes are lost."""
        await self.hand_over()
        left = len(self._noted) + (len(self._chunk.seen) if self._chunk else 0)
        if left:
            self._counts.lost.inc(left)
            _log.warning("views lost", of=self._name, views=left)

    async def write(self, write: Write) -> None:
        """Take what all workers handed over to the database.

        Broken off before the batch is dropped, the next one comes upon it again;
        `write` must know it by its name then.
        """
        pending, batch = f"tally:{self._name}:pending", f"tally:{self._name}:batch"

        async def take(redis: Redis) -> list[bytes]:
            # scripts answer whatever they answer: the client's types cannot know
            return await redis.eval(_TAKE, 2, pending, batch, uuid4().hex)  # type: ignore[no-any-return]

        answer = await self._store.run(take)
        found = {
            key.decode(): value.decode()
            for key, value in zip(answer[::2], answer[1::2], strict=True)
        }
        if not found:
            return
        name = found.pop("name")
        counted = [
            Counted(*map(int, (*field.split(":"), times))) for field, times in sorted(found.items())
        ]
        if await write(name, counted):
            self._counts.written.inc(sum(each.times for each in counted))
        await self._store.run(lambda redis: redis.eval(_DROP, 1, batch, name))

    def _cut(self) -> _Chunk:
        part = list(islice(self._noted, _CHUNK))
        self._noted.difference_update(part)
        seen = [f"{subject}:{self._spelled(viewer)}" for subject, viewer in part]
        return _Chunk(uuid4().hex, int(time()) // _WINDOW_S, seen)

    def _spelled(self, viewer: int | str) -> str:
        if isinstance(viewer, int):
            return str(viewer)
        return "a" + hmac.digest(self._secret, viewer.encode(), "sha256")[:_DIGEST_BYTES].hex()

    def _handing_over(self, chunk: _Chunk) -> Callable[[Redis], Awaitable[int]]:
        keys = (
            f"tally:{self._name}:chunk:{chunk.name}",
            f"tally:{self._name}:seen:{chunk.window}",
            f"tally:{self._name}:pending",
        )
        options = (_NAME_KEPT_S, 2 * _WINDOW_S, _MOST_SEEN)

        async def hand_over(redis: Redis) -> int:
            # as above
            return await redis.eval(_HAND_OVER, len(keys), *keys, *options, *chunk.seen)  # type: ignore[no-any-return]

        return hand_over
