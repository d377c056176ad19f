"""What one can do to follow others.

Numbers of followers are counted when they are read and kept in the cache. Up
to a thousand followers a change shows at once; more are counted anew when the
cached number runs out, so that a follow of the famous costs no counting.
"""

from collections.abc import Sequence

from reference_app.companies.schemas import CompanyRef
from reference_app.companies.service import no_such_company
from reference_app.database import AnyRow, Database, ReadSession, WriteSession
from reference_app.errors import ConflictError, InvalidError
from reference_app.feed.pages import home_cache_key
from reference_app.kit.cache import Loader
from reference_app.kit.pagination import cursor_by_id, cut, read_cursor_by_id
from reference_app.network import follow_sql
from reference_app.network.cache_keys import company_cache_key, user_cache_key
from reference_app.network.follow_sql import COMPANIES, PEOPLE, Follows
from reference_app.network.schemas import Audience, CompaniesPage, CompanyAudience, PeoplePage
from reference_app.notifications.models import Kind
from reference_app.notifications.service import notify
from reference_app.texts import LARGEST_ID, json_bytes
from reference_app.users.naming import person_ref
from reference_app.users.service import no_such_user

MOST_FOLLOWED = 2_000
"""How many people and companies one can follow: a feed is put together from all of them."""

_COUNTED_AT_ONCE = 1_000


def user_audience_loader(database: Database, user_id: int) -> Loader:
    """Reads a person's numbers as ready bytes."""

    async def load(position: int) -> bytes | None:
        row = await follow_sql.user_audience(database.reading(position), user_id)
        return None if row is None else json_bytes(Audience.model_validate(row))

    return load


def company_audience_loader(database: Database, company_id: int) -> Loader:
    """Reads a company's numbers as ready bytes."""

    async def load(position: int) -> bytes | None:
        row = await follow_sql.company_audience(database.reading(position), company_id)
        return None if row is None else json_bytes(CompanyAudience.model_validate(row))

    return load


async def follow_user(session: WriteSession, follower_id: int, user_id: int) -> None:
    """Follow a person; twice is once.

    Raises `NotFoundError`, `InvalidError` for oneself, and `ConflictError`
    when one follows too many.
    """
    if follower_id == user_id:
        raise InvalidError("to_yourself", "Follow someone else.")
    new = await PEOPLE.follow(session, follower_id, user_id, most=MOST_FOLLOWED)
    if new is None:
        if not (await PEOPLE.found(session, follower_id, user_id)).exists:
            raise no_such_user()
        raise _follows_too_many()
    if new:
        await _changed(session, PEOPLE, follower_id, user_id, user_cache_key(user_id))
        await notify(
            session, user_id, Kind.FOLLOWED, {"user_id": follower_id}, about=str(follower_id)
        )


async def unfollow_user(session: WriteSession, follower_id: int, user_id: int) -> None:
    """Follow a person no longer; nothing happens if one did not."""
    if await PEOPLE.unfollow(session, follower_id, user_id):
        await _changed(session, PEOPLE, follower_id, user_id, user_cache_key(user_id))


async def follow_company(session: WriteSession, follower_id: int, company_id: int) -> None:
    """Follow a company; twice is once.

    Raises `NotFoundError`, and `ConflictError` when one follows too many.
    """
    new = await COMPANIES.follow(session, follower_id, company_id, most=MOST_FOLLOWED)
    if new is None:
        if not (await COMPANIES.found(session, follower_id, company_id)).exists:
            raise no_such_company()
        raise _follows_too_many()
    if new:
        await _changed(session, COMPANIES, follower_id, company_id, company_cache_key(company_id))


async def unfollow_company(session: WriteSession, follower_id: int, company_id: int) -> None:
    """Follow a company no longer; nothing happens if one did not."""
    if await COMPANIES.unfollow(session, follower_id, company_id):
        await _changed(session, COMPANIES, follower_id, company_id, company_cache_key(company_id))


async def followers(
    session: ReadSession, of: Follows, target: int, limit: int, cursor: str | None
) -> PeoplePage:
    """A page of the followers of a person or company, the last to sign up first."""
    below = read_cursor_by_id(cursor) or LARGEST_ID
    return _people(await of.followers(session, target, limit + 1, below), limit)


async def followed_people(
    session: ReadSession, user_id: int, limit: int, cursor: str | None
) -> PeoplePage:
    """A page of the people one follows, the last to sign up first."""
    below = read_cursor_by_id(cursor) or LARGEST_ID
    return _people(await follow_sql.followed_people(session, user_id, limit + 1, below), limit)


async def followed_companies(
    session: ReadSession, user_id: int, limit: int, cursor: str | None
) -> CompaniesPage:
    """A page of the companies one follows, the newest first."""
    below = read_cursor_by_id(cursor) or LARGEST_ID
    rows = await follow_sql.followed_companies(session, user_id, limit + 1, below)
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
    items = [CompanyRef(id=row.id, name=row.name) for row in shown]
    return CompaniesPage(items=items, next_cursor=next_cursor)


async def _changed(
    session: WriteSession, of: Follows, follower_id: int, target: int, audience: str
) -> None:
    session.forget(home_cache_key(follower_id), user_cache_key(follower_id))
    if await of.fewer_than(session, target, _COUNTED_AT_ONCE):
        session.forget(audience)


def _people(rows: Sequence[AnyRow], limit: int) -> PeoplePage:
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.person_id))
    return PeoplePage(items=[person_ref(row) for row in shown], next_cursor=next_cursor)


def _follows_too_many() -> ConflictError:
    return ConflictError("follows_too_many", f"One can follow {MOST_FOLLOWED:,} at most.")
