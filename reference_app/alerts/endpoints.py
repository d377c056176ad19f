"""/saved-searches: what one looks for again and again."""

from fastapi import APIRouter, status
from starlette.responses import Response

from reference_app.alerts import service
from reference_app.alerts.schemas import SavedSearches, SavedSearchShown, SearchChange, SearchDraft
from reference_app.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    problem_docs,
)
from reference_app.serving import Reading, Viewer, Writing
from reference_app.texts import PathId

router = APIRouter(prefix="/api/v1/saved-searches", tags=["saved searches"])


@router.get("", summary="One's saved searches", responses=problem_docs(UnauthenticatedError))
async def searches(viewer: Viewer, session: Reading) -> SavedSearches:
    """All of them, the oldest first."""
    return await service.of(session, viewer.user_id)


@router.post(
    "",
    summary="Save a search",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(UnauthenticatedError, ConflictError),
)
async def add(wanted: SearchDraft, viewer: Viewer, session: Writing) -> SavedSearchShown:
    """At most 20. With alerts, new jobs it finds make a notification within a minute or two, and
    at most one letter a day.
    """
    return await service.add(session, viewer.user_id, wanted)


@router.patch(
    "/{search_id}",
    summary="Change a saved search",
    responses=problem_docs(InvalidError, UnauthenticatedError, NotFoundError, ConflictError),
)
async def change(
    search_id: PathId, wanted: SearchChange, viewer: Viewer, session: Writing
) -> SavedSearchShown:
    """Fields left out stay as they are."""
    return await service.change(session, search_id, viewer.user_id, wanted)


@router.delete(
    "/{search_id}",
    summary="Save a search no longer",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_docs(UnauthenticatedError),
)
async def remove(search_id: PathId, viewer: Viewer, session: Writing) -> Response:
    """Twice is once."""
    await service.remove(session, search_id, viewer.user_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
