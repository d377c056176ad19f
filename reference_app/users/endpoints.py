"""/users: profiles."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from reference_app.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    NotUnderstoodError,
    UnauthenticatedError,
    problem_docs,
)
from reference_app.kit.query import QueryReader
from reference_app.serving import Viewer, Writing, board_of, cached, observed_of
from reference_app.texts import PathId
from reference_app.users import service, workers
from reference_app.users.schemas import OwnProfile, Profile, UserChange, WorkerPage, WorkerQuery

router = APIRouter(prefix="/api/v1/users", tags=["users"])

_read_query = QueryReader(WorkerQuery)


@router.get(
    "/available",
    summary="Find workers available for hire",
    response_model=WorkerPage,
    responses=problem_docs(InvalidError, NotUnderstoodError),
    openapi_extra=_read_query.documented(),
)
async def available(request: Request) -> Response:
    """The last to become available first. Cached for a few minutes."""
    board = board_of(request)
    query = _read_query(request)
    return await cached(
        request,
        workers.cache_key(query),
        board.settings.cache_ttl_default,
        workers.loader(board.database, query),
    )


@router.get(
    "/{user_id}",
    summary="A person's public profile",
    response_model=Profile,
    responses=problem_docs(NotFoundError),
)
async def profile(request: Request, user_id: PathId) -> Response:
    """Cached; a change shows at once."""
    board = board_of(request)
    answer = await cached(
        request,
        service.cache_key(user_id),
        board.settings.cache_ttl_user,
        service.profile_loader(board.database, user_id),
        service.no_such_user(),
    )
    access = observed_of(request).access
    if access is not None and access.user_id != user_id:
        board.profile_views.saw(user_id, access.user_id)
    return answer


@router.patch(
    "/me",
    summary="Change one's own profile",
    responses=problem_docs(UnauthenticatedError, ForbiddenError),
)
async def change_own(wanted: UserChange, viewer: Viewer, session: Writing) -> OwnProfile:
    """Fields left out stay as they are."""
    return await service.change(session, viewer.user_id, wanted)
