"""Signing up, in and out; changing one's password.

Access tokens are not stored: `kit.ended_sessions` knows those whose session has
ended. Refresh tokens are exchanged one for one; a spent one coming back means
that somebody copied it, and as nobody can tell who, the whole session ends. Only who
sends the key of that very exchange again is given its answer again
(docs/decisions/031-an-exchange-is-answered-again.md).
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from reference_app.auth import letter_sql, recovery, repository
from reference_app.auth.models import Purpose
from reference_app.auth.schemas import Exchange, Login, PasswordChange, Registration, SignedIn
from reference_app.database import AnyRow, Database, WriteSession
from reference_app.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    UnauthenticatedError,
    UnavailableError,
)
from reference_app.kit.mail import Mail
from reference_app.kit.passwords import Passwords
from reference_app.kit.rate_limit import LoginLimit
from reference_app.kit.tokens import (
    Access,
    mint_access_token,
    new_refresh_token,
    refresh_token_after,
    refresh_token_hash,
)
from reference_app.settings import Settings
from reference_app.subscriptions import referrals
from reference_app.users import repository as users
from reference_app.users.models import User
from reference_app.users.schemas import PrivateUser
from reference_app.users.service import cache_key

# Longer than a request may take: that long a client may wait for the answer it does not get.
_ANSWERED_AGAIN = timedelta(minutes=1)


class TokenReusedError(UnauthenticatedError):
    """A spent refresh token came back; ending its session is kept although this is refused."""

    keeps_work = True


async def register(
    session: WriteSession,
    settings: Settings,
    passwords: Passwords,
    mail: Mail,
    wanted: Registration,
) -> SignedIn:
    """Make an account, sign it in, and have a letter sent to show that the address is theirs.

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
    began(session, user)
    await recovery.ask_for_proof(session, settings, mail, user.id, user.email)
    return await sign_in(session, settings, PrivateUser.model_validate(user), password_hash)


def began(session: WriteSession, user: User) -> None:
    """There is a new person."""
    session.wrote_for(user.id)
    # Somebody may have looked for this id before anyone had it.
    session.forget(cache_key(user.id))


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

    Raises `UnauthenticatedError`, `LimitedError` when tried too often, and, to
    who knows the password alone, `ForbiddenError` for a suspended account; when too
    many others sign in just now `UnavailableError`, which counts as no attempt.
    """
    with passwords.place() as place:
        await limit.attempt(attempt.email, address)
        # From the primary: someone who has just registered must be able to sign in.
        row = await users.credentials(database.reading(primary=True), attempt.email)
        stored = None if row is None else row.password_hash
        if not await place.matches(attempt.password, stored) or row is None:
            raise _wrong_credentials()
    await limit.succeeded(attempt.email, address)
    if row.suspended_at is not None:
        raise suspended()
    return await sign_in(session, settings, PrivateUser.model_validate(row), stored)


async def refresh(session: WriteSession, settings: Settings, given: Exchange) -> SignedIn:
    """Exchange a refresh token; see the module's text.

    Raises `UnauthenticatedError`, `ForbiddenError` for a suspended account.
    """
    old_hash = refresh_token_hash(given.refresh_token)
    new_token = _successor(settings, given)
    new_hash = refresh_token_hash(new_token)
    row = await repository.rotate(
        session, old_hash=old_hash, new_hash=new_hash, expires_at=_refresh_expiry(settings)
    )
    if row is None and given.key is not None:
        row = await repository.unused(session, new_hash, made_within=_ANSWERED_AGAIN)
    if row is None:
        raise await _refusal(session, old_hash)
    if row.suspended_at is not None:
        raise suspended()
    return _signed_in(settings, PrivateUser.model_validate(row), row.session_id, new_token)


async def log_out(session: WriteSession, token: str) -> None:
    """End the session of a refresh token; nothing happens if there is none."""
    found = await repository.standing(session, refresh_token_hash(token))
    if found is not None:
        await repository.end(session, found.session_id)


async def change_password(
    database: Database,
    session: WriteSession,
    passwords: Passwords,
    limit: LoginLimit,
    access: Access,
    wanted: PasswordChange,
    address: str,
) -> None:
    """Change one's own password, which ends all other sessions.

    Raises `ForbiddenError` for a wrong old one, `LimitedError` when tried too
    often, `ConflictError` where there is none yet.
    """
    own = await confirmed(database, passwords, limit, access, wanted.old_password, address)
    password_hash = await passwords.hash(wanted.new_password)
    user = await held(session, access, own)
    user.password_hash = password_hash
    await session.flush()
    await letter_sql.drop(session, user.id, Purpose.RESET_PASSWORD)
    await repository.end_all(session, user.id, kept=access.session_id)


async def confirmed(
    database: Database,
    passwords: Passwords,
    limit: LoginLimit,
    access: Access,
    password: str,
    address: str,
) -> AnyRow:
    """The credentials of who is signed in, if `password` is theirs. Raises as `change_password`.

    Guesses count as attempts to sign in: a stolen access token must not be a way around that.
    """
    own = await users.own_credentials(database.reading(primary=True), access.user_id)
    if own is None:
        raise _signed_out()
    if own.password_hash is None:
        raise ConflictError("no_password", "Set a password first: have it reset by letter.")
    await limit.attempt(own.email, address)
    if not await passwords.matches(password, own.password_hash):
        raise _wrong_password()
    await limit.succeeded(own.email, address)
    return own


async def held(session: WriteSession, access: Access, own: AnyRow) -> User:
    """Who is signed in, held for this transaction, if what was `confirmed` is still so.

    Asks the database whether the session is open, as the memory of ended ones
    may have missed something.
    """
    user = await users.for_change(session, access.user_id)
    if user is None or not await repository.is_open(session, access.session_id):
        raise _signed_out()
    if user.password_hash != own.password_hash:
        raise _wrong_password()
    session.wrote_for(user.id)
    return user


async def sign_in(
    session: WriteSession, settings: Settings, user: PrivateUser, password_hash: str | None
) -> SignedIn:
    """A new session of `user`, unless their password is no longer that of `password_hash`."""
    token = new_refresh_token()
    session_id = await repository.open_session(
        session,
        user_id=user.id,
        password_hash=password_hash,
        token_hash=refresh_token_hash(token),
        expires_at=_refresh_expiry(settings),
    )
    if session_id is None:
        raise _wrong_credentials()
    return _signed_in(settings, user, session_id, token)


def registration_closed() -> UnavailableError:
    """Nobody new may come in for now."""
    return UnavailableError("registration_closed", "New accounts cannot be made for now.")


def suspended() -> ForbiddenError:
    """This person may not use the board for now."""
    return ForbiddenError("account_suspended", "This account is suspended. Write to us.")


def _successor(settings: Settings, given: Exchange) -> str:
    """The token that follows."""
    if given.key is None:
        return new_refresh_token()
    secret = settings.secret_key.get_secret_value()
    return refresh_token_after(given.refresh_token, given.key, secret=secret)


async def _refusal(session: WriteSession, token_hash: bytes) -> DomainError:
    """Why a refresh token is not taken; ends the session of one that comes back."""
    found = await repository.standing(session, token_hash)
    if found is not None and found.used_at is not None:
        await repository.end(session, found.session_id)
        return TokenReusedError(
            "refresh_token_reused", "This token was used before. Sign in again."
        )
    if found is not None and found.suspended_at is not None:
        return suspended()
    return UnauthenticatedError("invalid_refresh_token", "Sign in again.")


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


def _wrong_credentials() -> UnauthenticatedError:
    return UnauthenticatedError("invalid_credentials", "E-mail or password is wrong.")


def _wrong_password() -> ForbiddenError:
    return ForbiddenError("wrong_password", "That is not your password.")


def _signed_out() -> UnauthenticatedError:
    return UnauthenticatedError("not_signed_in", "Sign in to do this.")
