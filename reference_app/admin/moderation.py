"""Reports, and what administrators make of them."""

from reference_app.admin import hiding_sql, moderation_sql, people
from reference_app.admin.audit import Actor, record
from reference_app.admin.schemas import (
    Queue,
    QueueItem,
    ReportDraft,
    ReportItem,
    ReportList,
    ReportShown,
    Resolution,
    Resolved,
    Visibility,
)
from reference_app.admin.things import HIDEABLE, ThingKind
from reference_app.database import ReadSession, WriteSession
from reference_app.errors import ConflictError, InvalidError, NotFoundError
from reference_app.kit.pagination import cursor_by_id, cut, read_cursor_by_id
from reference_app.notifications.models import Kind
from reference_app.notifications.service import notify
from reference_app.users.naming import person_ref


async def report(session: WriteSession, reporter_id: int, wanted: ReportDraft) -> ReportShown:
    """Tell administrators of a thing, once; again, it stays as first told.

    Raises `NotFoundError` for what the reporter does not see, `InvalidError`
    for what is their own.
    """
    author_id = await moderation_sql.author_of(session, wanted.kind, wanted.thing_id, reporter_id)
    if author_id is None:
        raise _no_such_thing()
    if author_id == reporter_id:
        raise InvalidError("own_thing", "This is your own.")
    row = await moderation_sql.add(
        session, reporter_id=reporter_id, author_id=author_id, **wanted.model_dump()
    )
    return ReportShown.model_validate(row)


async def queue(
    session: ReadSession, limit: int, cursor: str | None, kind: ThingKind | None
) -> Queue:
    """A page of what is reported and not resolved, what waits longest first."""
    after = read_cursor_by_id(cursor)
    rows = await moderation_sql.queue(session, limit + 1, after, kind)
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.first_id))
    items = [
        QueueItem(
            kind=row.kind,
            thing_id=row.thing_id,
            reports=row.many,
            reasons=row.reasons,
            first_reported_at=row.first_at,
            excerpt=row.excerpt,
            hidden_at=row.hidden_at,
            author=person_ref(row),
            author_suspended=row.author_suspended,
        )
        for row in shown
    ]
    return Queue(items=items, next_cursor=next_cursor)


async def of_thing(session: ReadSession, kind: ThingKind, thing_id: int) -> ReportList:
    """The newest reports of a thing, open or resolved."""
    rows = await moderation_sql.of_thing(session, kind, thing_id)
    items = [
        ReportItem(
            **ReportShown.model_validate(row).model_dump(),
            reporter=person_ref(row),
            resolved_at=row.resolved_at,
            resolution=row.resolution,
        )
        for row in rows
    ]
    return ReportList(items=items)


async def resolve(
    session: WriteSession, kind: ThingKind, thing_id: int, by: Actor, wanted: Resolution
) -> Resolved:
    """Resolve all open reports of a thing: let it be, hide it, or suspend its author too.

    Its author is told that it is hidden.

    Raises `ConflictError` when nothing is open (somebody else was quicker),
    `InvalidError` when this kind of thing cannot be hidden, `NotFoundError`
    when what is to be hidden is gone, and as `people.suspend` does.
    """
    if wanted.resolution == "hide" and kind not in HIDEABLE:
        raise InvalidError("cannot_be_hidden", f"A {kind} cannot be hidden.")
    authors = await moderation_sql.resolve(session, kind, thing_id, wanted.resolution)
    if not authors:
        raise ConflictError("nothing_to_resolve", "No report of this is open.")
    hidden = wanted.resolution != "dismiss" and await _hide(
        session, kind, thing_id, must_be_there=wanted.resolution == "hide"
    )
    await record(
        session,
        by,
        f"moderation.{wanted.resolution}",
        (kind, thing_id),
        before={"open_reports": len(authors)},
        after={"open_reports": 0, "newly_hidden": hidden},
        reason=wanted.reason,
    )
    if hidden:
        about = {"kind": kind, "thing_id": thing_id}
        await notify(session, authors[0], Kind.CONTENT_HIDDEN, about)
    if wanted.resolution == "suspend":
        await people.suspend(session, authors[0], by, wanted.reason)
    return Resolved(
        kind=kind, thing_id=thing_id, resolution=wanted.resolution, reports=len(authors)
    )


async def restore(
    session: WriteSession, kind: ThingKind, thing_id: int, by: Actor, reason: str
) -> Visibility:
    """Show again what was hidden; twice is once.

    Raises `NotFoundError`, `InvalidError` for what cannot be hidden, and
    `ConflictError` while its author is suspended: their things come back with them.
    """
    if kind not in HIDEABLE:
        raise InvalidError("cannot_be_hidden", f"A {kind} cannot be hidden.")
    found = await hiding_sql.standing(session, kind, thing_id)
    if found is None:
        raise _no_such_thing()
    if found.suspended_at is not None:
        raise ConflictError("author_suspended", "Reinstate its author first.")
    if found.hidden_at is not None:
        await hiding_sql.change(session, kind, thing_id, None)
        await record(
            session,
            by,
            "moderation.restore",
            (kind, thing_id),
            before={"hidden_at": found.hidden_at.isoformat()},
            after={"hidden_at": None},
            reason=reason,
        )
    return Visibility(kind=kind, thing_id=thing_id, hidden_at=None)


async def _hide(
    session: WriteSession, kind: ThingKind, thing_id: int, *, must_be_there: bool
) -> bool:
    """Whether a thing was hidden just now; it may have been before, or be gone."""
    found = await hiding_sql.standing(session, kind, thing_id) if kind in HIDEABLE else None
    if found is None:
        if must_be_there:
            raise _no_such_thing()
        return False
    # What a suspension hid would come back with its author: now it does not.
    if found.hidden_at is not None and found.hidden_at != found.suspended_at:
        return False
    await hiding_sql.change(session, kind, thing_id, await hiding_sql.now(session))
    return True


def _no_such_thing() -> NotFoundError:
    return NotFoundError("thing_not_found", "There is no such thing, or you cannot see it.")
