"""Counts on their way from Redis into the statistics, each exactly once.

One batch at a time is set aside in Redis and booked in one transaction together with
its id; only then is it deleted. Whoever breaks off in between leaves the batch where it
is: the next turn books it, or finds by its id that it is booked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from redis.asyncio import Redis

from reference_app.advertising import statistics_sql as sql
from reference_app.advertising.statistics_sql import Counts
from reference_app.advertising.tally import PENDING, seen_key
from reference_app.database import Database
from reference_app.kit.store import Store

BOOK_EVERY_S = 10
"""How often counts go to the database, over all workers."""

BATCH = "ads:batch"
"""What was set aside of `PENDING`, until it is booked."""

# KEYS: the pending counts, the batch. Answers the batch, one left behind before a new one.
_SET_ASIDE = """
if redis.call('EXISTS', KEYS[2]) == 0 then
  if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
  redis.call('RENAME', KEYS[1], KEYS[2])
end
return redis.call('HGETALL', KEYS[2])
"""

# KEYS: the batch. ARGV: the id of the one that is booked.
_DONE = """
if redis.call('HGET', KEYS[1], 'id') == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""


@dataclass(slots=True)
class Batch:
    """Counts that are booked together, by campaign and day and by day and audience."""

    batch_id: UUID
    campaigns: dict[tuple[int, date], Counts] = field(default_factory=dict)
    audiences: dict[tuple[date, str], Counts] = field(default_factory=dict)


async def book(database: Database, store: Store) -> None:
    """Bring what is counted in Redis into the statistics. Raises `StoreGoneError`."""
    batch = await set_aside(store)
    people = await _people(store)
    if batch is None and not people:
        return
    async with database.writing() as session:
        if batch is not None and await sql.is_new(session, batch.batch_id):
            await sql.add_to_campaigns(session, batch.campaigns)
            await sql.add_to_audiences(session, batch.audiences)
        await sql.note_people(session, people)
    if batch is not None:
        await store.run(lambda redis: redis.eval(_DONE, 1, BATCH, batch.batch_id.hex))


async def set_aside(store: Store) -> Batch | None:
    """The batch to book now, None when there is nothing to book. Raises `StoreGoneError`."""

    async def take(redis: Redis) -> list[bytes]:
        # scripts answer whatever they answer: the client's types cannot know
        return await redis.eval(_SET_ASIDE, 2, PENDING, BATCH)  # type: ignore[no-any-return]

    found = [each.decode("ascii") for each in await store.run(take)]
    if not found:
        return None
    return _read(dict(zip(found[::2], found[1::2], strict=True)))


def _read(counted: Mapping[str, str]) -> Batch:
    batch = Batch(UUID(hex=counted["id"]))
    for name, many in counted.items():
        if name == "id":
            continue
        kind, on, campaign_id, audience = name.split("|")
        day = date.fromisoformat(on)
        for counts in (
            batch.campaigns.setdefault((int(campaign_id), day), Counts()),
            batch.audiences.setdefault((day, audience), Counts()),
        ):
            if kind == "impressions":
                counts.impressions += int(many)
            else:
                counts.clicks += int(many)
    return batch


async def _people(store: Store) -> dict[date, int]:
    """How many people on Free were seen, yesterday and today, where anyone was."""
    today = datetime.now(UTC).date()
    found = {}
    for day in (today - timedelta(days=1), today):
        many = await _seen(store, day)
        if many:
            found[day] = many
    return found


async def _seen(store: Store, day: date) -> int:
    async def count(redis: Redis) -> int:
        return int(await redis.pfcount(seen_key(day)))

    return await store.run(count)
