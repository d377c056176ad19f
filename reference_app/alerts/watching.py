"""New jobs are held against saved searches, and people told of what these found.

First it is noted what was found, then people are notified, then those are
written to who had no letter for a day. Each step is a transaction of its own
and begins where the one before was broken off.
"""

from collections.abc import Sequence
from itertools import groupby

from reference_app.alerts import watching_sql
from reference_app.database import AnyRow, Database
from reference_app.kit.chores import Chore
from reference_app.kit.mail import Mail
from reference_app.notifications.models import Kind
from reference_app.notifications.service import News, notify_each

_EVERY_S = 30
_JOBS_AT_ONCE = 50
_TOLD_AT_ONCE = 250
_MOST_BATCHES = 20
_MOST_LETTERS = 500

_SUBJECT = "New jobs for your saved searches"


def watch(database: Database, mail: Mail) -> Chore:
    """New jobs are looked at, now and then."""

    async def work() -> None:
        await look(database, mail)

    return Chore("alerts.watch", _EVERY_S, work)


async def look(database: Database, mail: Mail) -> None:
    """Look at new jobs, and tell people: as many as one turn takes, the rest in the next."""
    for _ in range(_MOST_BATCHES):
        async with database.writing() as session:
            jobs = await watching_sql.announce(session, _JOBS_AT_ONCE)
        if jobs < _JOBS_AT_ONCE:
            break
    for _ in range(_MOST_BATCHES):
        if await _notify_some(database) < _TOLD_AT_ONCE:
            break
    await _write_some(database, mail)


async def _notify_some(database: Database) -> int:
    async with database.writing() as session:
        found = await watching_sql.tell(session, _TOLD_AT_ONCE)
        await notify_each(session, Kind.SEARCH_FOUND, [_news(row) for row in found])
    return len(found)


def _news(row: AnyRow) -> News:
    """That a search found something; of one search there is at most one unread."""
    data = {"saved_search_id": row.id, "job_id": row.newest_job_id}
    return News(row.user_id, data, f"search:{row.id}")


async def _write_some(database: Database, mail: Mail) -> None:
    """Letters go once it is sure that they count as sent: rather none than two.

    Once each time: to find the next, all are looked at who had theirs today. Half of what may
    wait is left to letters that somebody waits for.
    """
    most = min(_MOST_LETTERS, mail.room - mail.most_waiting // 2)
    if most <= 0:
        return
    async with database.writing() as session:
        rows = await watching_sql.letters(session, most)
    for _, searches in groupby(rows, key=lambda row: row.id):
        found = list(searches)
        mail.post(found[0].email, _SUBJECT, _letter(found))


def _letter(searches: Sequence[AnyRow]) -> str:
    """What is written to one person."""
    lines = [
        f"- {row.name}: {row.jobs} new {'job' if row.jobs == 1 else 'jobs'}" for row in searches
    ]
    return "\n".join(
        [
            f"Hello {searches[0].full_name},",
            "",
            "new jobs were published that you look for:",
            "",
            *lines,
            "",
            "You get this letter at most once a day. Switch the alerts of a saved search off to"
            " hear no more of it.",
        ]
    )
