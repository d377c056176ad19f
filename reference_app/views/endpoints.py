"""/users/me/views: who saw one's profile."""

from fastapi import APIRouter

from reference_app.errors import (
    ForbiddenError,
    InvalidError,
    UnauthenticatedError,
    problem_docs,
)
from reference_app.kit.pagination import CursorText, Limit
from reference_app.serving import Reading, Viewer
from reference_app.views import service
from reference_app.views.schemas import ProfileViewerPage, ProfileViews

router = APIRouter(prefix="/api/v1/users/me", tags=["users"])


@router.get(
    "/views",
    summary="How often one's profile was seen",
    responses=problem_docs(UnauthenticatedError),
)
async def views(viewer: Viewer, session: Reading) -> ProfileViews:
    """By people with an account, in the last 90 days. Counted within a minute."""
    return await service.of_profile(session, viewer.user_id)


@router.get(
    "/viewers",
    summary="Who saw one's profile",
    responses=problem_docs(UnauthenticatedError, ForbiddenError, InvalidError),
)
async def viewers(
    viewer: Viewer, session: Reading, limit: Limit = 20, cursor: CursorText = None
) -> ProfileViewerPage:
    """The last first, in the last 90 days. For tiers that have `who_viewed_me`."""
    return await service.profile_viewers(session, viewer.user_id, limit, cursor)
