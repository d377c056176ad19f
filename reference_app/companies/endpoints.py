"""/companies."""

from fastapi import APIRouter, Request, status
from starlette.responses import Response

from reference_app.companies import service
from reference_app.companies.schemas import CompanyChange, CompanyDetail, CompanyDraft
from reference_app.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    problem_docs,
)
from reference_app.jobs import listing
from reference_app.jobs.schemas import JobPage
from reference_app.kit.pagination import CursorText, Limit
from reference_app.serving import Employer, Writing, board_of, cached
from reference_app.texts import PathId

router = APIRouter(prefix="/api/v1/companies", tags=["companies"])


@router.get(
    "",
    summary="Companies, the newest first",
    response_model=service.CompanyPage,
    responses=problem_docs(InvalidError),
)
async def companies(request: Request, limit: Limit = 20, cursor: CursorText = None) -> Response:
    """Cached for a few minutes."""
    board = board_of(request)
    return await cached(
        request,
        service.list_cache_key(limit, cursor),
        board.settings.cache_ttl_default,
        service.list_loader(board.database, limit, cursor),
    )


@router.get(
    "/{company_id}",
    summary="A company's page",
    response_model=CompanyDetail,
    responses=problem_docs(NotFoundError),
)
async def company(request: Request, company_id: PathId) -> Response:
    """Cached; a change shows at once."""
    board = board_of(request)
    return await cached(
        request,
        service.cache_key(company_id),
        board.settings.cache_ttl_default,
        service.detail_loader(board.database, company_id),
        service.no_such_company(),
    )


@router.get(
    "/{company_id}/jobs",
    summary="A company's open jobs, the newest first",
    response_model=JobPage,
    responses=problem_docs(InvalidError),
)
async def company_jobs(
    request: Request, company_id: PathId, limit: Limit = 20, cursor: CursorText = None
) -> Response:
    """Cached for a minute; the first page of 20 shows a change at once."""
    board = board_of(request)
    return await cached(
        request,
        listing.company_cache_key(company_id, limit, cursor),
        board.settings.cache_ttl_jobs,
        listing.company_loader(board.database, company_id, limit, cursor),
    )


@router.post(
    "",
    summary="Make a company",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(UnauthenticatedError, ForbiddenError, ConflictError),
)
async def add(wanted: CompanyDraft, employer: Employer, session: Writing) -> CompanyDetail:
    """Employers only. One owner's companies have different names."""
    return await service.add(session, employer.user_id, wanted)


@router.patch(
    "/{company_id}",
    summary="Change one's own company",
    responses=problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError, ConflictError),
)
async def change(
    company_id: PathId, wanted: CompanyChange, employer: Employer, session: Writing
) -> CompanyDetail:
    """Fields left out stay as they are. Lists show the change within minutes."""
    return await service.change(session, company_id, employer.user_id, wanted)
