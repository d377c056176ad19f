"""How well jobs are placed in lists: by their employers' tiers, by boosts, by being featured.

A tier gives its jobs a head start (`head_start_days`), which is written on
them when they are published and follows the tier: at once when a subscription
changes, within minutes when it just ends. Boosts and features end by themselves.
"""

from collections.abc import Mapping
from datetime import timedelta

from reference_app.database import Database, WriteSession
from reference_app.jobs import placement_sql
from reference_app.jobs.listing import job_list
from reference_app.jobs.models import Promotion
from reference_app.kit.cache import Loader
from reference_app.kit.chores import Chore

MOST_PROMOTED = 3
"""So many jobs of an employer can be boosted at once, and so many featured."""

PROMOTED_FOR: Mapping[Promotion, timedelta] = {
    Promotion.BOOST: timedelta(days=7),
    Promotion.FEATURE: timedelta(days=14),
}

FEATURED_CACHE_KEY = "jobs-featured"
"""The cache's name for the featured jobs."""

_EVERY_S = 120
_FEATURED = 12
_BATCH = 500
_MOST_BATCHES = 20


def featured_loader(database: Database) -> Loader:
    """Reads the featured jobs."""

    async def load(position: int) -> bytes:
        return job_list(await placement_sql.featured(database.reading(position), _FEATURED))

    return load


async def follow_tier(session: WriteSession, employer_id: int) -> None:
    """A person's tier may have changed: place their jobs as it is now."""
    await placement_sql.settle(session, employer_id)


def upkeep(database: Database) -> Chore:
    """Boosts and features end, and jobs lose what an ended subscription gave them."""

    async def work() -> None:
        await keep_up(database)

    return Chore("jobs.placement", _EVERY_S, work)


async def keep_up(database: Database) -> None:
    """End what is over, in batches."""
    for step in (placement_sql.end_promotions, placement_sql.settle_all):
        for _ in range(_MOST_BATCHES):
            async with database.writing() as session:
                done = await step(session, _BATCH)
            if done < _BATCH:
                break
