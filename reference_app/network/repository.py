"""SQL about connections. `follow_sql` is about follows."""

from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.network.models import Connection, ConnectionStatus, UserFollow
from reference_app.users.models import User
from reference_app.users.naming import named

_me, _other = (bindparam(name, type_=User.id.type) for name in ("me", "other"))

_ASK = (
    insert(Connection)
    .from_select(
        ["low_user_id", "high_user_id", "asked_by"],
        select(func.least(User.id, _me), func.greatest(User.id, _me), _me).where(User.id == _other),
    )
    .on_conflict_do_nothing(index_elements=[Connection.low_user_id, Connection.high_user_id])
    .returning(Connection.id)
    .execution_options(dml_strategy="raw")  # the parameters are not columns
)


def is_between(a: ColumnElement[int], b: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a connection is that of these two."""
    return and_(
        Connection.low_user_id == func.least(a, b), Connection.high_user_id == func.greatest(a, b)
    )


_RELATION = (
    select(
        exists()
        .where(UserFollow.follower_id == _me, UserFollow.user_id == _other)
        .label("follows"),
        exists()
        .where(UserFollow.follower_id == _other, UserFollow.user_id == _me)
        .label("followed_by"),
        Connection.id.label("connection_id"),
        Connection.status.label("connection_status"),
        (Connection.asked_by == _me).label("asked_by_me"),
    )
    .select_from(User)
    .outerjoin(Connection, is_between(_me, _other))
    .where(User.id == _other)
)


def _side(mine: InstrumentedAttribute[int], other: InstrumentedAttribute[int]) -> Select[int, int]:
    """The newest of one's connections in which one's id is the lower, or the higher."""
    return (
        select(Connection.id, other.label("other_id"))
        .where(
            mine == _me,
            Connection.status == bindparam("status"),
            Connection.id < bindparam("below"),
            # Null for any: who has been accepted asked or was asked.
            or_(
                bindparam("asked_by_me", type_=exists().type).is_(None),
                (Connection.asked_by == _me) == bindparam("asked_by_me", type_=exists().type),
            ),
        )
        .order_by(Connection.id.desc())
        .limit(bindparam("rows"))
    )


_sides = union_all(
    *(
        select(side.subquery())
        for side in (
            _side(Connection.low_user_id, Connection.high_user_id),
            _side(Connection.high_user_id, Connection.low_user_id),
        )
    )
).subquery("sides")
_NEWEST = (
    select(
        Connection.id,
        Connection.status,
        Connection.created_at,
        Connection.decided_at,
        *named(User),
    )
    .join(_sides, _sides.c.id == Connection.id)
    .join(User, User.id == _sides.c.other_id)
    .order_by(Connection.id.desc())
    .limit(bindparam("rows"))
)


async def ask(session: WriteSession, asker_id: int, other_id: int) -> Connection | None:
    """A new request; None when there is something between the two, or no such person."""
    parameters = {"me": asker_id, "other": other_id}
    made = (await session.execute(_ASK, parameters)).scalar_one_or_none()
    return None if made is None else await session.get(Connection, made)


async def between(session: WriteSession, a: int, b: int) -> Connection | None:
    """What is between two people, held for this transaction."""
    statement = select(Connection).where(
        Connection.low_user_id == min(a, b), Connection.high_user_id == max(a, b)
    )
    return (await session.execute(statement.with_for_update())).scalar_one_or_none()


async def for_change(session: WriteSession, connection_id: int) -> Connection | None:
    """A connection, held for this transaction."""
    return await session.get(Connection, connection_id, with_for_update=True)


async def remove(session: WriteSession, connection_id: int) -> None:
    """Let nothing be between the two."""
    await session.execute(delete(Connection).where(Connection.id == connection_id))


def count_accepted(user_id: int) -> Select[int]:
    """Counts a person's connections."""
    return (
        select(func.count())
        .select_from(Connection)
        .where(
            Connection.status == literal_column("'accepted'"),
            or_(Connection.low_user_id == user_id, Connection.high_user_id == user_id),
        )
    )


async def relation(session: ReadSession, user_id: int, other_id: int) -> AnyRow | None:
    """What is between one and another; None when there is nobody by that id."""
    return await session.first(_RELATION, {"me": user_id, "other": other_id})


async def newest(
    session: ReadSession,
    user_id: int,
    status: ConnectionStatus,
    rows: int,
    *,
    below: int,
    asked_by_me: bool | None = None,
) -> Sequence[AnyRow]:
    """Up to `rows` of one's connections with an id under `below`, the last asked for first."""
    parameters = {
        "me": user_id,
        "status": status,
        "rows": rows,
        "below": below,
        "asked_by_me": asked_by_me,
    }
    return await session.rows(_NEWEST, parameters)
