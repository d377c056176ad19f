"""Signing up, in and out.

Access tokens are not stored: one stays good until it runs out, even after its
session has ended. Refresh tokens are exchanged one for one; a spent one coming
back means that somebody copied it, and as nobody can tell who, the whole
session ends.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from reference_app.auth import repository
from reference_app.auth.schemas import Login, Registration, SignedIn
from reference_app.database import Database, WriteSession
from reference_app.errors import ConflictError, UnauthenticatedError
from reference_app.kit.passwords import Passwords
from reference_app.kit.rate_limit import LoginLimit
from reference_app.kit.tokens import (
    Access,
    mint_access_token,
    new_refresh_token,
    refresh_token_hash,
)
from reference_app.settings import Settings
from reference_app.subscriptions import referrals
from reference_app.users import repository as users
from reference_app.users.schemas import PrivateUser
from reference_app.users.service import cache_key


class TokenReusedError(UnauthenticatedError):
    """A spent refresh token came back; ending its session is kept although this is refused."""

    keeps_work = True


async def register(
    session: WriteSession, settings: Settings, passwords: Passwords, wanted: Registration
) -> SignedIn:
    """Make an account and sign it in.

    Raises `ConflictError` when the address is taken, `InvalidError` for a
    referral code that is nobody's, `UnavailableError` when too many others do
    it just now.
    """
    # The costly part comes before the transaction holds a connection.
    password_hash = await passwords.hash(wanted.password)
    user = await users.add(
        session,
        email=wanted.email,
        password_hash=password_hash,
        full_name=wanted.full_name,
        role=wanted.role,
    )
    if user is None:
        raise ConflictError("email_taken", "There is an account with this e-mail address.")
    if wanted.referral_code is not None:
        await referrals.note(session, user.id, wanted.referral_code)
    session.wrote_for(user.id)
    # Somebody may have looked for this id before anyone had it.
    session.forget(cache_key(user.id))
    return await _sign_in(session, settings, PrivateUser.model_validate(user))


async def log_in(
    database: Database,
    session: WriteSession,
    settings: Settings,
    passwords: Passwords,
    limit: LoginLimit,
    attempt: Login,
    address: str,
) -> SignedIn:
    """Sign in by password.

    Raises `UnauthenticatedError` or, tried too often, `LimitedError`; when too
    many others sign in just now `UnavailableError`, which counts as no attempt.
    """
    with passwords.place() as place:
        await limit.attempt(attempt.email, address)
        # From the primary: someone who has just registered must be able to sign in.
        row = await users.credentials(database.reading(primary=True), attempt.email)
        stored = None if row is None else str(row.password_hash)
        if not await place.matches(attempt.password, stored) or row is None:
            raise UnauthenticatedError("invalid_credentials", "E-mail or password is wrong.")
    await limit.succeeded(attempt.email, address)
    return await _sign_in(session, settings, PrivateUser.model_validate(row))


async def refresh(session: WriteSession, settings: Settings, token: str) -> SignedIn:
    """Exchange a refresh token. Raises `UnauthenticatedError`; see the module's text."""
    old_hash = refresh_token_hash(token)
    new_token = new_refresh_token()
    row = await repository.rotate(
        session,
        old_hash=old_hash,
        new_hash=refresh_token_hash(new_token),
        expires_at=_refresh_expiry(settings),
    )
    if row is None:
        if await repository.end_session_of_spent(session, old_hash):
            raise TokenReusedError(
                "refresh_token_reused", "This token was used before. Sign in again."
            )
        raise UnauthenticatedError("invalid_refresh_token", "Sign in again.")
    return _signed_in(settings, PrivateUser.model_validate(row), row.session_id, new_token)


async def log_out(session: WriteSession, token: str) -> None:
    """End the session of a refresh token; nothing happens if there is none."""
    await repository.end_session_of(session, refresh_token_hash(token))


async def _sign_in(session: WriteSession, settings: Settings, user: PrivateUser) -> SignedIn:
    token = new_refresh_token()
    session_id = await repository.open_session(
        session,
        user_id=user.id,
        token_hash=refresh_token_hash(token),
        expires_at=_refresh_expiry(settings),
    )
    return _signed_in(settings, user, session_id, token)


def _signed_in(
    settings: Settings, user: PrivateUser, session_id: UUID, refresh_token: str
) -> SignedIn:
    access_token = mint_access_token(
        Access(user.id, user.role, session_id),
        secret=settings.secret_key.get_secret_value(),
        issued_at=datetime.now(UTC),
        minutes=settings.access_token_minutes,
    )
    return SignedIn(
        access_token=access_token,
        refresh_token=refresh_token,
        expires_in=settings.access_token_minutes * 60,
        user=user,
    )


def _refresh_expiry(settings: Settings) -> datetime:
    return datetime.now(UTC) + timedelta(days=settings.refresh_token_days)
