"""Signing in with Google.

A local account is only ever found by an address that Google has verified. If
here it is unproven, whoever registered it may have done so to lie in wait for
its owner: then the owner takes it over, and its password and sessions end.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime

import orjson
from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from reference_app.auth import identity_sql, letter_sql, repository, service
from reference_app.auth.models import Purpose
from reference_app.auth.schemas import Email, GooglePage, GoogleReturn, GoogleStart, SignedIn
from reference_app.database import WriteSession
from reference_app.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from reference_app.kit.openid import Identity, Provider
from reference_app.kit.store import Store, StoreGoneError
from reference_app.settings import Settings
from reference_app.texts import Name
from reference_app.users import repository as users
from reference_app.users.models import User
from reference_app.users.schemas import PrivateUser

_RETURN_WITHIN_S = 600
_SECRET_BYTES = 32
_RETRY_AFTER_S = 5
_NAMELESS = "New member"

_email: TypeAdapter[str] = TypeAdapter(Email)
_name: TypeAdapter[str] = TypeAdapter(Name)


class Google:
    """One worker's way to Google, if it is configured, and who is on the way there."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._store = store
        self._provider = None
        client_id, secret = settings.google_client_id, settings.google_client_secret
        if client_id is not None and secret is not None:
            self._provider = Provider(
                issuer=settings.google_issuer_url,
                client_id=client_id,
                client_secret=secret.get_secret_value(),
                redirect_url=f"{settings.frontend_url.rstrip('/')}/sign-in/google",
                timeout_s=settings.google_timeout_seconds,
            )

    @property
    def offered(self) -> bool:
        """Whether it is configured; Google is not asked."""
        return self._provider is not None

    @property
    def provider(self) -> Provider:
        """Google. Raises `NotFoundError` where it is not configured."""
        if self._provider is None:
            raise NotFoundError("google_disabled", "Signing in with Google is not offered here.")
        return self._provider

    async def close(self) -> None:
        """Let go of the connections."""
        if self._provider is not None:
            await self._provider.close()

    async def keep(self, state: str, flow: dict[str, str]) -> None:
        """Keep what must be known when `state` comes back. Raises `UnavailableError`."""

        async def put(redis: Redis) -> None:
            await redis.set(_key(state), orjson.dumps(flow), ex=_RETURN_WITHIN_S)

        try:
            await self._store.run(put)
        except StoreGoneError:
            raise _unavailable() from None

    async def take(self, state: str) -> dict[str, str] | None:
        """What was kept, the first time only. Raises `UnavailableError`."""
        try:
            found = await self._store.run(lambda redis: redis.getdel(_key(state)))
        except StoreGoneError:
            raise _unavailable() from None
        kept: dict[str, str] | None = None if found is None else orjson.loads(found)
        return kept


async def begin(google: Google, wanted: GoogleStart) -> GooglePage:
    """Where to sign in. Raises `NotFoundError` if it is not offered, `UnavailableError`."""
    state, nonce, verifier, key = (secrets.token_urlsafe(_SECRET_BYTES) for _ in range(4))
    url = await google.provider.page(state=state, nonce=nonce, verifier=verifier)
    flow = {"nonce": nonce, "verifier": verifier, "key": _hash(key), "role": wanted.role}
    await google.keep(state, flow)
    return GooglePage(url=url, key=key)


async def finish(
    session: WriteSession,
    settings: Settings,
    google: Google,
    back: GoogleReturn,
    *,
    registers: bool,
) -> SignedIn:
    """Sign in who comes back from Google, with a new account if need be.

    Raises `NotFoundError` if it is not offered, `InvalidError` for who did not
    set out from here or is not vouched for, `ForbiddenError` for an address that
    Google has not verified and for a suspended account, `ConflictError` when the
    address belongs to another Google account, `UnavailableError`, also for who
    has no account when nobody new `registers`.
    """
    provider = google.provider
    flow = await google.take(back.state)
    # The key never went to Google: nobody can be made to finish somebody else's sign-in.
    if flow is None or not hmac.compare_digest(flow["key"], _hash(back.key)):
        raise InvalidError("sign_in_expired", "This sign-in was not begun here, or is over.")
    identity = await provider.identity(
        code=back.code, nonce=flow["nonce"], verifier=flow["verifier"]
    )
    user = await _person(session, identity, flow["role"], registers)
    if user.suspended_at is not None:
        raise service.suspended()
    return await service.sign_in(
        session, settings, PrivateUser.model_validate(user), user.password_hash
    )


async def _person(session: WriteSession, identity: Identity, role: str, registers: bool) -> User:
    """Whose `identity` it is, held for this transaction."""
    linked = await identity_sql.linked(session, identity.issuer, identity.subject)
    if linked is not None:
        user = await users.for_change(session, linked)
        if user is not None:
            session.wrote_for(user.id)
            return user
    user = await _by_email(session, identity, role, registers)
    if not await identity_sql.link(session, user.id, identity.issuer, identity.subject):
        raise ConflictError(
            "another_google_account", "This address belongs to another Google account here."
        )
    return user


async def _by_email(session: WriteSession, identity: Identity, role: str, registers: bool) -> User:
    email = _verified_email(identity)
    now = datetime.now(UTC)
    user = await users.add(
        session,
        email=email,
        email_verified_at=now,
        password_hash=None,
        full_name=_shown_name(identity.name),
        role=role,
    )
    if user is not None:
        if not registers:
            raise service.registration_closed()
        service.began(session, user)
        return user
    user = await identity_sql.by_email(session, email)
    if user is None:
        raise InvalidError("sign_in_expired", "The account has just changed. Start again.")
    session.wrote_for(user.id)
    if not user.email_verified:
        user.password_hash = None
        user.email_verified_at = now
        await session.flush()
        await letter_sql.drop(session, user.id, *Purpose)
        await repository.end_all(session, user.id)
    return user


def _verified_email(identity: Identity) -> str:
    try:
        email = _email.validate_python(identity.email)
    except ValidationError:
        email = ""
    if not email or not identity.email_verified:
        raise ForbiddenError("email_not_verified", "Google has not verified your e-mail address.")
    return email


def _shown_name(name: str) -> str:
    try:
        return _name.validate_python(name[:120])
    except ValidationError:
        return _NAMELESS


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _key(state: str) -> str:
    return f"google:{_hash(state)}"


def _unavailable() -> UnavailableError:
    return UnavailableError(
        "google_unavailable",
        "Signing in with Google is not possible for the moment.",
        retry_after_s=_RETRY_AFTER_S,
    )
