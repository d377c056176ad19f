"""/auth/password, /auth/email, /auth/delete: what one can do with one's account."""

from fastapi import APIRouter, Request, Response, status

from reference_app.auth import closing, recovery, service
from reference_app.auth.schemas import (
    AccountDeletion,
    EmailProof,
    Forgotten,
    LetterAsked,
    PasswordChange,
    PasswordReset,
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
from reference_app.serving import Viewer, Writing, board_of, observed_of

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])

_CONFIRMS = problem_docs(UnauthenticatedError, ForbiddenError, ConflictError, LimitedError)


@router.post(
    "/password/change",
    summary="Change one's password",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=_CONFIRMS,
)
async def change_password(
    request: Request, wanted: PasswordChange, viewer: Viewer, session: Writing
) -> Response:
    """Takes the old one; a wrong one counts as an attempt to sign in. Ends all other sessions."""
    board = board_of(request)
    await service.change_password(
        board.database,
        session,
        board.passwords,
        board.login_limit,
        viewer,
        wanted,
        observed_of(request).address,
    )
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post(
    "/password/forgot",
    summary="Ask for a new password",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_docs(LimitedError),
)
async def forgot_password(request: Request, wanted: Forgotten) -> LetterAsked:
    """Sends a letter, good for half an hour, if there is an account. Does not say if there is."""
    board = board_of(request)
    await board.letter_limit.ask("reset", wanted.email, observed_of(request).address)
    board.reset_desk.ask(wanted.email)
    return LetterAsked()


@router.post(
    "/password/reset",
    summary="Set a new password",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_docs(InvalidError),
)
async def reset_password(request: Request, wanted: PasswordReset, session: Writing) -> Response:
    """By the token of a letter, which works once. Ends all sessions."""
    board = board_of(request)
    await recovery.reset_password(
        board.database,
        session,
        board.passwords,
        board.login_limit,
        wanted,
        observed_of(request).address,
    )
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post(
    "/email/verify",
    summary="Show that the address is one's own",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_docs(InvalidError),
)
async def verify_email(request: Request, wanted: EmailProof, session: Writing) -> Response:
    """By the token of the letter sent there, which works once."""
    await recovery.prove_email(board_of(request).database, session, wanted.token)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post(
    "/email/resend",
    summary="Have the letter sent again",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_docs(UnauthenticatedError, NotFoundError, LimitedError),
)
async def resend(request: Request, viewer: Viewer, session: Writing) -> LetterAsked:
    """That shows that the address is one's own. Nothing is sent once that is shown."""
    board = board_of(request)
    await recovery.ask_again(
        board.database,
        session,
        board.settings,
        board.mail,
        board.letter_limit,
        viewer.user_id,
        observed_of(request).address,
    )
    return LetterAsked()


@router.post(
    "/delete",
    summary="Delete one's account",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=_CONFIRMS | problem_docs(UnavailableError),
)
async def delete_account(
    request: Request, wanted: AccountDeletion, viewer: Viewer, session: Writing
) -> Response:
    """At once and for good. A paid subscription ends now; what others need stays, nameless."""
    board = board_of(request)
    await closing.delete_account(
        board.billing,
        session,
        board.passwords,
        board.login_limit,
        viewer,
        wanted.password,
        observed_of(request).address,
    )
    return Response(status_code=status.HTTP_204_NO_CONTENT)
