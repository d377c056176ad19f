"""/jobs. Fixed paths stand before those with an id."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, status
from starlette.responses import Response

from reference_app.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    NotUnderstoodError,
    UnauthenticatedError,
    problem_docs,
)
from reference_app.jobs import advanced, discovery, listing, placement, service
from reference_app.jobs.models import Promotion
from reference_app.jobs.schemas import (
    AdvancedQuery,
    JobChange,
    JobDetail,
    JobDraft,
    JobList,
    JobPage,
    JobPromotion,
    JobQuery,
    OwnJobPage,
    SavedJobPage,
)
from reference_app.kit.pagination import CursorText, Limit
from reference_app.kit.query import QueryReader
from reference_app.serving import (
    Employer,
    Reading,
    Viewer,
    Writing,
    board_of,
    cached,
    observed_of,
    shown,
)
from reference_app.texts import PathId

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

_read_query = QueryReader(JobQuery)
_LIST = problem_docs(InvalidError, UnauthenticatedError)
_OWN_JOB = problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError, ConflictError)


@router.get(
    "",
    summary="Find open jobs",
    response_model=JobPage,
    responses=problem_docs(InvalidError, NotUnderstoodError),
    openapi_extra=_read_query.documented(),
)
async def jobs(request: Request) -> Response:
    """With `q` the best matches first. Else the newest, but for a head start that tiers give
    and boosts. Cached for a minute.
    """
    board = board_of(request)
    query = _read_query(request)
    ttl_s = board.settings.cache_ttl_jobs
    return shown(request, await listing.page(board.cache, board.database, query, ttl_s))


@router.get("/mine", summary="Jobs one manages", responses=_LIST | problem_docs(ForbiddenError))
async def own_jobs(
    employer: Employer, session: Reading, limit: Limit = 20, cursor: CursorText = None
) -> OwnJobPage:
    """Employers only, for all companies they act for. Drafts too, the newest first."""
    return await service.of_employer(session, employer.user_id, limit, cursor)


@router.get("/saved", summary="Jobs one keeps", responses=_LIST)
async def saved_jobs(
    viewer: Viewer, session: Reading, limit: Limit = 20, cursor: CursorText = None
) -> SavedJobPage:
    """The last saved first."""
    return await service.saved_by(session, viewer.user_id, limit, cursor)


@router.get("/featured", summary="Featured jobs", response_model=JobList)
async def featured(request: Request) -> Response:
    """The last featured first. Cached for a minute."""
    board = board_of(request)
    return await cached(
        request,
        placement.FEATURED_CACHE_KEY,
        board.settings.cache_ttl_jobs,
        placement.featured_loader(board.database),
    )


@router.get("/trending", summary="Jobs most sought after", response_model=JobList)
async def trending(request: Request) -> Response:
    """Most seen and applied for in the last days. Reckoned anew every ten minutes."""
    board = board_of(request)
    return await cached(
        request,
        discovery.TRENDING_CACHE_KEY,
        board.settings.cache_ttl_trending,
        discovery.trending_loader(board.database),
    )


@router.get(
    "/search",
    summary="Search jobs with more conditions",
    responses=problem_docs(InvalidError, UnauthenticatedError, ForbiddenError),
)
async def search(
    query: Annotated[AdvancedQuery, Query()], viewer: Viewer, session: Reading
) -> JobPage:
    """For tiers that have `advanced_search`. Never cached."""
    return await advanced.search(session, viewer.user_id, query)


@router.get(
    "/{job_id}",
    summary="A job's page",
    response_model=JobDetail,
    responses=problem_docs(NotFoundError),
)
async def job(request: Request, job_id: PathId) -> Response:
    """Published, expired and closed jobs. Cached; a change shows at once, its company's new name
    within minutes.
    """
    board = board_of(request)
    answer = await cached(
        request,
        listing.detail_cache_key(job_id),
        board.settings.cache_ttl_job_page,
        listing.detail_loader(board.database, job_id),
        listing.no_such_job(),
        looks_count=True,
    )
    observed = observed_of(request)
    access = observed.access
    board.job_views.saw(job_id, observed.address if access is None else access.user_id)
    return answer


@router.post(
    "",
    summary="Draft a job",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError),
)
async def add(wanted: JobDraft, employer: Employer, session: Writing) -> JobDetail:
    """Employers only, in a company they act for. Only its team sees it until it is published."""
    return await service.add(session, employer.user_id, wanted)


@router.patch("/{job_id}", summary="Change a job", responses=_OWN_JOB | problem_docs(InvalidError))
async def change(
    job_id: PathId, wanted: JobChange, employer: Employer, session: Writing
) -> JobDetail:
    """Fields left out stay as they are."""
    return await service.change(session, job_id, employer.user_id, wanted)


@router.post("/{job_id}/publish", summary="Publish a job", responses=_OWN_JOB)
async def publish(job_id: PathId, employer: Employer, session: Writing) -> JobDetail:
    """Its page is there at once, lists show it within a minute. Twice is once."""
    return await service.publish(session, job_id, employer.user_id)


@router.post("/{job_id}/close", summary="Close a job", responses=_OWN_JOB)
async def close(job_id: PathId, employer: Employer, session: Writing) -> JobDetail:
    """It takes no more applications. Twice is once."""
    return await service.close(session, job_id, employer.user_id)


@router.put("/{job_id}/boost", summary="Boost one's own job", responses=_OWN_JOB)
async def boost(job_id: PathId, employer: Employer, session: Writing) -> JobPromotion:
    """For a week it stands before all that is published meanwhile. Twice is once; at most three
    jobs at once. For tiers that have `priority_placement`.
    """
    return await service.promote(session, job_id, employer.user_id, Promotion.BOOST)


@router.delete("/{job_id}/boost", summary="Boost a job no longer", responses=_OWN_JOB)
async def unboost(job_id: PathId, employer: Employer, session: Writing) -> JobPromotion:
    """Twice is once."""
    return await service.demote(session, job_id, employer.user_id, Promotion.BOOST)


@router.put("/{job_id}/feature", summary="Feature one's own job", responses=_OWN_JOB)
async def feature(job_id: PathId, employer: Employer, session: Writing) -> JobPromotion:
    """For two weeks it is among the featured jobs. Twice is once; at most three jobs at once. For
    tiers that have `priority_placement`.
    """
    return await service.promote(session, job_id, employer.user_id, Promotion.FEATURE)


@router.delete("/{job_id}/feature", summary="Feature a job no longer", responses=_OWN_JOB)
async def unfeature(job_id: PathId, employer: Employer, session: Writing) -> JobPromotion:
    """Twice is once."""
    return await service.demote(session, job_id, employer.user_id, Promotion.FEATURE)


@router.put(
    "/{job_id}/save",
    summary="Keep a job",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_docs(UnauthenticatedError, NotFoundError),
)
async def save(job_id: PathId, viewer: Viewer, session: Writing) -> Response:
    """Only an open job. Twice is once."""
    await service.save(session, viewer.user_id, job_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.delete(
    "/{job_id}/save",
    summary="Keep a job no longer",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_docs(UnauthenticatedError),
)
async def unsave(job_id: PathId, viewer: Viewer, session: Writing) -> Response:
    """Twice is once."""
    await service.unsave(session, viewer.user_id, job_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
