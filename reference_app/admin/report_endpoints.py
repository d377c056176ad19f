"""/reports: for everyone signed in."""

from fastapi import APIRouter, status

from reference_app.admin import moderation
from reference_app.admin.schemas import ReportDraft, ReportShown
from reference_app.errors import InvalidError, NotFoundError, UnauthenticatedError, problem_docs
from reference_app.serving import Viewer, Writing

router = APIRouter(prefix="/api/v1/reports", tags=["reports"])


@router.post(
    "",
    summary="Report something to the administrators",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(InvalidError, UnauthenticatedError, NotFoundError),
)
async def report(wanted: ReportDraft, viewer: Viewer, session: Writing) -> ReportShown:
    """A job, post, comment, review, person, or a message to oneself. Twice is once."""
    return await moderation.report(session, viewer.user_id, wanted)
