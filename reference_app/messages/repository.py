"""SQL about conversations and messages."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from reference_app.applications.models import Application
from reference_app.companies.access import Right, roles_with
from reference_app.companies.access_sql import acted_for
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.jobs.models import Job
from reference_app.messages.models import Conversation, Message, Participant
from reference_app.network.models import Connection, ConnectionStatus
from reference_app.network.repository import is_between
from reference_app.users.models import User
from reference_app.users.naming import named

_EXCERPT = 140

_MESSAGE = (
    Message.id,
    Message.conversation_id,
    Message.sender_id,
    Message.body,
    Message.created_at,
)
_Other = aliased(Participant)


def _teams_of(user_id: ColumnElement[int]) -> CompoundSelect[int]:
    return acted_for(user_id, roles_with(Right.APPLICANTS))


_a, _b = (bindparam(name, type_=User.id.type) for name in ("a", "b"))
# Every way in which `a` and `b` know each other, so that writing needs no InMail.
_ACQUAINTED = select(
    or_(
        exists().where(
            Application.job_id == Job.id,
            or_(
                and_(Application.applicant_id == _a, Job.company_id.in_(_teams_of(_b))),
                and_(Application.applicant_id == _b, Job.company_id.in_(_teams_of(_a))),
            ),
        ),
        exists().where(
            Participant.user_id == _b, Participant.other_id == _a, Participant.has_written
        ),
        exists().where(is_between(_a, _b), Connection.status == ConnectionStatus.ACCEPTED),
    )
)

_OPEN = (
    insert(Conversation)
    .from_select(
        ["low_user_id", "high_user_id"],
        select(func.least(User.id, _a), func.greatest(User.id, _a)).where(User.id == _b),
    )
    .on_conflict_do_nothing(index_elements=[Conversation.low_user_id, Conversation.high_user_id])
    .returning(Conversation.id)
    .execution_options(dml_strategy="raw")  # the parameters are not columns
)
_OF_PAIR = (
    select(Conversation.id)
    .where(
        Conversation.low_user_id == func.least(_a, _b),
        Conversation.high_user_id == func.greatest(_a, _b),
    )
    .with_for_update()
)
_HELD = (
    select(
        Conversation.id,
        Participant.other_id,
        Participant.read_up_to,
        Participant.unread,
        Participant.last_message_id,
        _Other.has_written.label("other_has_written"),
    )
    .join(
        Participant,
        and_(
            Participant.conversation_id == Conversation.id,
            Participant.user_id == bindparam("user_id"),
        ),
    )
    .join(
        _Other,
        and_(_Other.conversation_id == Conversation.id, _Other.user_id == Participant.other_id),
    )
    .where(Conversation.id == bindparam("conversation_id"))
)
_HOLD = (
    select(Conversation.id)
    .where(
        Conversation.id == bindparam("conversation_id"),
        or_(
            Conversation.low_user_id == bindparam("user_id"),
            Conversation.high_user_id == bindparam("user_id"),
        ),
    )
    .with_for_update()
)
_ADD_MESSAGE = (
    insert(Message)
    .on_conflict_do_nothing(index_elements=[Message.sender_id, Message.key])
    .returning(*_MESSAGE)
)
_BY_KEY = select(*_MESSAGE).where(
    Message.sender_id == bindparam("sender_id"), Message.key == bindparam("key")
)

_LISTED = (
    select(
        Participant.conversation_id.label("id"),
        Participant.last_message_id,
        Participant.unread,
        Participant.read_up_to,
        *named(User),
        _Other.read_up_to.label("other_read_up_to"),
        Message.sender_id,
        func.left(Message.body, literal_column(str(_EXCERPT))).label("excerpt"),
        Message.created_at,
    )
    .join(User, User.id == Participant.other_id)
    .join(Message, Message.id == Participant.last_message_id)
    .join(
        _Other,
        and_(
            _Other.conversation_id == Participant.conversation_id,
            _Other.user_id == Participant.other_id,
        ),
    )
    .where(Participant.user_id == bindparam("user_id"))
)
_LATEST = _LISTED.order_by(Participant.last_message_id.desc()).limit(bindparam("rows"))
_LATEST_AFTER = _LATEST.where(Participant.last_message_id < bindparam("after"))
_ONE = _LISTED.where(Participant.conversation_id == bindparam("conversation_id"))

_UNREAD = select(
    func.coalesce(func.sum(Participant.unread), 0).label("messages"),
    func.count().label("conversations"),
).where(Participant.user_id == bindparam("user_id"), Participant.unread > literal_column("0"))

_OTHER_SIDE = select(Participant.other_id).where(
    Participant.conversation_id == bindparam("conversation_id"),
    Participant.user_id == bindparam("user_id"),
)


async def acquainted(session: WriteSession, a: int, b: int) -> bool:
    """Whether `a` may write to `b` as to someone they know."""
    return bool((await session.execute(_ACQUAINTED, {"a": a, "b": b})).scalar_one())


async def of_pair(session: WriteSession, a: int, b: int) -> int | None:
    """The id of the conversation of two people, made if need be; None: there is no `b`.

    It is held for this transaction.
    """
    made = (await session.execute(_OPEN, {"a": a, "b": b})).scalar_one_or_none()
    if made is None:
        return (await session.execute(_OF_PAIR, {"a": a, "b": b})).scalar_one_or_none()
    sides = [
        {"conversation_id": made, "user_id": a, "other_id": b},
        {"conversation_id": made, "user_id": b, "other_id": a},
    ]
    await session.execute(insert(Participant).values(sides))
    return made


async def held(session: WriteSession, conversation_id: int, user_id: int) -> AnyRow | None:
    """How a conversation stands for `user_id`, held for this transaction; None: not theirs."""
    which = {"conversation_id": conversation_id, "user_id": user_id}
    # Locked first and read in a statement of its own: so it is read as the lock found it.
    if (await session.execute(_HOLD, which)).scalar_one_or_none() is None:
        return None
    return (await session.execute(_HELD, which)).one_or_none()


async def add_message(
    session: WriteSession, *, conversation_id: int, sender_id: int, key: str, body: str
) -> AnyRow | None:
    """A new message; None when the sender has used `key` before. The conversation is held."""
    values = {
        "conversation_id": conversation_id,
        "sender_id": sender_id,
        "key": key,
        "body": body,
    }
    return (await session.execute(_ADD_MESSAGE, values)).one_or_none()


async def by_key(session: WriteSession, sender_id: int, key: str) -> AnyRow:
    """The message that `sender_id` sent under `key`."""
    return (await session.execute(_BY_KEY, {"sender_id": sender_id, "key": key})).one()


async def count_message(session: WriteSession, message: AnyRow) -> None:
    """Let both sides show a new message as the last, and the reader as unread."""
    sent = Participant.user_id == message.sender_id
    await session.execute(
        update(Participant)
        .where(Participant.conversation_id == message.conversation_id)
        .values(
            last_message_id=message.id,
            unread=Participant.unread + case((sent, 0), else_=1),
            has_written=or_(Participant.has_written, sent),
        )
        .execution_options(synchronize_session=False)
    )


async def read_up_to(session: WriteSession, conversation_id: int, user_id: int, up_to: int) -> int:
    """Set how far `user_id` has read; how many remain unread. The conversation is held."""
    remaining = (
        select(func.count())
        .where(
            Message.conversation_id == conversation_id,
            Message.id > up_to,
            Message.sender_id != user_id,
        )
        .scalar_subquery()
    )
    changed = (
        update(Participant)
        .where(Participant.conversation_id == conversation_id, Participant.user_id == user_id)
        .values(read_up_to=up_to, unread=remaining)
        .returning(Participant.unread)
        .execution_options(synchronize_session=False)
    )
    return (await session.execute(changed)).scalar_one()


async def latest(
    session: ReadSession, user_id: int, rows: int, after: int | None
) -> Sequence[AnyRow]:
    """Up to `rows` conversations, by last message, the newest first, below message `after`."""
    parameters = {"user_id": user_id, "rows": rows}
    if after is None:
        return await session.rows(_LATEST, parameters)
    return await session.rows(_LATEST_AFTER, {**parameters, "after": after})


async def one(session: ReadSession, conversation_id: int, user_id: int) -> AnyRow | None:
    """One conversation as `latest` shows it; None: not theirs."""
    parameters = {"conversation_id": conversation_id, "user_id": user_id}
    return await session.first(_ONE, parameters)


async def unread(session: ReadSession, user_id: int) -> AnyRow | None:
    """`messages` and `conversations` that are unread."""
    return await session.first(_UNREAD, {"user_id": user_id})


async def other_side(session: ReadSession, conversation_id: int, user_id: int) -> int | None:
    """Who else is in a conversation of `user_id`; None: not theirs."""
    parameters = {"conversation_id": conversation_id, "user_id": user_id}
    row = await session.first(_OTHER_SIDE, parameters)
    return None if row is None else row.other_id


async def messages(
    session: ReadSession,
    conversation_id: int,
    user_id: int,
    rows: int,
    *,
    before: int | None,
    after: int | None,
) -> Sequence[AnyRow]:
    """Up to `rows` messages: those next after `after`, else those next before `before`.

    In the order of that walk. No row: not a conversation of `user_id`. One
    without such messages is one row whose `id` is None.
    """
    parameters = {"conversation_id": conversation_id, "user_id": user_id, "rows": rows}
    if after is not None:
        return await session.rows(_NEXT, {**parameters, "after": after})
    if before is not None:
        return await session.rows(_PREVIOUS, {**parameters, "before": before})
    return await session.rows(_NEWEST, parameters)


def _walk(*conditions: object, newest_first: bool) -> Select[int, int, int, str, datetime]:
    # The conditions belong to the join, so that whose conversation it is shows without messages.
    of_it = and_(Message.conversation_id == Participant.conversation_id, *conditions)  # type: ignore[arg-type]
    order = Message.id.desc().nulls_last() if newest_first else Message.id.asc()
    return (
        select(*_MESSAGE)
        .select_from(Participant)
        .outerjoin(Message, of_it)
        .where(
            Participant.conversation_id == bindparam("conversation_id"),
            Participant.user_id == bindparam("user_id"),
        )
        .order_by(order)
        .limit(bindparam("rows"))
    )


_NEXT = _walk(Message.id > bindparam("after"), newest_first=False)
_PREVIOUS = _walk(Message.id < bindparam("before"), newest_first=True)
_NEWEST = _walk(newest_first=True)
