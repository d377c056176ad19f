"""/applications, and /jobs/{id}/applications."""

from fastapi import APIRouter, status

from reference_app.applications import service
from reference_app.applications.models import Application
from reference_app.applications.schemas import (
    ApplicationDraft,
    ApplicationShown,
    Decision,
    OwnPage,
    ReceivedPage,
    StatusFilter,
)
from reference_app.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    problem_docs,
)
from reference_app.kit.pagination import CursorText, Limit
from reference_app.serving import Employer, Reading, Seeker, Viewer, Writing
from reference_app.texts import PathId

router = APIRouter(prefix="/api/v1", tags=["applications"])


@router.post(
    "/jobs/{job_id}/applications",
    summary="Apply for a job",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError, ConflictError),
)
async def apply(
    job_id: PathId, wanted: ApplicationDraft, seeker: Seeker, session: Writing
) -> ApplicationShown:
    """Job seekers only, once per job."""
    return await service.apply(session, job_id, seeker.user_id, wanted)


@router.get(
    "/jobs/{job_id}/applications",
    summary="Applications for one's own job",
    responses=problem_docs(InvalidError, UnauthenticatedError, ForbiddenError, NotFoundError),
)
async def received(
    job_id: PathId,
    employer: Employer,
    session: Reading,
    status: StatusFilter | None = None,
    limit: Limit = 20,
    cursor: CursorText = None,
) -> ReceivedPage:
    """Employers only. The newest first."""
    return await service.of_job(session, job_id, employer.user_id, status, limit, cursor)


@router.get(
    "/applications",
    summary="One's own applications",
    responses=problem_docs(InvalidError, UnauthenticatedError),
)
async def own(
    viewer: Viewer, session: Reading, limit: Limit = 20, cursor: CursorText = None
) -> OwnPage:
    """The newest first, with the job each is for."""
    return await service.of_applicant(session, viewer.user_id, limit, cursor)


@router.post(
    "/applications/{application_id}/withdraw",
    summary="Withdraw one's own application",
    response_model=ApplicationShown,
    responses=problem_docs(UnauthenticatedError, NotFoundError, ConflictError),
)
async def withdraw(application_id: PathId, viewer: Viewer, session: Writing) -> Application:
    """Not once it is decided. Twice is once."""
    return await service.withdraw(session, application_id, viewer.user_id)


@router.patch(
    "/applications/{application_id}",
    summary="Decide an application",
    response_model=ApplicationShown,
    responses=problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError, ConflictError),
)
async def decide(
    application_id: PathId, decision: Decision, employer: Employer, session: Writing
) -> Application:
    """Employers only, for their own jobs."""
    return await service.decide(session, application_id, employer.user_id, decision.status)
