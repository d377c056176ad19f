"""/uploads, and what is shown of them under /users."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, status
from starlette.responses import RedirectResponse, Response

from reference_app.errors import (
    ConflictError,
    InvalidError,
    LimitedError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    problem_docs,
)
from reference_app.kit.pagination import CursorText, Limit
from reference_app.serving import Guest, Reading, Viewer, Writing, board_of
from reference_app.texts import PathId
from reference_app.uploads import service
from reference_app.uploads.kinds import Kind
from reference_app.uploads.schemas import (
    Link,
    PortfolioPage,
    UploadBegun,
    UploadDraft,
    UploadPage,
    UploadShown,
)

router = APIRouter(prefix="/api/v1", tags=["uploads"])

KindFilter = Annotated[Kind | None, Query(description="Only files of this kind.")]

# A browser may keep where an avatar is for less time than the address is good for.
_KEPT = {"cache-control": f"private, max-age={service.LINK_S // 2}"}


@router.post(
    "/uploads",
    summary="Announce a file",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(
        InvalidError, UnauthenticatedError, ConflictError, LimitedError, UnavailableError
    ),
)
async def begin(
    request: Request, wanted: UploadDraft, viewer: Viewer, session: Writing
) -> UploadBegun:
    """Answers where to PUT it within a quarter of an hour; then confirm. Ten a minute.

    Avatars are JPEG, PNG or WebP up to 5 MB, résumés PDF or DOCX up to 10 MB, portfolios
    PDF or pictures up to 50 MB.
    """
    board = board_of(request)
    return await service.begin(
        session, board.storage, viewer.user_id, wanted, board.settings.upload_max_bytes
    )


@router.post(
    "/uploads/{upload_id}/confirm",
    summary="Confirm that a file was sent",
    responses=problem_docs(
        InvalidError, UnauthenticatedError, NotFoundError, ConflictError, UnavailableError
    ),
)
async def confirm(request: Request, upload_id: PathId, viewer: Viewer) -> UploadShown:
    """Within an hour. What was sent is looked at, and deleted if it is not what was announced.

    Twice is once. A new avatar takes the place of the one before.
    """
    board = board_of(request)
    return await service.confirm(board.database, board.storage, viewer.user_id, upload_id)


@router.get(
    "/uploads",
    summary="One's own files",
    responses=problem_docs(InvalidError, UnauthenticatedError),
)
async def own(
    viewer: Viewer,
    session: Reading,
    kind: KindFilter = None,
    limit: Limit = 20,
    cursor: CursorText = None,
) -> UploadPage:
    """The newest first, with those not confirmed yet."""
    return await service.own(session, viewer.user_id, kind, limit, cursor)


@router.get(
    "/uploads/{upload_id}/link",
    summary="Where to fetch a file",
    responses=problem_docs(UnauthenticatedError, NotFoundError, ConflictError, UnavailableError),
)
async def link(request: Request, upload_id: PathId, guest: Guest) -> Link:
    """Good for five minutes. Avatars for everyone, portfolios for everyone signed in, a résumé
    for its owner and the team of a job it was sent with, until that application is withdrawn.
    """
    board = board_of(request)
    if guest is None:
        return await service.link(board.database.reading(), board.storage, upload_id, None)
    session = await board.database.reading_for(guest.user_id)
    return await service.link(session, board.storage, upload_id, guest.user_id)


@router.delete(
    "/uploads/{upload_id}",
    summary="Delete a file",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_docs(UnauthenticatedError, NotFoundError),
)
async def remove(upload_id: PathId, viewer: Viewer, session: Writing) -> Response:
    """One's own. An application that a résumé was sent with goes on without it."""
    await service.remove(session, upload_id, viewer.user_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get(
    "/users/{user_id}/portfolio",
    summary="A person's portfolio",
    responses=problem_docs(InvalidError, UnauthenticatedError),
)
async def portfolio(
    user_id: PathId,
    _: Viewer,
    session: Reading,
    limit: Limit = 20,
    cursor: CursorText = None,
) -> PortfolioPage:
    """For everyone signed in. The newest first."""
    return await service.portfolio(session, user_id, limit, cursor)


@router.get(
    "/users/{user_id}/avatar",
    summary="A person's picture",
    status_code=status.HTTP_307_TEMPORARY_REDIRECT,
    response_class=RedirectResponse,
    responses=problem_docs(NotFoundError, UnavailableError),
)
async def avatar(request: Request, user_id: PathId) -> RedirectResponse:
    """Leads to where it is for some minutes: for pages to show."""
    board = board_of(request)
    url = await service.avatar_address(board.database.reading(), board.storage, user_id)
    return RedirectResponse(url, headers=_KEPT)
