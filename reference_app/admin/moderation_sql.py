"""SQL about reports: made by people, resolved by administrators."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from reference_app.admin.models import Report
from reference_app.admin.things import HIDEABLE, THINGS, ThingKind
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.users.models import User
from reference_app.users.naming import named

_MOST_LISTED = 100
_EXCERPT = 200

_SHOWN = (Report.id, Report.kind, Report.thing_id, Report.reason, Report.note, Report.created_at)
_Author = aliased(User)

_ADD = (
    insert(Report)
    .on_conflict_do_nothing(index_elements=[Report.reporter_id, Report.kind, Report.thing_id])
    .returning(*_SHOWN)
)
_OWN = select(*_SHOWN).where(
    Report.reporter_id == bindparam("reporter_id"),
    Report.kind == bindparam("kind"),
    Report.thing_id == bindparam("thing_id"),
)
_RESOLVE = (
    update(Report)
    .where(
        Report.kind == bindparam("of_kind"),
        Report.thing_id == bindparam("of_thing"),
        Report.resolved_at.is_(None),
    )
    .values(resolved_at=func.now(), resolution=bindparam("how"))
    .returning(Report.author_id)
    .execution_options(synchronize_session=False)
)
_OF_THING = (
    select(
        *_SHOWN,
        Report.resolved_at,
        Report.resolution,
        *named(User),
    )
    .join(User, User.id == Report.reporter_id)
    .where(Report.kind == bindparam("kind"), Report.thing_id == bindparam("thing_id"))
    .order_by(Report.id.desc())
    .limit(literal_column(str(_MOST_LISTED)))
)


async def author_of(
    session: WriteSession, kind: ThingKind, thing_id: int, reporter_id: int
) -> int | None:
    """Whose a thing is; None when there is none, or the reporter cannot see it."""
    parameters = {"thing_id": thing_id, "reporter_id": reporter_id}
    return (await session.execute(_author(kind), parameters)).scalar_one_or_none()


async def add(
    session: WriteSession,
    *,
    reporter_id: int,
    kind: ThingKind,
    thing_id: int,
    author_id: int,
    reason: str,
    note: str,
) -> AnyRow:
    """A person's one report of a thing, new or as it was made before."""
    values = {
        "reporter_id": reporter_id,
        "kind": kind,
        "thing_id": thing_id,
        "author_id": author_id,
        "reason": reason,
        "note": note,
    }
    made = (await session.execute(_ADD, values)).one_or_none()
    if made is not None:
        return made
    which = {"reporter_id": reporter_id, "kind": kind, "thing_id": thing_id}
    return (await session.execute(_OWN, which)).one()


async def queue(
    session: ReadSession, rows: int, after: int | None, kind: ThingKind | None
) -> Sequence[AnyRow]:
    """Up to `rows` things with open reports, what waits longest first, after report `after`.

    Each with how `many` reports it has and their reasons, how it begins, and whose it is.
    """
    parameters: dict[str, object] = {"rows": rows}
    if after is not None:
        parameters["after"] = after
    if kind is not None:
        parameters["kind"] = kind
    return await session.rows(_queue(kind is not None, after is not None), parameters)


async def of_thing(session: ReadSession, kind: ThingKind, thing_id: int) -> Sequence[AnyRow]:
    """The newest reports of a thing, open or resolved."""
    return await session.rows(_OF_THING, {"kind": kind, "thing_id": thing_id})


async def resolve(session: WriteSession, kind: ThingKind, thing_id: int, how: str) -> Sequence[int]:
    """Resolve all open reports of a thing; for each, whose the thing is."""
    parameters = {"of_kind": kind, "of_thing": thing_id, "how": how}
    return (await session.execute(_RESOLVE, parameters)).scalars().all()


@cache
def _author(kind: ThingKind) -> Select[int]:
    thing = THINGS[kind]
    return select(thing.author).where(thing.model.id == bindparam("thing_id"), thing.seen)


@cache
def _queue(by_kind: bool, after: bool) -> Select[*tuple[Any, ...]]:
    first = func.min(Report.id)
    grouped = (
        select(
            Report.kind,
            Report.thing_id,
            first.label("first_id"),
            func.max(Report.author_id).label("author_id"),
            func.count().label("many"),
            func.min(Report.created_at).label("first_at"),
            func.array_agg(Report.reason.distinct()).label("reasons"),
        )
        .where(
            Report.resolved_at.is_(None),
            *([Report.kind == bindparam("kind")] if by_kind else []),
        )
        .group_by(Report.kind, Report.thing_id)
        .order_by(first)
        .limit(bindparam("rows"))
    )
    if after:
        grouped = grouped.having(first > bindparam("after"))
    things = grouped.subquery("things")
    source: Any = things.outerjoin(_Author, _Author.id == things.c.author_id)
    for kind, thing in THINGS.items():
        source = source.outerjoin(
            thing.model,
            and_(things.c.kind == kind.value, thing.model.id == things.c.thing_id),
        )
    said = func.coalesce(*(thing.text for thing in THINGS.values()))
    return (
        select(
            things,
            func.left(said, literal_column(str(_EXCERPT))).label("excerpt"),
            func.coalesce(*(hides.model.hidden_at for hides in HIDEABLE.values())).label(
                "hidden_at"
            ),
            *named(_Author),
            case((_Author.suspended_at.is_not(None), True), else_=False).label("author_suspended"),
        )
        .select_from(source)
        .order_by(things.c.first_id)
    )
