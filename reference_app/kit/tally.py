"""Counting what is seen without writing for each time it is.

A worker notes in memory who saw what. Every few seconds it hands its notes to
Redis, where someone who looks again and again within half an hour counts once,
whichever workers answer them. Now and then one worker takes what has come
together to the database, in one transaction.

Nothing is counted twice: a worker numbers the chunks of its notes and hands them
over in order, what is taken to the database has a name, and under one number and one
name only the first is taken in. A chunk belongs to the half hour in which it was
made up, and who was seen in it is forgotten a grace after its end. A chunk that comes
later than that, as after a long loss of Redis, may have been counted before and
nobody knows any more: it is given up, and counted as lost.

What is lost is counted: such chunks and notes for which there is no room while Redis
is gone, here; what goes down with Redis, as the difference between what was handed
over and what was written.
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
_GRACE_S = 900
"""How long after its end a window is remembered, for chunks that come late."""
_CHUNK = 500
_MOST_NOTED = 50_000
_NUMBER_KEPT_S = _WINDOW_S + _GRACE_S
"""As long as anything remembers a window: of a chunk of it, whether it was counted is known."""
_DIGEST_BYTES = 8
_PARTS = 600
"""Sets that remember one window. One that holds no more than 512 whole numbers Redis keeps at
8 bytes each (`set-max-intset-entries`); each member of a large set of words takes some 60."""
_MOST_IN_PART = 512
_TOO_LATE = -1

# KEYS: this worker's last chunk, what is to be written; of each view the part of the window that
# remembers it. ARGV: the chunk's number, how long to keep it, when the window is forgotten, the
# most a part remembers; of each view what to count it under and its digest.
# Answers how many views count: of the last chunk again what it answered then, none of one before
# it, which a connection that was given up brings late.
_HAND_OVER = f"""
local last = redis.call('GET', KEYS[1])
if last then
  local number, answered = string.match(last, '^(%d+) (%d+)$')
  if tonumber(ARGV[1]) <= tonumber(number) then
    redis.call('EXPIRE', KEYS[1], ARGV[2])
    return ARGV[1] == number and tonumber(answered) or 0
  end
end
if tonumber(redis.call('TIME')[1]) >= tonumber(ARGV[3]) then return {_TOO_LATE} end
local counted = 0
for i = 3, #KEYS do
  local many = redis.call('SCARD', KEYS[i])
  if many >= tonumber(ARGV[4]) or redis.call('SADD', KEYS[i], ARGV[2 * i]) == 1 then
    if many == 0 then redis.call('EXPIREAT', KEYS[i], ARGV[3]) end
    redis.call('HINCRBY', KEYS[2], ARGV[2 * i - 1], 1)
    counted = counted + 1
  end
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. counted, 'EX', ARGV[2])
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
    number: int
    window: int
    seen: list[tuple[int, int | str]]


Write = Callable[[str, Sequence[Counted]], Awaitable[bool]]
"""Writes a batch unless one of that name was written; whether it was."""


class Tally:
    """One worker's notes of one kind of view; `secret` hides in Redis who saw what."""

    def __init__(self, name: str, store: Store, secret: str) -> None:
        self._name = name
        self._store = store
        self._secret = secret.encode()
        self._noted: set[tuple[int, int | str]] = set()
        self._chunk: _Chunk | None = None
        self._cut_so_far = 0
        self._last = f"tally:{name}:last:{uuid4().hex}"
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
        """Hand over what was noted. Without Redis it stays noted, for how long see above."""
        while self._chunk is not None or self._noted:
            if self._chunk is None:
                self._chunk = self._cut()
            try:
                counted = await self._store.run(self._handing_over(self._chunk))
            except StoreGoneError:
                return
            if counted == _TOO_LATE:
                self._lost(len(self._chunk.seen))
            else:
                self._counts.handed_over.inc(counted)
            self._chunk = None

    async def close(self) -> None:
        """Hand over the last notes; those that nobody takes are lost."""
        await self.hand_over()
        left = len(self._noted) + (len(self._chunk.seen) if self._chunk else 0)
        if left:
            self._lost(left)

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

    def _lost(self, views: int) -> None:
        self._counts.lost.inc(views)
        _log.warning("views lost", of=self._name, views=views)

    def _cut(self) -> _Chunk:
        part = list(islice(self._noted, _CHUNK))
        self._noted.difference_update(part)
        self._cut_so_far += 1
        return _Chunk(self._cut_so_far, int(time()) // _WINDOW_S, part)

    def _digest(self, subject: int, viewer: int | str) -> int:
        """What stands for a view in Redis, as large as a number may be there.

        Of the 300,000 views that a window remembers, two have the same once in 400 million windows.
        """
        # an address is never written as a person's number is
        view = f"{subject}:{viewer}".encode()
        digest = hmac.digest(self._secret, view, "sha256")[:_DIGEST_BYTES]
        return int.from_bytes(digest, signed=True)

    def _handing_over(self, chunk: _Chunk) -> Callable[[Redis], Awaitable[int]]:
        digests = [self._digest(subject, viewer) for subject, viewer in chunk.seen]
        window = f"tally:{self._name}:seen:{chunk.window}"
        keys = [self._last, f"tally:{self._name}:pending"]
        keys += [f"{window}:{digest % _PARTS}" for digest in digests]
        forgotten_at = (chunk.window + 1) * _WINDOW_S + _GRACE_S
        told: list[int | str] = [chunk.number, _NUMBER_KEPT_S, forgotten_at, _MOST_IN_PART]
        for (subject, viewer), digest in zip(chunk.seen, digests, strict=True):
            # who is no number has no account: those are all the same to the database
            told += [f"{subject}:{viewer if isinstance(viewer, int) else 0}", digest]

        async def hand_over(redis: Redis) -> int:
            # as above
            return await redis.eval(_HAND_OVER, len(keys), *keys, *told)  # type: ignore[no-any-return]

        return hand_over
