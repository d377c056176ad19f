"""What one can know of views, and how they are written."""

from collections.abc import Awaitable, Callable, Sequence

from reference_app.database import Database, ReadSession, WriteSession
from reference_app.kit.chores import Chore
from reference_app.kit.pagination import cursor_by_time, cut, read_cursor_by_time
from reference_app.kit.tally import Counted, Tally
from reference_app.subscriptions.entitlements import Feature, require
from reference_app.users.naming import person_ref
from reference_app.views import repository
from reference_app.views.schemas import ProfileViewer, ProfileViewerPage, ProfileViews

SHOWN_DAYS = 90
"""So far back one is told who saw one's profile."""

_EVERY_S = 15

_Add = Callable[[WriteSession, Sequence[Counted]], Awaitable[None]]


async def of_profile(session: ReadSession, user_id: int) -> ProfileViews:
    """How often one's own profile was seen lately."""
    row = await repository.summary(session, user_id, SHOWN_DAYS)
    assert row is not None  # noqa: S101 - a count has always a row
    return ProfileViews(days=SHOWN_DAYS, viewers=row.viewers, views=row.views)


async def profile_viewers(
    session: ReadSession, user_id: int, limit: int, cursor: str | None
) -> ProfileViewerPage:
    """A page of those who saw one's profile lately, the last first.

    Raises `EntitlementRefusedError` for tiers that tell numbers only.
    """
    await require(session, user_id, Feature.WHO_VIEWED_ME)
    after = read_cursor_by_time(cursor)
    rows = await repository.viewers(session, user_id, SHOWN_DAYS, limit + 1, after)
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_time(row.viewed_at, row.person_id))
    items = [
        ProfileViewer(**dict(person_ref(row)), views=row.views, viewed_at=row.viewed_at)
        for row in shown
    ]
    return ProfileViewerPage(items=items, next_cursor=next_cursor)


def writing_job_views(database: Database, tally: Tally) -> Chore:
    """Views of jobs are written, now and then."""
    return _writing("views.jobs", database, tally, repository.add_job_views)


def writing_profile_views(database: Database, tally: Tally) -> Chore:
    """Views of profiles are written, now and then."""
    return _writing("views.profiles", database, tally, repository.add_profile_views)


def _writing(name: str, database: Database, tally: Tally, add: _Add) -> Chore:
    async def write(batch: str, counted: Sequence[Counted]) -> bool:
        async with database.writing() as session:
            new = await repository.begin_batch(session, batch)
            if new:
                await add(session, counted)
        return new

    async def work() -> None:
        await tally.write(write)

    return Chore(name, _EVERY_S, work)
