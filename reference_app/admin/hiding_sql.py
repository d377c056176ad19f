"""Hiding things from everyone, and showing them again.

Of somebody suspended everything is hidden that is not already, with the moment
of the suspension as `hidden_at`: by that it is known again when they are
reinstated, and what was hidden for itself stays so.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select, update

from reference_app.admin.things import HIDEABLE, ThingKind
from reference_app.database import AnyRow, WriteSession
from reference_app.users.models import User

_MOST_FORGOTTEN = 2_000
"""Pages the cache is told to forget at once; what is left runs out within minutes."""


async def standing(session: WriteSession, kind: ThingKind, thing_id: int) -> AnyRow | None:
    """Since when a thing is `hidden_at` and its author `suspended_at`; it is held meanwhile."""
    return (await session.execute(_standing(kind), {"thing_id": thing_id})).one_or_none()


async def change(
    session: WriteSession, kind: ThingKind, thing_id: int, hidden_at: datetime | None
) -> None:
    """Hide a thing that is there, or with None show it again. Its pages are forgotten."""
    parameters = {"thing_id": thing_id, "moment": hidden_at}
    rows = (await session.execute(_change(kind), parameters)).all()
    _forget(session, kind, rows)


async def hide_all_of(
    session: WriteSession, author_id: int, suspended_at: datetime
) -> dict[str, int]:
    """Hide all that is shown of somebody; how many of each kind."""
    return await _change_all(session, author_id, None, suspended_at)


async def show_all_of(
    session: WriteSession, author_id: int, suspended_at: datetime
) -> dict[str, int]:
    """Show again what a suspension has hidden; how many of each kind."""
    return await _change_all(session, author_id, suspended_at, None)


async def _change_all(
    session: WriteSession, author_id: int, before: datetime | None, after: datetime | None
) -> dict[str, int]:
    changed = {}
    for kind in HIDEABLE:
        rows = (
            await session.execute(
                _change_of_author(kind), {"author": author_id, "was": before, "moment": after}
            )
        ).all()
        _forget(session, kind, rows)
        changed[kind.value] = len(rows)
    return changed


def _forget(session: WriteSession, kind: ThingKind, rows: Sequence[AnyRow]) -> None:
    named = (name for row in rows for name in HIDEABLE[kind].pages(row))
    session.forget(*list(dict.fromkeys(named))[:_MOST_FORGOTTEN])


@cache
def _standing(kind: ThingKind) -> Select[*tuple[Any, ...]]:
    hides = HIDEABLE[kind]
    return (
        select(hides.model.hidden_at, User.suspended_at)
        .join(User, User.id == hides.author)
        .where(hides.model.id == bindparam("thing_id"))
        .with_for_update(of=hides.model)
    )


@cache
def _change(kind: ThingKind) -> Any:
    return _changing(kind).where(HIDEABLE[kind].model.id == bindparam("thing_id"))


@cache
def _change_of_author(kind: ThingKind) -> Any:
    hides = HIDEABLE[kind]
    return _changing(kind).where(
        hides.author == bindparam("author"),
        hides.model.hidden_at.is_not_distinct_from(
            bindparam("was", type_=hides.model.hidden_at.type)
        ),
    )


def _changing(kind: ThingKind) -> Any:
    hides = HIDEABLE[kind]
    values: Mapping[Any, Any] = {
        hides.model.hidden_at: bindparam("moment", type_=hides.model.hidden_at.type)
    }
    return (
        update(hides.model)
        .values(dict(values))
        .returning(*hides.columns)
        .execution_options(synchronize_session=False)
    )


async def now(session: WriteSession) -> datetime:
    """The moment to hide something at: this transaction's."""
    return (await session.execute(select(func.now()))).scalar_one()
