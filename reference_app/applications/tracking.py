"""What one can follow of an application: its history, and the notes of the employer's team.

Both are kept whatever the tier, and shown to the team while the company
owner's tier has applicant tracking. Applicants see the history of their own
applications, without who of the team it was, and never a note.
"""

from reference_app.applications import tracking_sql
from reference_app.applications.pipeline import side_of
from reference_app.applications.schemas import (
    HistoryPage,
    NoteDraft,
    NotePage,
    NoteShown,
    Step,
)
from reference_app.applications.service import no_such_application
from reference_app.companies.access import Right, includes
from reference_app.companies.access_sql import OWNER
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.errors import ForbiddenError
from reference_app.kit.pagination import cursor_by_id, cut, read_cursor_by_id
from reference_app.subscriptions.entitlements import Feature, Tier, check
from reference_app.texts import LARGEST_ID
from reference_app.users.naming import person_ref
from reference_app.users.schemas import PersonRef


async def history(
    session: ReadSession, application_id: int, user_id: int, limit: int, cursor: str | None
) -> HistoryPage:
    """A page of an application's steps, the newest first, for its applicant or the team.

    Raises `NotFoundError` for anyone else, and `EntitlementRefusedError` when
    the team's tier has no applicant tracking.
    """
    below = read_cursor_by_id(cursor) or LARGEST_ID
    rows = await tracking_sql.history(session, application_id, user_id, limit + 1, below)
    theirs = bool(rows) and rows[0].applicant_id == user_id
    if not theirs:
        _check_tracking(rows[0] if rows else None)
    found = [row for row in rows if row.id is not None]
    shown, next_cursor = cut(found, limit, lambda row: cursor_by_id(row.id))
    items = [
        Step(
            id=row.id,
            from_status=row.from_status,
            to_status=row.to_status,
            at=row.created_at,
            by=side_of(row.to_status).value,
            actor=None if theirs else _person(row),
        )
        for row in shown
    ]
    return HistoryPage(items=items, next_cursor=next_cursor, applied_at=rows[0].applied_at)


async def notes(
    session: ReadSession, application_id: int, user_id: int, limit: int, cursor: str | None
) -> NotePage:
    """A page of the team's notes on an application, the newest first.

    Raises as `history` does, `NotFoundError` for the applicant too.
    """
    below = read_cursor_by_id(cursor) or LARGEST_ID
    rows = await tracking_sql.notes(session, application_id, user_id, limit + 1, below)
    _check_tracking(rows[0] if rows else None)
    found = [row for row in rows if row.id is not None]
    shown, next_cursor = cut(found, limit, lambda row: cursor_by_id(row.id))
    return NotePage(items=[_note(row) for row in shown], next_cursor=next_cursor)


async def add_note(
    session: WriteSession, application_id: int, user_id: int, wanted: NoteDraft
) -> NoteShown:
    """Note something on an application. Raises as `notes` does."""
    _check_tracking(await tracking_sql.standing(session, application_id, user_id))
    return _note(await tracking_sql.add_note(session, application_id, user_id, wanted.body))


async def remove_note(
    session: WriteSession, application_id: int, note_id: int, user_id: int
) -> None:
    """Delete one's own note, or as the company's owner any; twice is once, on any tier.

    Raises `NotFoundError` or, for someone else's note, `ForbiddenError`.
    """
    standing = _check_team(await tracking_sql.standing(session, application_id, user_id))
    author_id = None if standing.acting_role == OWNER else user_id
    if await tracking_sql.remove_note(session, application_id, note_id, author_id):
        raise ForbiddenError("not_your_note", "This note is someone else's.")


def _check_team(standing: AnyRow | None) -> AnyRow:
    if standing is None or not includes(standing.acting_role, Right.APPLICANTS):
        raise no_such_application()
    return standing


def _check_tracking(standing: AnyRow | None) -> None:
    check(Tier(_check_team(standing).owner_tier), Feature.APPLICANT_TRACKING)


def _note(row: AnyRow) -> NoteShown:
    return NoteShown(id=row.id, author=_person(row), body=row.body, created_at=row.created_at)


def _person(row: AnyRow) -> PersonRef | None:
    return None if row.person_id is None else person_ref(row)
