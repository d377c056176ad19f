"""Who is active, recorded without a write per request.

A worker notes in memory whom it has seen today, and every few seconds adds
those it had not yet told of to the day's sketch in Redis (HyperLogLog: 12 kB
however many people, and a standard error of 0.81 %; Flajolet, Fusy, Gandouet,
Meunier, "HyperLogLog", 2007). Telling of somebody twice changes nothing, so a
worker may forget whom it has told of.

Every few minutes one worker takes the sketches to the database, and gives back
to Redis what it has lost: a sketch is merged, never replaced.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from time import time

from redis.asyncio import Redis

from reference_app.analytics import repository
from reference_app.database import Database
from reference_app.kit.chores import Chore
from reference_app.kit.store import Store, StoreGoneError

KEEP_EVERY_S = 300
"""How often the figures in the database follow, over all workers."""

WINDOW_DAYS = 30
_DAY_S = 86_400
_EPOCH = date(1970, 1, 1)
_TELL_EVERY_S = 5.0
_AT_ONCE = 1_000
_MOST_REMEMBERED = 20_000
"""Told of again, people cost a share of one command in thousands; remembered, 70 bytes each."""
_MOST_UNTOLD = 1_000_000
_KEPT_S = (WINDOW_DAYS + 10) * _DAY_S

# KEYS: the sketches of a day and of those before it, the latest first.
# ARGV: how long to keep them, how many of them may still grow, what the database has of each.
# Answers the latest sketch, how many people are in it, and how many in the window.
_SETTLE = """
local window = {}
for i, key in ipairs(KEYS) do
  local stored = ARGV[i + 2]
  if stored ~= '' and (i <= tonumber(ARGV[2]) or redis.call('EXISTS', key) == 0) then
    redis.call('SET', 'active:stored', stored)
    redis.call('PFMERGE', key, 'active:stored')
    redis.call('DEL', 'active:stored')
  end
  redis.call('EXPIRE', key, ARGV[1])
  window[i] = key
end
local day, all = redis.call('PFCOUNT', KEYS[1]), redis.call('PFCOUNT', unpack(window))
return {redis.call('GET', KEYS[1]), day, all}
"""


class Activity:
    """Whom one worker has seen. `clock` tells seconds since the epoch; days are UTC's."""

    def __init__(self, store: Store, clock: Callable[[], float] = time) -> None:
        self._store = store
        self._clock = clock
        self._day = 0
        self._told: set[int] = set()
        self._untold: dict[int, set[int]] = {}

    def seen(self, user_id: int) -> None:
        """Note that somebody is here now."""
        day = int(self._clock() // _DAY_S)
        if day != self._day:
            self._day = day
            self._told.clear()
        if user_id in self._told:
            return
        if len(self._told) >= _MOST_REMEMBERED:
            self._told.clear()
        self._told.add(user_id)
        waiting = self._untold.setdefault(day, set())
        if len(waiting) < _MOST_UNTOLD:
            waiting.add(user_id)

    async def run(self) -> None:
        """Tell Redis until cancelled."""
        while True:
            await asyncio.sleep(_TELL_EVERY_S)
            await self.tell()

    async def tell(self) -> None:
        """Tell Redis of those it was not told of; without Redis they wait."""
        for day, waiting in list(self._untold.items()):
            while waiting:
                chunk = list(islice(waiting, _AT_ONCE))
                try:
                    await self._add(_day_key(_EPOCH + timedelta(days=day)), chunk)
                except StoreGoneError:
                    return
                waiting.difference_update(chunk)
            if day != self._day:
                del self._untold[day]

    async def _add(self, key: str, user_ids: Sequence[int]) -> None:
        async def add(redis: Redis) -> None:
            async with redis.pipeline() as together:
                together.pfadd(key, *user_ids)
                together.expire(key, _KEPT_S)
                await together.execute()

        await self._store.run(add)


def keeping(database: Database, store: Store) -> Chore:
    """The database learns who was active, now and then."""

    async def work() -> None:
        await keep(database, store, datetime.now(UTC).date())

    return Chore("analytics.activity", KEEP_EVERY_S, work)


async def keep(database: Database, store: Store, today: date) -> None:
    """Bring today's and yesterday's figures to the database. Raises `StoreGoneError`.

    Yesterday's because what workers saw just before midnight arrives after it.
    """
    stored = await repository.sketches(database.reading(primary=True), _before(today, WINDOW_DAYS))
    for day in (today - timedelta(days=1), today):
        days = [_before(day, back) for back in range(WINDOW_DAYS)]
        sketch, active, in_window = await _settle(
            store, days, [stored.get(each, b"") for each in days], growing=1 + (day == today)
        )
        if not active:
            continue
        async with database.writing() as session:
            await repository.keep(
                session, day, sketch=sketch, active=active, active_30_days=in_window
            )


async def _settle(
    store: Store, days: Sequence[date], stored: Sequence[bytes], *, growing: int
) -> tuple[bytes, int, int]:
    keys = [_day_key(day) for day in days]

    async def settle(redis: Redis) -> tuple[bytes | None, int, int]:
        return await redis.eval(_SETTLE, len(keys), *keys, _KEPT_S, growing, *stored)  # type: ignore[no-any-return]

    sketch, active, in_window = await store.run(settle)
    return sketch or b"", active, in_window


def _before(day: date, days: int) -> date:
    return day - timedelta(days=days)


def _day_key(day: date) -> str:
    return f"active:{day.isoformat()}"
