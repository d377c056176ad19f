"""The end of jobs that run out: they are marked, and their employers told, once."""

from reference_app.database import Database
from reference_app.jobs import repository
from reference_app.jobs.placement import FEATURED_CACHE_KEY
from reference_app.jobs.service import forget_pages
from reference_app.kit.chores import Chore
from reference_app.notifications.models import Kind
from reference_app.notifications.service import News, notify_each

_EVERY_S = 60
_BATCH = 50
_MOST_BATCHES = 40


def expiry(database: Database) -> Chore:
    """Jobs whose end has come expire."""

    async def work() -> None:
        await expire(database)

    return Chore("jobs.expiry", _EVERY_S, work)


async def expire(database: Database) -> int:
    """Mark the jobs whose end has come and tell their employers; how many there were.

    A job is marked and its employer told in one transaction: broken off, both
    are done the next time, and neither twice.
    """
    many = 0
    for _ in range(_MOST_BATCHES):
        async with database.writing() as session:
            rows = sorted(await repository.expire(session, _BATCH), key=lambda row: row.id)
            for row in rows:
                forget_pages(session, row.id, row.company_id)
            await notify_each(
                session,
                Kind.JOB_EXPIRED,
                [News(row.employer_id, {"job_id": row.id}, f"job:{row.id}") for row in rows],
            )
            if rows:
                session.forget(FEATURED_CACHE_KEY)
        many += len(rows)
        if len(rows) < _BATCH:
            break
    return many
