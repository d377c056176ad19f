"""What leads people to jobs, the same for everyone, as cached bytes."""

from collections.abc import Awaitable, Callable, Mapping

from reference_app.catalogue import CATEGORIES, ISLANDS
from reference_app.database import Database, ReadSession
from reference_app.jobs import discovery_sql
from reference_app.jobs.listing import job_list
from reference_app.jobs.schemas import Shelf, Shelves
from reference_app.kit.cache import Loader
from reference_app.kit.chores import Chore
from reference_app.texts import json_bytes

CATEGORIES_CACHE_KEY = "job-categories"
"""The cache's name for the categories."""

ISLANDS_CACHE_KEY = "job-islands"
"""The cache's name for the islands."""

TRENDING_CACHE_KEY = "jobs-trending"
"""The cache's name for the jobs most sought after."""

_EVERY_S = 600
_TRENDING = 20
# Some will close before the next reckoning.
_RECKONED = 60
_SIMILAR = 10

_Count = Callable[[ReadSession], Awaitable[Mapping[str, int]]]


def similar_cache_key(job_id: int) -> str:
    """The cache's name for the jobs like another."""
    return f"job-similar:{job_id}"


def categories_loader(database: Database) -> Loader:
    """Reads all categories with their numbers of open jobs."""
    return _shelves_loader(database, CATEGORIES, discovery_sql.open_by_category)


def islands_loader(database: Database) -> Loader:
    """Reads all islands with their numbers of open jobs."""
    return _shelves_loader(database, ISLANDS, discovery_sql.open_by_island)


def similar_loader(database: Database, job_id: int) -> Loader:
    """Reads the open jobs like another."""

    async def load(position: int) -> bytes | None:
        rows = await discovery_sql.similar(database.reading(position), job_id, _SIMILAR)
        return None if rows is None else job_list(rows)

    return load


def trending_loader(database: Database) -> Loader:
    """Reads the jobs most sought after."""

    async def load(position: int) -> bytes:
        return job_list(await discovery_sql.trending(database.reading(position), _TRENDING))

    return load


def trending(database: Database) -> Chore:
    """Which jobs are most sought after is reckoned anew, now and then."""

    async def work() -> None:
        await reckon(database)

    return Chore("jobs.trending", _EVERY_S, work)


async def reckon(database: Database) -> None:
    """Reckon which jobs are most sought after."""
    async with database.writing() as session:
        await discovery_sql.reckon_trends(session, _RECKONED)


def _shelves_loader(database: Database, names: Mapping[str, str], count: _Count) -> Loader:
    async def load(position: int) -> bytes:
        counts = await count(database.reading(position))
        items = [
            Shelf(slug=slug, name=name, open_jobs=counts.get(slug, 0))
            for slug, name in names.items()
        ]
        return json_bytes(Shelves(items=items))

    return load
