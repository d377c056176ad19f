"""SQL about notifications."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select, text, update

from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.notifications.models import Notification

_COLUMNS = (
    Notification.id,
    Notification.kind,
    Notification.data,
    Notification.created_at,
    Notification.read_at,
)

# In the order of the ids, so that two who notify several cannot block each other.
_TAKE_TURNS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('notify:' || user_id, 0))"
    " FROM (SELECT unnest(CAST(:user_ids AS bigint[])) AS user_id ORDER BY 1) AS people"
)
_KEEP_NEWEST = text(
    "DELETE FROM notifications AS old USING unnest(CAST(:user_ids AS bigint[])) AS person,"
    " LATERAL (SELECT id FROM notifications WHERE user_id = person"
    " ORDER BY id DESC OFFSET :before LIMIT 1) AS oldest_kept"
    " WHERE old.user_id = person AND old.id < oldest_kept.id"
)
# One statement however many there are; a person's come in the order given.
_ADD = text(
    "INSERT INTO notifications (user_id, kind, about, data)"
    " SELECT user_id, CAST(:kind AS text), about, data"
    " FROM ROWS FROM (jsonb_to_recordset(CAST(CAST(:news AS text) AS jsonb))"
    " AS (user_id bigint, about text, data jsonb)) WITH ORDINALITY"
    " AS news(user_id, about, data, place)"
    " ORDER BY user_id, place"
    " ON CONFLICT (user_id, kind, about) WHERE read_at IS NULL AND about IS NOT NULL DO NOTHING"
    " RETURNING id, user_id"
)
_NEWEST = (
    select(*_COLUMNS)
    .where(
        Notification.user_id == bindparam("user_id"),
        Notification.id > bindparam("after"),
        Notification.id < bindparam("below"),
    )
    .order_by(Notification.id.desc())
    .limit(bindparam("rows"))
)
_UNREAD = (
    select(func.count().label("unread"))
    .select_from(Notification)
    .where(Notification.user_id == bindparam("user_id"), Notification.read_at.is_(None))
)


async def take_turns(session: WriteSession, user_ids: Sequence[int]) -> None:
    """Let nobody else notify these people until the commit.

    So ids grow in the order of commits, and what comes after an id is all that is new.
    """
    await session.execute(_TAKE_TURNS, {"user_ids": user_ids})


async def add(
    session: WriteSession, kind: str, news: Sequence[Mapping[str, Any]]
) -> Sequence[AnyRow]:
    """Add notifications, each a `user_id`, `about`, `data`: `id` and `user_id` of the new ones.

    One about a thing of which there is an unread one of this kind is left out.
    """
    return (await session.execute(_ADD, {"kind": kind, "news": json.dumps(news)})).all()


async def keep_newest(session: WriteSession, user_ids: Sequence[int], keep: int) -> None:
    """Delete all notifications of these people but the newest `keep` of each."""
    await session.execute(_KEEP_NEWEST, {"user_ids": list(user_ids), "before": keep - 1})


async def newest(
    session: ReadSession, user_id: int, rows: int, *, after: int, below: int
) -> Sequence[AnyRow]:
    """Up to `rows` notifications with `after` < id < `below`, the newest first."""
    return await session.rows(
        _NEWEST, {"user_id": user_id, "rows": rows, "after": after, "below": below}
    )


async def unread(session: ReadSession | WriteSession, user_id: int) -> int:
    """How many a person has not seen."""
    if isinstance(session, ReadSession):
        row = await session.first(_UNREAD, {"user_id": user_id})
        return int(row.unread) if row is not None else 0
    return (await session.execute(_UNREAD, {"user_id": user_id})).scalar_one()


async def mark_seen(
    session: WriteSession,
    user_id: int,
    *,
    up_to: int | None = None,
    kind: str | None = None,
    about: str | None = None,
) -> int | None:
    """Mark a person's unread ones: up to an id, and of a kind about one thing, where given.

    The highest id marked; None when there was nothing to mark.
    """
    marked = (
        update(Notification)
        .where(Notification.user_id == user_id, Notification.read_at.is_(None))
        .values(read_at=func.now())
        .returning(Notification.id)
        .execution_options(synchronize_session=False)
    )
    if up_to is not None:
        marked = marked.where(Notification.id <= up_to)
    if kind is not None:
        marked = marked.where(Notification.kind == kind, Notification.about == about)
    ids = (await session.execute(marked)).scalars().all()
    return max(ids, default=None)
