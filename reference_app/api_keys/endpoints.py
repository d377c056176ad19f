"""/api-keys: one's keys. A key itself is refused here."""

from fastapi import APIRouter, status
from starlette.responses import Response

from reference_app.api_keys import service
from reference_app.api_keys.schemas import ApiKeyDraft, ApiKeyList, NewApiKey
from reference_app.errors import (
    ConflictError,
    ForbiddenError,
    UnauthenticatedError,
    problem_docs,
)
from reference_app.serving import Reading, Viewer, Writing
from reference_app.texts import PathId

router = APIRouter(prefix="/api/v1/api-keys", tags=["API keys"])


@router.post(
    "",
    summary="Make an API key",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(UnauthenticatedError, ForbiddenError, ConflictError),
)
async def add(wanted: ApiKeyDraft, viewer: Viewer, session: Writing) -> NewApiKey:
    """Business and Enterprise. The key is shown this once; at most ten a person.

    It acts as its owner everywhere but in account matters: signing in, keys,
    subscriptions, tickets for the WebSocket. It rests while the tier does not include it.
    """
    return await service.add(session, viewer.user_id, wanted)


@router.get(
    "", summary="One's API keys", responses=problem_docs(UnauthenticatedError, ForbiddenError)
)
async def own(viewer: Viewer, session: Reading) -> ApiKeyList:
    """The newest first; of each key only how it begins."""
    return await service.of(session, viewer.user_id)


@router.delete(
    "/{key_id}",
    summary="Revoke an API key",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_docs(UnauthenticatedError, ForbiddenError),
)
async def revoke(key_id: PathId, viewer: Viewer, session: Writing) -> Response:
    """It is refused from now on. Twice is once."""
    await service.revoke(session, viewer.user_id, key_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
