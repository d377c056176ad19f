"""What one can do with conversations and messages."""

from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.errors import ConflictError, InvalidError, NotFoundError
from reference_app.kit.pagination import cursor_by_id, cut, read_cursor_by_id
from reference_app.messages import repository
from reference_app.messages.schemas import (
    ConversationPage,
    ConversationShown,
    FirstMessage,
    LastMessage,
    MessageDraft,
    MessagePage,
    MessageShown,
    ReadState,
    UnreadMessages,
)
from reference_app.notifications.models import Kind
from reference_app.notifications.service import notify, seen
from reference_app.realtime import frames
from reference_app.subscriptions.entitlements import Feature, spend
from reference_app.users.naming import person_ref
from reference_app.users.service import no_such_user


async def are_acquainted(session: WriteSession, a: int, b: int) -> bool:
    """Whether `a` may write to `b` as to someone they know.

    That is: one applied for a job of a company the other acts for, they are
    connected, or `b` has written to `a`.
    Everyone else is a stranger, whom only InMail reaches.
    """
    return await repository.acquainted(session, a, b)


async def write_to(session: WriteSession, sender_id: int, wanted: FirstMessage) -> MessageShown:
    """Send a message to a person, in the one conversation with them.

    Raises as `write` does, and `NotFoundError` when there is no such person.
    """
    if wanted.recipient_id == sender_id:
        raise InvalidError("to_yourself", "Write to someone else.")
    conversation_id = await repository.of_pair(session, sender_id, wanted.recipient_id)
    if conversation_id is None:
        raise no_such_user()
    return await write(session, conversation_id, sender_id, wanted)


async def write(
    session: WriteSession, conversation_id: int, sender_id: int, wanted: MessageDraft
) -> MessageShown:
    """Send a message in a conversation; with a key used before, find the one sent then.

    Raises `NotFoundError` when it is not the sender's, `ConflictError` when
    the key was used for something else, and `EntitlementRefusedError` when the
    month's messages or InMails are used up.
    """
    held = await repository.held(session, conversation_id, sender_id)
    if held is None:
        raise _no_such_conversation()
    message = await repository.add_message(
        session,
        conversation_id=conversation_id,
        sender_id=sender_id,
        key=wanted.key,
        body=wanted.body,
    )
    if message is None:
        return await _sent_before(session, conversation_id, sender_id, wanted)
    if not held.other_has_written and not await are_acquainted(session, sender_id, held.other_id):
        await spend(session, sender_id, Feature.INMAIL)
    await spend(session, sender_id, Feature.MESSAGES)
    await repository.count_message(session, message)
    news = frames.messages(conversation_id, message.id)
    for user_id in (sender_id, held.other_id):
        session.wrote_for(user_id)
        session.tell(user_id, news)
    await notify(
        session,
        held.other_id,
        Kind.MESSAGE_RECEIVED,
        {"conversation_id": conversation_id, "sender_id": sender_id},
        about=str(conversation_id),
    )
    return MessageShown.model_validate(message)


async def read(session: WriteSession, conversation_id: int, user_id: int, up_to: int) -> ReadState:
    """Say that one has read up to a message; never back. Raises `NotFoundError`."""
    held = await repository.held(session, conversation_id, user_id)
    if held is None:
        raise _no_such_conversation()
    up_to = min(up_to, held.last_message_id)
    if up_to <= held.read_up_to:
        return ReadState(read_up_to=held.read_up_to, unread=held.unread)
    unread = await repository.read_up_to(session, conversation_id, user_id, up_to)
    news = frames.has_read(conversation_id, user_id, up_to)
    for each in (user_id, held.other_id):
        session.wrote_for(each)
        session.tell(each, news)
    if not unread:
        await seen(session, user_id, Kind.MESSAGE_RECEIVED, about=str(conversation_id))
    return ReadState(read_up_to=up_to, unread=unread)


async def conversations(
    session: ReadSession, user_id: int, limit: int, cursor: str | None
) -> ConversationPage:
    """A page of one's conversations, the one with the newest message first."""
    after = read_cursor_by_id(cursor)
    rows = await repository.latest(session, user_id, limit + 1, after)
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.last_message_id))
    return ConversationPage(items=[_conversation(row) for row in shown], next_cursor=next_cursor)


async def conversation(
    session: ReadSession, conversation_id: int, user_id: int
) -> ConversationShown:
    """One of one's conversations. Raises `NotFoundError`, also for someone else's."""
    row = await repository.one(session, conversation_id, user_id)
    if row is None:
        raise _no_such_conversation()
    return _conversation(row)


async def unread(session: ReadSession, user_id: int) -> UnreadMessages:
    """What one has not read, over all conversations."""
    row = await repository.unread(session, user_id)
    assert row is not None  # noqa: S101 - a sum is one row
    return UnreadMessages(messages=row.messages, conversations=row.conversations)


async def messages(
    session: ReadSession,
    conversation_id: int,
    user_id: int,
    limit: int,
    *,
    before: int | None,
    after: int | None,
) -> MessagePage:
    """Messages next to an id, the oldest first: after it, before it, or else the newest.

    Raises `NotFoundError`, also for someone else's conversation, and
    `InvalidError` when both sides are asked for.
    """
    if before is not None and after is not None:
        raise InvalidError("both_sides", "Ask for messages before an id or after one, not both.")
    rows = await repository.messages(
        session, conversation_id, user_id, limit + 1, before=before, after=after
    )
    if not rows:
        raise _no_such_conversation()
    found = [row for row in rows if row.id is not None]
    shown = found[:limit]
    if after is None:
        shown.reverse()
    items = [MessageShown.model_validate(row) for row in shown]
    return MessagePage(items=items, has_more=len(found) > limit)


async def other_side(session: ReadSession, conversation_id: int, user_id: int) -> int | None:
    """Who else is in a conversation of `user_id`; None when it is not theirs."""
    return await repository.other_side(session, conversation_id, user_id)


async def _sent_before(
    session: WriteSession, conversation_id: int, sender_id: int, wanted: MessageDraft
) -> MessageShown:
    message = await repository.by_key(session, sender_id, wanted.key)
    if (message.conversation_id, message.body) != (conversation_id, wanted.body):
        raise ConflictError("key_reused", "This key belongs to another message.")
    return MessageShown.model_validate(message)


def _conversation(row: AnyRow) -> ConversationShown:
    return ConversationShown(
        id=row.id,
        other=person_ref(row),
        last_message=LastMessage(
            id=row.last_message_id,
            sender_id=row.sender_id,
            excerpt=row.excerpt,
            created_at=row.created_at,
        ),
        unread=row.unread,
        read_up_to=row.read_up_to,
        other_read_up_to=row.other_read_up_to,
    )


def _no_such_conversation() -> NotFoundError:
    return NotFoundError("conversation_not_found", "There is no such conversation.")
