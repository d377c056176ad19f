"""What administrators can do about people."""

from reference_app.admin import hiding_sql, repository
from reference_app.admin.audit import Actor, record
from reference_app.admin.schemas import PersonDetail, PersonPage, PersonRow, Standing
from reference_app.auth import repository as auth
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.errors import ForbiddenError
from reference_app.kit.pagination import cursor_by_id, cut, read_cursor_by_id
from reference_app.subscriptions.entitlements import tier_of
from reference_app.users import workers
from reference_app.users.models import Role
from reference_app.users.schemas import WorkerQuery
from reference_app.users.service import cache_key, no_such_user


async def find(
    session: ReadSession,
    *,
    words: str,
    role: Role | None,
    suspended: bool | None,
    limit: int,
    cursor: str | None,
) -> PersonPage:
    """A page of people, the newest first. Raises `InvalidError` on a wrong cursor."""
    rows = await repository.people(
        session,
        words=words,
        role=role,
        suspended=suspended,
        rows=limit + 1,
        after=read_cursor_by_id(cursor),
    )
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
    return PersonPage(
        items=[PersonRow.model_validate(row) for row in shown], next_cursor=next_cursor
    )


async def detail(session: ReadSession, user_id: int) -> PersonDetail:
    """All there is to see of a person. Raises `NotFoundError`."""
    row = await repository.person(session, user_id)
    if row is None:
        raise no_such_user()
    return PersonDetail(**row._mapping, tier=await tier_of(session, user_id))


async def suspend(session: WriteSession, user_id: int, by: Actor, reason: str) -> Standing:
    """Keep a person out, and hide what they made; twice is once.

    Their sessions and sockets end. Raises `NotFoundError`, and `ForbiddenError`
    for oneself and other administrators.
    """
    held = await _held(session, user_id, by)
    if held.suspended_at is not None:
        return Standing(id=user_id, suspended_at=held.suspended_at)
    moment = await repository.suspend(session, user_id)
    await auth.end_all(session, user_id)
    hidden = await hiding_sql.hide_all_of(session, user_id, moment)
    _changed(session, user_id)
    await record(
        session,
        by,
        "user.suspend",
        ("user", user_id),
        before={"suspended_at": None},
        after={"suspended_at": moment.isoformat(), "hidden": hidden},
        reason=reason,
    )
    return Standing(id=user_id, suspended_at=moment)


async def reinstate(session: WriteSession, user_id: int, by: Actor, reason: str) -> Standing:
    """Let a person back in, and show again what their suspension hid; twice is once.

    Raises as `suspend` does.
    """
    held = await _held(session, user_id, by)
    if held.suspended_at is not None:
        await repository.reinstate(session, user_id)
        shown = await hiding_sql.show_all_of(session, user_id, held.suspended_at)
        _changed(session, user_id)
        await record(
            session,
            by,
            "user.reinstate",
            ("user", user_id),
            before={"suspended_at": held.suspended_at.isoformat()},
            after={"suspended_at": None, "shown": shown},
            reason=reason,
        )
    return Standing(id=user_id, suspended_at=None)


async def _held(session: WriteSession, user_id: int, by: Actor) -> AnyRow:
    if user_id == by.admin_id:
        raise ForbiddenError("own_account", "Administrators do not suspend themselves.")
    held = await repository.hold(session, user_id)
    if held is None:
        raise no_such_user()
    if held.role == Role.ADMIN:
        raise ForbiddenError("admin_account", "Administrators do not suspend each other.")
    return held


def _changed(session: WriteSession, user_id: int) -> None:
    session.forget(cache_key(user_id), workers.cache_key(WorkerQuery()))
