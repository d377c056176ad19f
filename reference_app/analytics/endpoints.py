"""/analytics for employers, /admin/analytics for administrators."""

from fastapi import APIRouter

from reference_app.analytics import service
from reference_app.analytics.schemas import (
    BoardJobs,
    Growth,
    HiringTotals,
    JobFiguresPage,
    PeopleFigures,
    Revenue,
    Since,
    Until,
)
from reference_app.errors import (
    ForbiddenError,
    InvalidError,
    UnauthenticatedError,
    problem_docs,
)
from reference_app.kit.pagination import CursorText, Limit
from reference_app.serving import Admin, Employer, Reading

router = APIRouter(prefix="/api/v1", tags=["analytics"])

_ADMINS = problem_docs(UnauthenticatedError, ForbiddenError)
_ADMINS_PERIOD = problem_docs(InvalidError, UnauthenticatedError, ForbiddenError)


@router.get(
    "/analytics/jobs",
    summary="How one's own jobs fare",
    responses=problem_docs(InvalidError, UnauthenticatedError, ForbiddenError),
)
async def jobs(
    employer: Employer, session: Reading, limit: Limit = 20, cursor: CursorText = None
) -> JobFiguresPage:
    """Employers only. Applications by how far they got, for each job, the newest first."""
    return await service.jobs(session, employer.user_id, limit, cursor)


@router.get(
    "/analytics/jobs/totals",
    summary="How all of one's jobs fare together",
    responses=problem_docs(UnauthenticatedError, ForbiddenError),
)
async def totals(employer: Employer, session: Reading) -> HiringTotals:
    """Employers only."""
    return await service.totals(session, employer.user_id)


@router.get(
    "/admin/analytics/people",
    summary="Who came and who was active, day by day",
    responses=_ADMINS_PERIOD,
)
async def people(
    _: Admin, session: Reading, since: Since = None, until: Until = None
) -> PeopleFigures:
    """Administrators only. Active people are estimates; `evidence` says how good."""
    return await service.people(session, since, until)


@router.get("/admin/analytics/revenue", summary="Recurring revenue now", responses=_ADMINS)
async def revenue(_: Admin, session: Reading) -> Revenue:
    """Administrators only. From subscriptions, and once more from what was paid."""
    return await service.revenue(session)


@router.get(
    "/admin/analytics/growth", summary="Conversion and churn of a period", responses=_ADMINS_PERIOD
)
async def growth(_: Admin, session: Reading, since: Since = None, until: Until = None) -> Growth:
    """Administrators only. A period that has not ended is taken as far as it goes."""
    return await service.growth(session, since, until)


@router.get("/admin/analytics/jobs", summary="Jobs and applications by state", responses=_ADMINS)
async def board(_: Admin, session: Reading) -> BoardJobs:
    """Administrators only. Over the whole board."""
    return await service.board(session)
