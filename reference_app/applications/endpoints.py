"""/applications, and /jobs/{id}/applications."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, status
from starlette.responses import Response, StreamingResponse

from reference_app.applications import export, service, tracking
from reference_app.applications.models import Application
from reference_app.applications.schemas import (
    ApplicationCounts,
    ApplicationDraft,
    ApplicationShown,
    BulkDecision,
    BulkOutcome,
    Decision,
    HistoryPage,
    NoteDraft,
    NotePage,
    NoteShown,
    OwnPage,
    ReceivedPage,
    StatusFilter,
)
from reference_app.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    LimitedError,
    NotFoundError,
    UnauthenticatedError,
    problem_docs,
)
from reference_app.kit.pagination import CursorText, Limit
from reference_app.kit.rate_limit import take_turn
from reference_app.serving import Employer, Reading, Seeker, Viewer, Writing, board_of
from reference_app.texts import LARGEST_ID, PathId

router = APIRouter(prefix="/api/v1", tags=["applications"])

BeforeId = Annotated[
    int | None,
    Query(ge=1, le=LARGEST_ID, description="Only those before this id: what a full export left."),
]


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
    summary="Applications for a job",
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
    """The company's team only. The newest first."""
    return await service.of_job(session, job_id, employer.user_id, status, limit, cursor)


@router.get(
    "/jobs/{job_id}/applications/counts",
    summary="How many applications for a job are in which status",
    responses=problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError),
)
async def counts(job_id: PathId, employer: Employer, session: Reading) -> ApplicationCounts:
    """The company's team only."""
    return await service.counts(session, job_id, employer.user_id)


@router.get(
    "/jobs/{job_id}/applications/export",
    summary="Applications for a job as CSV",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
        **problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError, LimitedError),
    },
)
async def exported(
    request: Request,
    job_id: PathId,
    employer: Employer,
    session: Reading,
    status: StatusFilter | None = None,
    before: BeforeId = None,
) -> StreamingResponse:
    """The company's team only, a few times in ten minutes. At most 5,000, the newest first."""
    await take_turn(
        board_of(request).store,
        "export",
        str(employer.user_id),
        most=export.EXPORTS_PER_WINDOW,
        window_s=export.WINDOW_S,
    )
    return StreamingResponse(
        await export.export(session, job_id, employer.user_id, status, before),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="applications-{job_id}.csv"'},
    )


@router.post(
    "/jobs/{job_id}/applications/decisions",
    summary="Decide several applications",
    responses=problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError),
)
async def decide_several(
    job_id: PathId, decision: BulkDecision, employer: Employer, session: Writing
) -> BulkOutcome:
    """The company's team only, up to 100 at once, on a tier with bulk actions.

    Each for itself: one that may not take the step does not keep the others from it.
    """
    return await service.decide_several(session, job_id, employer.user_id, decision)


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
    """The company's team only, along the allowed steps. Twice is once."""
    return await service.decide(session, application_id, employer.user_id, decision.status)


@router.get(
    "/applications/{application_id}/history",
    summary="What became of an application, step by step",
    responses=problem_docs(InvalidError, UnauthenticatedError, ForbiddenError, NotFoundError),
)
async def history(
    application_id: PathId,
    viewer: Viewer,
    session: Reading,
    limit: Limit = 20,
    cursor: CursorText = None,
) -> HistoryPage:
    """Its applicant, and on a tier with applicant tracking the team. The newest first."""
    return await tracking.history(session, application_id, viewer.user_id, limit, cursor)


@router.get(
    "/applications/{application_id}/notes",
    summary="The team's notes on an application",
    responses=problem_docs(InvalidError, UnauthenticatedError, ForbiddenError, NotFoundError),
)
async def notes(
    application_id: PathId,
    employer: Employer,
    session: Reading,
    limit: Limit = 20,
    cursor: CursorText = None,
) -> NotePage:
    """The company's team only, on a tier with applicant tracking. The newest first."""
    return await tracking.notes(session, application_id, employer.user_id, limit, cursor)


@router.post(
    "/applications/{application_id}/notes",
    summary="Note something on an application",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError),
)
async def add_note(
    application_id: PathId, wanted: NoteDraft, employer: Employer, session: Writing
) -> NoteShown:
    """The company's team only, on a tier with applicant tracking. Applicants never see it."""
    return await tracking.add_note(session, application_id, employer.user_id, wanted)


@router.delete(
    "/applications/{application_id}/notes/{note_id}",
    summary="Delete a note on an application",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError),
)
async def remove_note(
    application_id: PathId, note_id: PathId, employer: Employer, session: Writing
) -> Response:
    """Its author, or the company's owner. Twice is once."""
    await tracking.remove_note(session, application_id, note_id, employer.user_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
