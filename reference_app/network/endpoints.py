"""Following, under those followed and /follows; /connections."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, status
from starlette.responses import Response

from reference_app.companies.service import no_such_company
from reference_app.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    problem_docs,
)
from reference_app.kit.pagination import CursorText, Limit
from reference_app.network import cache_keys, following, service
from reference_app.network.follow_sql import COMPANIES, PEOPLE
from reference_app.network.schemas import (
    Audience,
    CompaniesPage,
    CompanyAudience,
    ConnectionPage,
    ConnectionState,
    ConnectionWanted,
    Direction,
    PeoplePage,
    Relation,
)
from reference_app.serving import Reading, Viewer, Writing, board_of, cached
from reference_app.texts import PathId
from reference_app.users.service import no_such_user

router = APIRouter(prefix="/api/v1", tags=["network"])

_SIGNED_IN = problem_docs(UnauthenticatedError)
_LIST = problem_docs(UnauthenticatedError, InvalidError)
_ANSWER = problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError, ConflictError)


@router.get(
    "/users/{user_id}/audience",
    summary="How many follow a person",
    response_model=Audience,
    responses=problem_docs(NotFoundError),
)
async def user_audience(request: Request, user_id: PathId) -> Response:
    """And how many they follow and know. Cached; up to 1,000 followers a change shows at once."""
    board = board_of(request)
    return await cached(
        request,
        cache_keys.user_cache_key(user_id),
        board.settings.cache_ttl_default,
        following.user_audience_loader(board.database, user_id),
        no_such_user(),
    )


@router.get(
    "/companies/{company_id}/audience",
    summary="How many follow a company",
    response_model=CompanyAudience,
    responses=problem_docs(NotFoundError),
)
async def company_audience(request: Request, company_id: PathId) -> Response:
    """Cached; up to 1,000 followers a change shows at once."""
    board = board_of(request)
    return await cached(
        request,
        cache_keys.company_cache_key(company_id),
        board.settings.cache_ttl_default,
        following.company_audience_loader(board.database, company_id),
        no_such_company(),
    )


@router.put(
    "/users/{user_id}/follow",
    summary="Follow a person",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_docs(UnauthenticatedError, InvalidError, NotFoundError, ConflictError),
)
async def follow_user(user_id: PathId, viewer: Viewer, session: Writing) -> Response:
    """Their posts are in one's feed. Twice is once."""
    await following.follow_user(session, viewer.user_id, user_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.delete(
    "/users/{user_id}/follow",
    summary="Follow a person no longer",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=_SIGNED_IN,
)
async def unfollow_user(user_id: PathId, viewer: Viewer, session: Writing) -> Response:
    """Twice is once."""
    await following.unfollow_user(session, viewer.user_id, user_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.put(
    "/companies/{company_id}/follow",
    summary="Follow a company",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_docs(UnauthenticatedError, NotFoundError, ConflictError),
)
async def follow_company(company_id: PathId, viewer: Viewer, session: Writing) -> Response:
    """Its posts are in one's feed. Twice is once."""
    await following.follow_company(session, viewer.user_id, company_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.delete(
    "/companies/{company_id}/follow",
    summary="Follow a company no longer",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=_SIGNED_IN,
)
async def unfollow_company(company_id: PathId, viewer: Viewer, session: Writing) -> Response:
    """Twice is once."""
    await following.unfollow_company(session, viewer.user_id, company_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/users/{user_id}/followers", summary="Who follows a person", responses=_LIST)
async def user_followers(
    user_id: PathId, viewer: Viewer, session: Reading, limit: Limit = 20, cursor: CursorText = None
) -> PeoplePage:
    """The last to sign up first."""
    return await following.followers(session, PEOPLE, user_id, limit, cursor)


@router.get("/companies/{company_id}/followers", summary="Who follows a company", responses=_LIST)
async def company_followers(
    company_id: PathId,
    viewer: Viewer,
    session: Reading,
    limit: Limit = 20,
    cursor: CursorText = None,
) -> PeoplePage:
    """The last to sign up first."""
    return await following.followers(session, COMPANIES, company_id, limit, cursor)


@router.get("/follows/users", summary="Whom one follows", responses=_LIST)
async def followed_people(
    viewer: Viewer, session: Reading, limit: Limit = 20, cursor: CursorText = None
) -> PeoplePage:
    """The last to sign up first."""
    return await following.followed_people(session, viewer.user_id, limit, cursor)


@router.get("/follows/companies", summary="Which companies one follows", responses=_LIST)
async def followed_companies(
    viewer: Viewer, session: Reading, limit: Limit = 20, cursor: CursorText = None
) -> CompaniesPage:
    """The newest first."""
    return await following.followed_companies(session, viewer.user_id, limit, cursor)


@router.get(
    "/users/{user_id}/relation",
    summary="What is between oneself and a person",
    responses=problem_docs(UnauthenticatedError, NotFoundError),
)
async def relation(user_id: PathId, viewer: Viewer, session: Reading) -> Relation:
    """Who follows whom, and how far connecting got."""
    return await service.relation(session, viewer.user_id, user_id)


@router.get("/connections", summary="Those one is connected with", responses=_LIST)
async def connections(
    viewer: Viewer, session: Reading, limit: Limit = 20, cursor: CursorText = None
) -> ConnectionPage:
    """The last asked for first."""
    return await service.connections(session, viewer.user_id, limit, cursor)


@router.get("/connections/requests", summary="Requests that wait", responses=_LIST)
async def requests(
    viewer: Viewer,
    session: Reading,
    direction: Annotated[
        Direction, Query(description="Those others made to one, or one's own.")
    ] = Direction.RECEIVED,
    limit: Limit = 20,
    cursor: CursorText = None,
) -> ConnectionPage:
    """Those made to one, or by one; the newest first."""
    return await service.requests(session, viewer.user_id, direction, limit, cursor)


@router.post(
    "/connections",
    summary="Ask someone to connect",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(
        UnauthenticatedError, InvalidError, ForbiddenError, NotFoundError, ConflictError
    ),
)
async def ask(wanted: ConnectionWanted, viewer: Viewer, session: Writing) -> ConnectionState:
    """If they have asked already, it is accepted. How many one can have depends on the tier."""
    return await service.ask(session, viewer.user_id, wanted.user_id)


@router.post("/connections/{connection_id}/accept", summary="Accept a request", responses=_ANSWER)
async def accept(connection_id: PathId, viewer: Viewer, session: Writing) -> ConnectionState:
    """Twice is once. How many one can have depends on the tier of both."""
    return await service.accept(session, connection_id, viewer.user_id)


@router.post("/connections/{connection_id}/decline", summary="Decline a request", responses=_ANSWER)
async def decline(connection_id: PathId, viewer: Viewer, session: Writing) -> ConnectionState:
    """Twice is once. They cannot ask again; one can."""
    return await service.decline(session, connection_id, viewer.user_id)


@router.delete(
    "/connections/{connection_id}",
    summary="End a connection or take a request back",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=_SIGNED_IN,
)
async def remove(connection_id: PathId, viewer: Viewer, session: Writing) -> Response:
    """Twice is once."""
    await service.remove(session, connection_id, viewer.user_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
