"""The cache: this worker's memory (L1), then Redis (L2), then the database.

What is cached are ready bytes, the same for every viewer. A key is loaded once
per worker at a time (the callers share the flight) and, by a short lock in
Redis, about once over all pods. Life times are jittered downwards. Who asks for
a value in the last tenth of its life gets it, and has it renewed in the
background, under the same lock: what is asked for often is not waited for.

An invalidation carries the WAL position of the change. It leaves a tombstone
in Redis, and nothing read from a server that has not reached that position is
cached again, however far a replica lags or whoever wins which race.

Without Redis everything works, slower: nobody tells this worker of changes
elsewhere then, so it believes its memory for two seconds only. Back again, Redis
holds what was changed meanwhile until those who changed it have said so: a worker
believes nothing whose loading began before it heard invalidations again.
"""

import asyncio
import math
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from time import time

import orjson
import structlog
from redis.asyncio import Redis

from reference_app.kit import metrics
from reference_app.kit.cache_entry import Entry, Found, Tombstone, decode, encode
from reference_app.kit.store import Store, StoreGoneError

_log = structlog.get_logger()

CHANNEL = "cache:invalidated"
ABSENT_TTL_S = 15
"""How long it is believed that something does not exist."""

L2, DB = metrics.LAYERS.index("l2"), metrics.LAYERS.index("db")

_UNHEARD_S = 2.0
_TOMBSTONE_S = 120
_MOST_TOMBSTONES = 10_000
_SWEEP_S = 5.0
_JITTER = 0.1
_RENEWED_IN = 0.1
"""The share of a life, its last, in which a value is renewed."""
_LOCK_MS = 1_000
_POLL_S = 0.02
_POLLS = 10
_LAST_LOADS_S = 1.0

# KEYS: the value, its lock. ARGV: how long to hold the lock, in ms; what a value must outlive;
# when its loading must have begun.
# Answers the value or tombstone found (or nothing), and whether the caller holds the lock.
_READ = """
local found = redis.call('GET', KEYS[1])
local form = found and string.sub(found, 1, 1)
if (form == 'W' or form == 'M')
  and struct.unpack('>d', found, 2) > tonumber(ARGV[2])
  and struct.unpack('>d', found, 10) >= tonumber(ARGV[3]) then return {found, 0} end
local mine = redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[1])
return {found, mine and 1 or 0}
"""

# KEYS: the value, its lock. ARGV: the WAL position it was read at, its life in ms, the value.
# Answers 0 and stores nothing when a tombstone asks for a later position.
_FILL = """
redis.call('DEL', KEYS[2])
local found = redis.call('GET', KEYS[1])
if found and string.sub(found, 1, 1) == 'T'
  and tonumber(string.sub(found, 2)) > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])
return 1
"""

# KEYS: values to bury. ARGV: the WAL position, the tombstone's life in s, channel, message.
_BURY = """
for _, key in ipairs(KEYS) do
  local found = redis.call('GET', key)
  if not (found and string.sub(found, 1, 1) == 'T'
    and tonumber(string.sub(found, 2)) > tonumber(ARGV[1])) then
    redis.call('SET', key, 'T' .. ARGV[1], 'EX', ARGV[2])
  end
end
redis.call('PUBLISH', ARGV[3], ARGV[4])
"""

Loader = Callable[[int], Awaitable[bytes | None]]
"""Reads the value (None: there is none) from a server that has reached this WAL position."""


class Cache:
    """One worker's view of the cache.

    `l1_bytes` bounds the memory of L1; the least recently used go first. What has run out does not
    stay.
    `clock` tells seconds since the epoch. By as much as those of two pods differ, a value
    may be believed after a loss of Redis that was loaded before it was over.
    """

    def __init__(self, store: Store, l1_bytes: int, clock: Callable[[], float] = time) -> None:
        self._store = store
        self._l1_bytes = l1_bytes
        self._clock = clock
        self._l1: OrderedDict[str, Entry] = OrderedDict()
        self._l1_used = 0
        self._swept_at = clock()
        self._flights: dict[str, asyncio.Task[Found]] = {}
        # Also those that an invalidation has made nobody wait for.
        self._loading: set[asyncio.Task[Found]] = set()
        self._tombstones: OrderedDict[str, Tombstone] = OrderedDict()
        self._hears = False
        self._believes_from = 0.0

    async def get(self, key: str, ttl_s: int, load: Loader) -> Found:
        """The value of `key`, loaded if need be and then kept for up to `ttl_s` seconds."""
        entry = self._l1.get(key)
        if entry is not None:
            now = self._clock()
            if now < entry.expires_at and (self._hears or now < entry.stored_at + _UNHEARD_S):
                self._l1.move_to_end(key)
                metrics.lookups(_kind_of(key)).l1.inc()
                self._renew(key, entry, ttl_s, load)
                return entry.found
        flight = self._flights.get(key) or self._take_off(key, ttl_s, load, outlive=0.0)
        # One caller giving up must not cost the others their answer.
        found = await asyncio.shield(flight)
        counters = metrics.lookups(_kind_of(key))
        (counters.l2 if found.depth == L2 else counters.miss).inc()
        entry = self._l1.get(key)
        if found.depth == L2 and entry is not None:
            self._renew(key, entry, ttl_s, load)
        return found

    async def invalidate(self, keys: list[str], position: int) -> None:
        """Make everyone forget `keys`, changed by a commit that ended at WAL `position`."""
        self._bury(keys, position)
        message = orjson.dumps([position, keys])

        async def bury(redis: Redis) -> None:
            names = [_value_key(key) for key in keys]
            await redis.eval(_BURY, len(names), *names, position, _TOMBSTONE_S, CHANNEL, message)

        await self._store.deliver(bury)

    def heard(self, message: bytes) -> None:
        """Take in an invalidation from another worker."""
        position, keys = orjson.loads(message)
        self._bury(keys, position)

    def hears(self) -> None:
        """Invalidations arrive from now on; some may have been missed before."""
        self._l1.clear()
        self._l1_used = 0
        self._flights.clear()
        self._hears = True
        if self._believes_from:
            self._believes_from = self._clock()

    def hears_nothing(self) -> None:
        """Invalidations no longer arrive."""
        self._hears = False
        self._believes_from = self._clock()

    async def close(self) -> None:
        """Let the loads that are under way end, the slow ones by force."""
        if self._loading:
            _, slow = await asyncio.wait(self._loading, timeout=_LAST_LOADS_S)
            for flight in slow:
                flight.cancel()
            await asyncio.gather(*slow, return_exceptions=True)

    def _renew(self, key: str, entry: Entry, ttl_s: int, load: Loader) -> None:
        """Fetch a value anew if it is about to run out."""
        left_s = entry.expires_at - self._clock()
        if left_s < _RENEWED_IN * _life_of(entry.body, ttl_s) and key not in self._flights:
            self._take_off(key, ttl_s, load, outlive=entry.expires_at)

    def _take_off(
        self, key: str, ttl_s: int, load: Loader, *, outlive: float
    ) -> asyncio.Task[Found]:
        """Fetch a value that lives longer than `outlive`; whoever asks meanwhile shares it."""
        flight = asyncio.create_task(self._fly(key, ttl_s, load, outlive))
        self._flights[key] = flight
        self._loading.add(flight)
        flight.add_done_callback(lambda done: self._landed(key, done))
        return flight

    def _landed(self, key: str, flight: asyncio.Task[Found]) -> None:
        self._loading.discard(flight)
        if self._flights.get(key) is flight:
            del self._flights[key]
        if not flight.cancelled() and flight.exception() is not None:
            error = type(flight.exception()).__name__
            _log.warning("cache load failed", kind=_kind_of(key), error=error)

    async def _fly(self, key: str, ttl_s: int, load: Loader, outlive: float) -> Found:
        flight = asyncio.current_task()
        began_at = self._clock()
        stored = await self._from_l2(key, outlive)
        if isinstance(stored, Entry) and self._serves(stored, outlive):
            self._keep(key, stored, flight)
            return Found(stored.body, L2)
        tombstones = (stored, self._tombstones.get(key))
        position = max((t.position for t in tombstones if isinstance(t, Tombstone)), default=0)
        if outlive:
            metrics.cache_renewals.inc()
        body = _fitting(await load(position))
        now = self._clock()
        life_s = _life_of(body, ttl_s) * (
            1 - _JITTER * random.random()  # noqa: S311 - spreads expiry, keeps no secret
        )
        entry = Entry(body, now + life_s, began_at, now)
        if await self._fill(key, entry, position, life_s):
            self._keep(key, entry, flight)
        return Found(body, DB)

    async def _from_l2(self, key: str, outlive: float) -> Entry | Tombstone | None:
        """What Redis holds; waits a moment for another worker that is loading the same key."""
        names = (_value_key(key), f"lock:{key}")

        async def read(redis: Redis) -> tuple[bytes | None, int]:
            # scripts answer whatever they answer: the client's types cannot know
            return await redis.eval(  # type: ignore[no-any-return]
                _READ, 2, *names, _LOCK_MS, outlive, self._believes_from
            )

        found: Entry | Tombstone | None = None
        for _ in range(_POLLS):
            try:
                value, mine = await self._store.run(read)
            except StoreGoneError:
                return None
            found = decode(value, self._clock()) if value is not None else None
            run_out = value is not None and found is None
            good = isinstance(found, Entry) and self._serves(found, outlive)
            if good or mine or run_out:
                return found
            await asyncio.sleep(_POLL_S)
        return found

    def _serves(self, stored: Entry, outlive: float) -> bool:
        return stored.expires_at > outlive and stored.loaded_at >= self._believes_from

    async def _fill(self, key: str, entry: Entry, position: int, life_s: float) -> bool:
        """Store in L2; False when a change later than `position` forbids to keep the value."""
        names = (_value_key(key), f"lock:{key}")
        life_ms = math.ceil(life_s * 1000)

        async def fill(redis: Redis) -> int:
            # as above
            return await redis.eval(_FILL, 2, *names, position, life_ms, encode(entry))  # type: ignore[no-any-return]

        try:
            return bool(await self._store.run(fill))
        except StoreGoneError:
            return True

    def _keep(self, key: str, entry: Entry, flight: asyncio.Task[object] | None) -> None:
        """Store in L1, unless an invalidation overtook the flight."""
        if self._flights.get(key) is not flight:
            return
        self._drop(key)
        self._l1[key] = entry
        self._l1_used += entry.size
        self._sweep()
        while self._l1_used > self._l1_bytes:
            self._drop(next(iter(self._l1)))

    def _sweep(self) -> None:
        """Drop what has run out, now and then: it may lie among what lives ten times as long."""
        now = self._clock()
        if now < self._swept_at + _SWEEP_S:
            return
        self._swept_at = now
        for key in [key for key, entry in self._l1.items() if entry.expires_at <= now]:
            self._drop(key)

    def _bury(self, keys: list[str], position: int) -> None:
        now = self._clock()
        for key in keys:
            self._drop(key)
            self._flights.pop(key, None)
            older = self._tombstones.pop(key, None)
            reached = max(position, older.position if older is not None else 0)
            self._tombstones[key] = Tombstone(reached, now)
        while self._tombstones:
            oldest = next(iter(self._tombstones.values()))
            if len(self._tombstones) <= _MOST_TOMBSTONES and now - oldest.made_at < _TOMBSTONE_S:
                break
            self._tombstones.popitem(last=False)

    def _drop(self, key: str) -> None:
        entry = self._l1.pop(key, None)
        if entry is not None:
            self._l1_used -= entry.size


def _life_of(body: bytes | None, ttl_s: int) -> int:
    """How long a value is believed at most, in seconds."""
    return min(ttl_s, ABSENT_TTL_S) if body is None else ttl_s


def _fitting(body: bytes | None) -> bytes | None:
    """The same bytes in no more memory than they need: orjson leaves up to 4 kB of room."""
    return None if body is None else bytes(memoryview(body))


def _kind_of(key: str) -> str:
    """What may be told of a key: the rest may be what somebody searched for."""
    return key.partition(":")[0]


def _value_key(key: str) -> str:
    # The same in every version: so an invalidation by pods of one reaches the values of another.
    return f"cache2:{key}"
