"""Reviews, under what they are of."""

from fastapi import APIRouter, Request, status
from starlette.responses import Response

from reference_app.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    problem_docs,
)
from reference_app.kit.pagination import CursorText, Limit
from reference_app.reviews import service
from reference_app.reviews.schemas import Rating, ReviewDraft, ReviewPage, ReviewShown
from reference_app.reviews.service import COMPANY, WORKER, Kind
from reference_app.serving import Viewer, Writing, board_of, cached
from reference_app.texts import PathId

router = APIRouter(prefix="/api/v1", tags=["reviews"])

_WRITE = problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError)


@router.get(
    "/companies/{company_id}/reviews",
    summary="Reviews of a company, the newest first",
    response_model=ReviewPage,
    responses=problem_docs(InvalidError),
)
async def company_reviews(
    request: Request, company_id: PathId, limit: Limit = 20, cursor: CursorText = None
) -> Response:
    """Cached for a few minutes; the first page of 20 shows a change at once."""
    return await _page(request, COMPANY, company_id, limit, cursor)


@router.get(
    "/users/{user_id}/reviews",
    summary="Reviews of a worker, the newest first",
    response_model=ReviewPage,
    responses=problem_docs(InvalidError),
)
async def worker_reviews(
    request: Request, user_id: PathId, limit: Limit = 20, cursor: CursorText = None
) -> Response:
    """Cached for a few minutes; the first page of 20 shows a change at once."""
    return await _page(request, WORKER, user_id, limit, cursor)


@router.get(
    "/companies/{company_id}/rating",
    summary="What all reviews of a company say",
    response_model=Rating,
)
async def company_rating(request: Request, company_id: PathId) -> Response:
    """Cached; a change shows at once."""
    return await _rating(request, COMPANY, company_id)


@router.get(
    "/users/{user_id}/rating", summary="What all reviews of a worker say", response_model=Rating
)
async def worker_rating(request: Request, user_id: PathId) -> Response:
    """Cached; a change shows at once."""
    return await _rating(request, WORKER, user_id)


@router.put("/companies/{company_id}/review", summary="Review a company", responses=_WRITE)
async def review_company(
    company_id: PathId, wanted: ReviewDraft, viewer: Viewer, session: Writing
) -> ReviewShown:
    """Those who applied for a job there. One has one review; this writes or changes it."""
    return await service.write(session, COMPANY, company_id, viewer.user_id, wanted)


@router.put("/users/{user_id}/review", summary="Review a worker", responses=_WRITE)
async def review_worker(
    user_id: PathId, wanted: ReviewDraft, viewer: Viewer, session: Writing
) -> ReviewShown:
    """Employers who hired them. One has one review; this writes or changes it."""
    return await service.write(session, WORKER, user_id, viewer.user_id, wanted)


@router.delete(
    "/companies/{company_id}/review",
    summary="Take one's review of a company back",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_docs(UnauthenticatedError),
)
async def unreview_company(company_id: PathId, viewer: Viewer, session: Writing) -> Response:
    """Twice is once."""
    await service.remove(session, COMPANY, company_id, viewer.user_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.delete(
    "/users/{user_id}/review",
    summary="Take one's review of a worker back",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_docs(UnauthenticatedError),
)
async def unreview_worker(user_id: PathId, viewer: Viewer, session: Writing) -> Response:
    """Twice is once."""
    await service.remove(session, WORKER, user_id, viewer.user_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


async def _page(
    request: Request, kind: Kind, subject_id: int, limit: int, cursor: str | None
) -> Response:
    board = board_of(request)
    return await cached(
        request,
        kind.page_cache_key(subject_id, limit, cursor),
        board.settings.cache_ttl_default,
        service.page_loader(board.database, kind, subject_id, limit, cursor),
    )


async def _rating(request: Request, kind: Kind, subject_id: int) -> Response:
    board = board_of(request)
    return await cached(
        request,
        kind.rating_cache_key(subject_id),
        board.settings.cache_ttl_default,
        service.rating_loader(board.database, kind, subject_id),
    )
