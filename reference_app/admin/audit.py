"""The record of what administrators do, written in the transaction that does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reference_app.admin import audit_sql
from reference_app.admin.schemas import AuditItem, AuditPage
from reference_app.database import ReadSession, WriteSession
from reference_app.kit.pagination import cursor_by_id, cut, read_cursor_by_id


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, in which request."""

    admin_id: int
    request_id: str


async def record(
    session: WriteSession,
    by: Actor,
    action: str,
    subject: tuple[str, str | int],
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    reason: str = "",
) -> None:
    """Put on record what this transaction does to `subject`, a kind of thing and its name."""
    await audit_sql.add(
        session,
        {
            "admin_id": by.admin_id,
            "action": action,
            "subject_kind": subject[0],
            "subject": str(subject[1]),
            "before": dict(before),
            "after": dict(after),
            "reason": reason,
            "request_id": by.request_id,
        },
    )


async def page(
    session: ReadSession, limit: int, cursor: str | None, **wanted: str | int | None
) -> AuditPage:
    """A page of the record, the newest first, of what is `wanted` (see `audit_sql.entries`)."""
    rows = await audit_sql.entries(session, limit + 1, read_cursor_by_id(cursor), **wanted)
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
    return AuditPage(
        items=[AuditItem.model_validate(row) for row in shown], next_cursor=next_cursor
    )
