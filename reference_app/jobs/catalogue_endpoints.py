"""/categories, /islands, and jobs like one: ways to jobs that are not lists of all."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from reference_app.errors import NotFoundError, problem_docs
from reference_app.jobs import discovery, listing
from reference_app.jobs.schemas import JobList, Shelves
from reference_app.serving import board_of, cached
from reference_app.texts import PathId

router = APIRouter(prefix="/api/v1", tags=["jobs"])


@router.get("/categories", summary="Categories of jobs", response_model=Shelves)
async def categories(request: Request) -> Response:
    """All of them, with how many open jobs each has. Cached for a few minutes."""
    board = board_of(request)
    return await cached(
        request,
        discovery.CATEGORIES_CACHE_KEY,
        board.settings.cache_ttl_default,
        discovery.categories_loader(board.database),
    )


@router.get("/islands", summary="Islands with jobs", response_model=Shelves)
async def islands(request: Request) -> Response:
    """All of them, with how many open jobs each has. Cached for a few minutes."""
    board = board_of(request)
    return await cached(
        request,
        discovery.ISLANDS_CACHE_KEY,
        board.settings.cache_ttl_default,
        discovery.islands_loader(board.database),
    )


@router.get(
    "/jobs/{job_id}/similar",
    summary="Open jobs like one",
    response_model=JobList,
    responses=problem_docs(NotFoundError),
)
async def similar(request: Request, job_id: PathId) -> Response:
    """At most ten, the likest first. Cached for ten minutes."""
    board = board_of(request)
    return await cached(
        request,
        discovery.similar_cache_key(job_id),
        board.settings.cache_ttl_trending,
        discovery.similar_loader(board.database, job_id),
        listing.no_such_job(),
    )
