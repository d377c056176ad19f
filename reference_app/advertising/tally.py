"""What is shown and clicked, counted in the worker's memory and added up in Redis.

An impression costs no round trip: a worker tells the others once a second. Redis holds
the counts that are not in the database yet (`ads:pending`, which `booking` takes away),
what each campaign was shown today over all pods, and who was seen today.

Nothing is counted twice: a worker that does not know whether Redis took its counts gives
them up, and a metric says how many. Redis losing its memory loses what was not booked
yet, some ten seconds' worth.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from time import time
from uuid import uuid4

from redis.asyncio import Redis

from reference_app.advertising.impressions import Impression
from reference_app.advertising.models import Audience
from reference_app.kit import metrics
from reference_app.kit.store import Store, StoreGoneError

PENDING = "ads:pending"
"""A hash: `id` names the batch, every other field is a `field_of` with its count."""

SHARE_S = 1.0
"""How often a worker tells the others what it has shown, and hears of them."""

_TWO_DAYS_S = 2 * 24 * 3600

# KEYS: whether this impression was clicked, the pending counts.
# ARGV: how long that can be asked, in seconds; a batch's id; the field to count in.
_CLICK = """
if not redis.call('SET', KEYS[1], 1, 'NX', 'EX', ARGV[1]) then return 0 end
redis.call('HSETNX', KEYS[2], 'id', ARGV[2])
redis.call('HINCRBY', KEYS[2], ARGV[3], 1)
return 1
"""


def field_of(kind: str, day: date, campaign_id: int, audience: str) -> str:
    """The name of a count of `impressions` or `clicks`."""
    return f"{kind}|{day.isoformat()}|{campaign_id}|{audience}"


def seen_key(day: date) -> str:
    """Redis' name for who was seen on `day`."""
    return f"ads:seen:{day.isoformat()}"


class _Day:
    """One day's counts: not yet shared, and of each campaign over all pods."""

    __slots__ = ("people", "shown", "unshared")

    def __init__(self) -> None:
        self.unshared: Counter[tuple[int, Audience]] = Counter()
        self.people: set[int] = set()
        self.shown: Counter[int] = Counter()


class Tally:
    """One worker's counts. `clock` tells seconds since the epoch."""

    def __init__(self, store: Store, clock: Callable[[], float] = time) -> None:
        self._store = store
        self._clock = clock
        self._days: dict[date, _Day] = {}
        self._telling = asyncio.Lock()

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._clock()

    def today(self) -> date:
        """The present day, in UTC."""
        return datetime.fromtimestamp(self._clock(), UTC).date()

    def shown_today(self, campaign_id: int) -> int:
        """Impressions of a campaign today, over all pods as far as this worker has heard."""
        return self._present().shown[campaign_id]

    def show(self, campaign_id: int, audience: Audience) -> None:
        """Count an impression."""
        day = self._present()
        day.unshared[campaign_id, audience] += 1
        day.shown[campaign_id] += 1

    def see(self, user_id: int) -> None:
        """Someone on Free was there to see advertisements."""
        self._present().people.add(user_id)

    async def click(self, impression: Impression) -> bool:
        """Count a click, once for each impression; whether it was counted."""
        clicked = f"ads:clicked:{impression.nonce.hex()}"
        field = field_of("clicks", self.today(), impression.campaign_id, impression.audience)
        life_s = max(1, impression.expires_at - int(self._clock()) + 1)

        async def count(redis: Redis) -> int:
            # scripts answer whatever they answer: the client's types cannot know
            return await redis.eval(_CLICK, 2, clicked, PENDING, life_s, uuid4().hex, field)  # type: ignore[no-any-return]

        try:
            return bool(await self._store.run(count))
        except StoreGoneError:
            metrics.ad_counts_lost("clicks", 1)
            return False

    async def run(self) -> None:
        """Tell and hear once a second, until cancelled."""
        while True:
            await asyncio.sleep(SHARE_S)
            # Broken off, nobody would know whether Redis took it.
            await asyncio.shield(self.share())

    async def share(self) -> None:
        """Tell the other workers now, and hear of them."""
        async with self._telling:
            today = self.today()
            for day in sorted(self._days):
                await self._share(day)
                if day < today:
                    del self._days[day]

    async def _share(self, day: date) -> None:
        counts = self._days[day]
        if not counts.unshared and not counts.people:
            return
        told, counts.unshared = counts.unshared, Counter()
        people, counts.people = counts.people, set()
        shown_key = f"ads:shown:{day.isoformat()}"

        async def tell(redis: Redis) -> dict[bytes, bytes]:
            pipe = redis.pipeline(transaction=True)
            if told:
                pipe.hsetnx(PENDING, "id", uuid4().hex)
            for (campaign_id, audience), many in told.items():
                pipe.hincrby(PENDING, field_of("impressions", day, campaign_id, audience), many)
                pipe.hincrby(shown_key, str(campaign_id), many)
            if people:
                pipe.pfadd(seen_key(day), *people)
                pipe.expire(seen_key(day), _TWO_DAYS_S)
            pipe.expire(shown_key, _TWO_DAYS_S)
            pipe.hgetall(shown_key)
            answers = await pipe.execute()
            shown: dict[bytes, bytes] = answers[-1]
            return shown

        try:
            shown = await self._store.run(tell)
        except StoreGoneError:
            metrics.ad_counts_lost("impressions", told.total())
            return
        counts.shown = Counter({int(campaign): int(many) for campaign, many in shown.items()})
        for (campaign_id, _), many in counts.unshared.items():
            counts.shown[campaign_id] += many

    def _present(self) -> _Day:
        today = self.today()
        day = self._days.get(today)
        if day is None:
            day = self._days[today] = _Day()
        return day
