"""SQL of the record of what administrators do. It only ever adds."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, insert, select

from reference_app.admin.models import AuditEntry
from reference_app.database import AnyRow, ReadSession, WriteSession

_CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    "admin_id": AuditEntry.admin_id == bindparam("admin_id"),
    "action": AuditEntry.action == bindparam("action"),
    "subject_kind": AuditEntry.subject_kind == bindparam("subject_kind"),
    "subject": AuditEntry.subject == bindparam("subject"),
    "after": AuditEntry.id < bindparam("after"),
}


async def add(session: WriteSession, values: Mapping[str, Any]) -> None:
    """One more entry."""
    await session.execute(insert(AuditEntry).values(**values))


async def entries(
    session: ReadSession, rows: int, after: int | None, **wanted: str | int | None
) -> Sequence[AnyRow]:
    """Up to `rows` entries for which all that is `wanted` holds, the newest first."""
    given = {name: value for name, value in {**wanted, "after": after}.items() if value is not None}
    return await session.rows(_entries(tuple(given)), {**given, "rows": rows})


@cache
def _entries(given: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            AuditEntry.id,
            AuditEntry.admin_id,
            AuditEntry.action,
            AuditEntry.subject_kind,
            AuditEntry.subject,
            AuditEntry.before,
            AuditEntry.after,
            AuditEntry.reason,
            AuditEntry.request_id,
            AuditEntry.created_at,
        )
        .where(*(_CONDITIONS[name] for name in given))
        .order_by(AuditEntry.id.desc())
        .limit(bindparam("rows"))
    )
