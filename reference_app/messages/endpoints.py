"""/conversations: people writing to each other."""

from fastapi import APIRouter, Depends, Request, status

from reference_app.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    problem_docs,
)
from reference_app.kit.pagination import CursorText, Limit
from reference_app.messages import service
from reference_app.messages.schemas import (
    AnyId,
    ConversationPage,
    ConversationShown,
    FirstMessage,
    MessageDraft,
    MessagePage,
    MessageShown,
    ReadState,
    ReadUpTo,
    UnreadMessages,
)
from reference_app.serving import Reading, Viewer, Writing, board_of
from reference_app.texts import PathId

router = APIRouter(prefix="/api/v1/conversations", tags=["messages"])


async def _on(request: Request, viewer: Viewer) -> None:
    if not board_of(request).flags.is_on("messaging", viewer.user_id):
        raise UnavailableError("messaging_off", "Messages cannot be sent for now.")


@router.get(
    "",
    summary="One's conversations",
    responses=problem_docs(InvalidError, UnauthenticatedError),
)
async def conversations(
    viewer: Viewer, session: Reading, limit: Limit = 20, cursor: CursorText = None
) -> ConversationPage:
    """The one with the newest message first."""
    return await service.conversations(session, viewer.user_id, limit, cursor)


@router.post(
    "",
    summary="Write to a person",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(
        InvalidError,
        UnauthenticatedError,
        ForbiddenError,
        NotFoundError,
        ConflictError,
        UnavailableError,
    ),
    dependencies=[Depends(_on)],
)
async def write_to(wanted: FirstMessage, viewer: Viewer, session: Writing) -> MessageShown:
    """In the one conversation with them, begun if need be.

    Counts as one of the month's messages. A stranger, who is not connected, has
    not written and has nothing to do with an application of either, takes an InMail as well.
    """
    return await service.write_to(session, viewer.user_id, wanted)


@router.get(
    "/unread",
    summary="How much one has not read",
    responses=problem_docs(UnauthenticatedError),
)
async def unread(viewer: Viewer, session: Reading) -> UnreadMessages:
    """Over all conversations."""
    return await service.unread(session, viewer.user_id)


@router.get(
    "/{conversation_id}",
    summary="One of one's conversations",
    responses=problem_docs(UnauthenticatedError, NotFoundError),
)
async def conversation(
    conversation_id: PathId, viewer: Viewer, session: Reading
) -> ConversationShown:
    """As the list shows it."""
    return await service.conversation(session, conversation_id, viewer.user_id)


@router.get(
    "/{conversation_id}/messages",
    summary="Messages of a conversation",
    responses=problem_docs(InvalidError, UnauthenticatedError, NotFoundError),
)
async def messages(
    conversation_id: PathId,
    viewer: Viewer,
    session: Reading,
    before: AnyId | None = None,
    after: AnyId | None = None,
    limit: Limit = 50,
) -> MessagePage:
    """The oldest first: those next before an id, those next after one, or else the newest.

    After the last id one has is everything new, each once.
    """
    return await service.messages(
        session, conversation_id, viewer.user_id, limit, before=before, after=after
    )


@router.post(
    "/{conversation_id}/messages",
    summary="Write in a conversation",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(
        UnauthenticatedError, ForbiddenError, NotFoundError, ConflictError, UnavailableError
    ),
    dependencies=[Depends(_on)],
)
async def write(
    conversation_id: PathId, wanted: MessageDraft, viewer: Viewer, session: Writing
) -> MessageShown:
    """Counts as one of the month's messages; sent again with its key, it counts once."""
    return await service.write(session, conversation_id, viewer.user_id, wanted)


@router.put(
    "/{conversation_id}/read",
    summary="Say how far one has read",
    responses=problem_docs(UnauthenticatedError, NotFoundError),
)
async def read(
    conversation_id: PathId, wanted: ReadUpTo, viewer: Viewer, session: Writing
) -> ReadState:
    """Never goes back. The other side sees it."""
    return await service.read(session, conversation_id, viewer.user_id, wanted.up_to)
