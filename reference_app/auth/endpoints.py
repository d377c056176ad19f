"""/auth: signing up, in and out."""

from fastapi import APIRouter, Depends, Request, Response, status

from reference_app.auth import account_endpoints, google, repository, service
from reference_app.auth.schemas import (
    Exchange,
    GoogleOffer,
    GooglePage,
    GoogleReturn,
    GoogleStart,
    Login,
    RefreshRequest,
    Registration,
    SignedIn,
)
from reference_app.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    LimitedError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    problem_docs,
)
from reference_app.serving import Board, Reading, Viewer, Writing, board_of, observed_of
from reference_app.users import service as users
from reference_app.users.schemas import PrivateUser

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])


async def _open(request: Request) -> None:
    if not _registers(board_of(request)):
        raise service.registration_closed()


def _registers(board: Board) -> bool:
    return board.flags.is_on("registration")


@router.post(
    "/register",
    summary="Make an account",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(InvalidError, ConflictError, LimitedError, UnavailableError),
    dependencies=[Depends(_open)],
)
async def register(request: Request, wanted: Registration, session: Writing) -> SignedIn:
    """The new account is signed in at once. A letter asks whether the address is one's own."""
    board = board_of(request)
    return await service.register(session, board.settings, board.passwords, board.mail, wanted)


@router.post(
    "/login",
    summary="Sign in",
    responses=problem_docs(UnauthenticatedError, ForbiddenError, LimitedError, UnavailableError),
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


@router.post(
    "/refresh",
    summary="Stay signed in",
    responses=problem_docs(UnauthenticatedError, ForbiddenError),
)
async def refresh(request: Request, given: Exchange, session: Writing) -> SignedIn:
    """Exchanges the refresh token for a new pair. A token used twice ends the session.

    Unless it is the same exchange again, known by its key, because the answer was lost.
    """
    return await service.refresh(session, board_of(request).settings, given)


@router.post("/logout", summary="Sign out", status_code=status.HTTP_204_NO_CONTENT)
async def log_out(given: RefreshRequest, session: Writing) -> Response:
    """Ends the session of the refresh token. Signing out twice is no error."""
    await service.log_out(session, given.refresh_token)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post(
    "/logout-everywhere",
    summary="Sign out everywhere",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_docs(UnauthenticatedError),
)
async def log_out_everywhere(viewer: Viewer, session: Writing) -> Response:
    """Ends all of one's sessions, this one too."""
    await repository.end_all(session, viewer.user_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/me", summary="Who am I?", responses=problem_docs(UnauthenticatedError))
async def me(viewer: Viewer, session: Reading) -> PrivateUser:
    """The signed-in person's own profile."""
    return await users.own_profile(session, viewer.user_id)


@router.get("/google", summary="Whether one can sign in with Google")
async def google_offer(request: Request, response: Response) -> GoogleOffer:
    """For pages that show a way there. The same for everyone: keep it for some minutes."""
    response.headers["cache-control"] = "public, max-age=300"
    response.headers["vary"] = "authorization, origin"
    return GoogleOffer(offered=board_of(request).google.offered)


@router.post(
    "/google/begin",
    summary="Begin to sign in with Google",
    responses=problem_docs(NotFoundError, UnavailableError),
)
async def begin_google(request: Request, wanted: GoogleStart) -> GooglePage:
    """Answers Google's page. It sends the browser back with `code` and `state`, within minutes."""
    return await google.begin(board_of(request).google, wanted)


@router.post(
    "/google/finish",
    summary="Sign in with Google",
    responses=problem_docs(
        InvalidError, ForbiddenError, NotFoundError, ConflictError, UnavailableError
    ),
)
async def finish_google(request: Request, back: GoogleReturn, session: Writing) -> SignedIn:
    """Who has no account gets one. Each sign-in that was begun can be finished once."""
    board = board_of(request)
    return await google.finish(
        session, board.settings, board.google, back, registers=_registers(board)
    )


router.routes.extend(account_endpoints.router.routes)
