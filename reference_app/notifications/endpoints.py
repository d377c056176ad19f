"""/notifications: what one should know of."""

from typing import Annotated

from fastapi import APIRouter, Query

from reference_app.errors import InvalidError, UnauthenticatedError, problem_docs
from reference_app.kit.pagination import CursorText, Limit
from reference_app.notifications import service
from reference_app.notifications.schemas import (
    NotificationPage,
    SeenUpTo,
    UnreadNotifications,
)
from reference_app.serving import Reading, Viewer, Writing
from reference_app.texts import LARGEST_ID

router = APIRouter(prefix="/api/v1/notifications", tags=["notifications"])

AfterId = Annotated[
    int, Query(ge=0, le=LARGEST_ID, description="Only those after this id: what is new.")
]


@router.get(
    "",
    summary="One's notifications",
    responses=problem_docs(InvalidError, UnauthenticatedError),
)
async def notifications(
    viewer: Viewer,
    session: Reading,
    limit: Limit = 20,
    cursor: CursorText = None,
    after: AfterId = 0,
) -> NotificationPage:
    """The newest first. The newest 200 are kept."""
    return await service.newest(session, viewer.user_id, limit, cursor, after)


@router.get(
    "/unread",
    summary="How many notifications one has not seen",
    responses=problem_docs(UnauthenticatedError),
)
async def unread(viewer: Viewer, session: Reading) -> UnreadNotifications:
    """Cheap enough to ask often."""
    return await service.unread(session, viewer.user_id)


@router.put(
    "/seen",
    summary="Say which notifications one has seen",
    responses=problem_docs(UnauthenticatedError),
)
async def seen(wanted: SeenUpTo, viewer: Viewer, session: Writing) -> UnreadNotifications:
    """One and all before it. What remains is counted."""
    return await service.seen_up_to(session, viewer.user_id, wanted.up_to)
