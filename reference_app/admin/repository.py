"""SQL about people as administrators see them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    bindparam,
    func,
    or_,
    select,
    update,
)

from reference_app.admin.models import Report
from reference_app.auth.models import AuthSession
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.feed.models import Post
from reference_app.jobs.models import Job
from reference_app.users.models import User

_COLUMNS = (
    User.id,
    User.email,
    User.full_name,
    User.role,
    User.created_at,
    User.suspended_at,
)

_likeness = bindparam("likeness", type_=Text)
_CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    "likeness": or_(
        User.email.ilike(_likeness, escape="\\"), User.full_name.ilike(_likeness, escape="\\")
    ),
    "role": User.role == bindparam("role"),
    "suspended": User.suspended_at.is_not(None) == bindparam("suspended"),
    "after": User.id < bindparam("after"),
}


def _many(model: type[Job | Post | AuthSession | Report], *of: ColumnElement[bool]) -> Any:
    return select(func.count()).select_from(model).where(*of).correlate(User).scalar_subquery()


_DETAIL = select(
    *_COLUMNS,
    User.headline,
    User.bio,
    User.island,
    User.updated_at,
    _many(Job, Job.employer_id == User.id).label("jobs"),
    _many(Post, Post.author_id == User.id).label("posts"),
    _many(AuthSession, AuthSession.user_id == User.id, AuthSession.ended_at.is_(None)).label(
        "sessions"
    ),
    _many(Report, Report.author_id == User.id, Report.resolved_at.is_(None)).label("open_reports"),
).where(User.id == bindparam("user_id"))

# Later than all that the same transaction hides for itself (see `hiding`).
_SUSPEND = (
    update(User)
    .where(User.id == bindparam("user_id"))
    .values(suspended_at=func.clock_timestamp())
    .returning(User.suspended_at)
    .execution_options(synchronize_session=False)
)
_REINSTATE = (
    update(User)
    .where(User.id == bindparam("user_id"))
    .values(suspended_at=None)
    .execution_options(synchronize_session=False)
)
_HOLD = (
    select(User.id, User.role, User.suspended_at)
    .where(User.id == bindparam("user_id"))
    # Not against whoever merely refers to the person: they could be waiting for us.
    .with_for_update(key_share=True)
)


async def people(
    session: ReadSession,
    *,
    words: str,
    role: str | None,
    suspended: bool | None,
    rows: int,
    after: int | None,
) -> Sequence[AnyRow]:
    """Up to `rows` people, the newest first; `words` are part of the address or the name."""
    wanted: dict[str, object] = {
        "likeness": _part(words) if words else None,
        "role": role,
        "suspended": suspended,
        "after": after,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    return await session.rows(_people(tuple(given)), {**given, "rows": rows})


async def person(session: ReadSession, user_id: int) -> AnyRow | None:
    """All that administrators see of a person, their tier apart."""
    return await session.first(_DETAIL, {"user_id": user_id})


async def hold(session: WriteSession, user_id: int) -> AnyRow | None:
    """A person's `role` and since when they are suspended, held for this transaction."""
    return (await session.execute(_HOLD, {"user_id": user_id})).one_or_none()


async def suspend(session: WriteSession, user_id: int) -> datetime:
    """Suspend a person from now on; the moment of it."""
    moment = (await session.execute(_SUSPEND, {"user_id": user_id})).scalar_one()
    assert moment is not None  # noqa: S101 - just set
    return moment


async def reinstate(session: WriteSession, user_id: int) -> None:
    """Let a person use the board again."""
    await session.execute(_REINSTATE, {"user_id": user_id})


@cache
def _people(given: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    return (
        select(*_COLUMNS)
        .where(*(_CONDITIONS[name] for name in given))
        .order_by(User.id.desc())
        .limit(bindparam("rows"))
    )


def _part(words: str) -> str:
    """A pattern for texts that hold `words` as they stand."""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
