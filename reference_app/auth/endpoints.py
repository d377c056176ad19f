"""/auth: signing up, in and out."""

from fastapi import APIRouter, Depends, Request, Response, status

from reference_app.auth import service
from reference_app.auth.schemas import Login, RefreshRequest, Registration, SignedIn
from reference_app.errors import (
    ConflictError,
    InvalidError,
    LimitedError,
    UnauthenticatedError,
    UnavailableError,
    problem_docs,
)
from reference_app.serving import Reading, Viewer, Writing, board_of, observed_of
from reference_app.users import service as users
from reference_app.users.schemas import PrivateUser

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])


async def _open(request: Request) -> None:
    if not board_of(request).flags.is_on("registration"):
        raise UnavailableError("registration_closed", "New accounts cannot be made for now.")


@router.post(
    "/register",
    summary="Make an account",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(InvalidError, ConflictError, LimitedError, UnavailableError),
    dependencies=[Depends(_open)],
)
async def register(request: Request, wanted: Registration, session: Writing) -> SignedIn:
    """The new account is signed in at once."""
    board = board_of(request)
    return await service.register(session, board.settings, board.passwords, wanted)


@router.post(
    "/login",
    summary="Sign in",
    responses=problem_docs(UnauthenticatedError, LimitedError),
)
async def log_in(request: Request, attempt: Login, session: Writing) -> SignedIn:
    """Few attempts are allowed per account and address; a success clears them."""
    board = board_of(request)
    return await service.log_in(
        board.database,
        session,
        board.settings,
        board.passwords,
        board.login_limit,
        attempt,
        observed_of(request).address,
    )


@router.post("/refresh", summary="Stay signed in", responses=problem_docs(UnauthenticatedError))
async def refresh(request: Request, given: RefreshRequest, session: Writing) -> SignedIn:
    """Exchanges the refresh token for a new pair. A token used twice ends the session."""
    return await service.refresh(session, board_of(request).settings, given.refresh_token)


@router.post("/logout", summary="Sign out", status_code=status.HTTP_204_NO_CONTENT)
async def log_out(given: RefreshRequest, session: Writing) -> Response:
    """Ends the session of the refresh token. Signing out twice is no error."""
    await service.log_out(session, given.refresh_token)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/me", summary="Who am I?", responses=problem_docs(UnauthenticatedError))
async def me(viewer: Viewer, session: Reading) -> PrivateUser:
    """The signed-in person's own profile."""
    return await users.own_profile(session, viewer.user_id)
