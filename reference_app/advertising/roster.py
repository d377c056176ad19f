"""Which campaigns run, and which of them to show.

The list is cached: an impression asks no database. Budgets are kept over all pods by
`Tally`, and exceeded by no more than all workers show within `SHARE_S` and the round trip
to Redis after it. While Redis is gone each worker knows only of its own impressions, so
the bound is what is left of the budget, once for each worker; and after Redis lost its
memory it takes up to `LISTED_FOR_S` until the database says how much was shown before.
"""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

import orjson

from reference_app.advertising import repository
from reference_app.advertising.models import Audience, Placement
from reference_app.advertising.tally import Tally
from reference_app.database import AnyRow, Database
from reference_app.kit.cache import Cache

CACHE_KEY = "ads:running"

LISTED_FOR_S = 60
"""How long the list is believed; starting and pausing show at once."""

MOST_LISTED = 500
"""Were more running, those with the lowest bids would wait."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A running campaign; times in seconds since the epoch, `shown` as far as it is booked."""

    id: int
    title: str
    text: str
    placement: str | None
    island: str | None
    category: str | None
    starts_at: float
    ends_at: float
    daily_impressions: int
    total_impressions: int
    cpm_cents: int
    shown: int
    shown_today: int


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an advertisement is to be shown."""

    placement: Placement
    island: str | None
    category: str | None


class Roster:
    """One worker's list of running campaigns."""

    def __init__(self, cache: Cache, database: Database, tally: Tally) -> None:
        self._cache = cache
        self._database = database
        self._tally = tally
        self._body: bytes | None = None
        self._day = date.min
        self._listed: Sequence[Listed] = ()

    async def take(self, spot: Spot, audience: Audience) -> tuple[Listed | None, int]:
        """A campaign to show there, counted as shown, and how deep the list lay.

        Of those that fit and have budget left, the likelier the higher their bid.
        """
        found = await self._cache.get(CACHE_KEY, LISTED_FOR_S, self._load)
        if found.body is not self._body:
            self._read(found.body or b"")
        now, today = self._tally.now(), self._tally.today()
        fitting = [
            each
            for each in self._listed
            if each.starts_at <= now < each.ends_at
            and each.placement in (None, spot.placement)
            and each.island in (None, spot.island)
            and each.category in (None, spot.category)
            and self._has_budget(each, today)
        ]
        if not fitting:
            return None, found.depth
        weights = [each.cpm_cents for each in fitting]
        chosen = random.choices(fitting, weights)[0]  # noqa: S311 - keeps no secret
        # Nothing is waited for since the budget was looked at.
        self._tally.show(chosen.id, audience)
        return chosen, found.depth

    def _has_budget(self, each: Listed, today: date) -> bool:
        # What the list says of its day may be of yesterday, and is never ahead of Redis
        # unless that has lost its memory.
        booked_today = each.shown_today if self._day == today else 0
        shown_today = max(self._tally.shown_today(each.id), booked_today)
        shown = each.shown - booked_today + shown_today
        return shown_today < each.daily_impressions and shown < each.total_impressions

    def _read(self, body: bytes) -> None:
        day, listed = orjson.loads(body)
        self._day = date.fromisoformat(day)
        self._listed = [Listed(**each) for each in listed]
        self._body = body

    async def _load(self, position: int) -> bytes:
        today = self._tally.today()
        session = self._database.reading(position)
        rows = await repository.running(session, today, MOST_LISTED)
        return orjson.dumps([today.isoformat(), [asdict(_listed(row)) for row in rows]])


def _listed(row: AnyRow) -> Listed:
    return Listed(
        id=row.id,
        title=row.title,
        text=row.body,
        placement=row.placement,
        island=row.island,
        category=row.category,
        starts_at=row.starts_at.timestamp(),
        ends_at=row.ends_at.timestamp(),
        daily_impressions=row.daily_impressions,
        total_impressions=row.total_impressions,
        cpm_cents=row.cpm_cents,
        shown=int(row.shown),
        shown_today=int(row.shown_today),
    )
