"""Access tokens (signed, short-lived, not stored), refresh tokens and API keys (random, stored
as a hash).

Every function takes the secret it needs, so that whoever prepares sessions in
bulk makes exactly the tokens the app accepts.
"""

import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import jwt

from reference_app.kit.recent import Recent

_ALGORITHM = "HS256"
_REFRESH_BYTES = 32
_KEPT_S = 300.0
_MOST_KEPT = 4_096
"""Access tokens a worker need not check the signature of again, 0.7 kB each: of people who are
here. Most are given up for those of the next sign-in long before they run out."""

API_KEY_START = "hmb_"
"""What tells an API key from an access token."""

NO_SESSION = UUID(int=0)
"""The sign-in of who comes with an API key: there is none."""


class InvalidTokenError(Exception):
    """The access token was not signed by us, is malformed, or its time is over."""


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token says: who, in which role, from which sign-in.

    `by_key` says that it was an API key instead, which is not for account matters.
    """

    user_id: int
    role: str
    session_id: UUID
    by_key: bool = False


def mint_access_token(access: Access, *, secret: str, issued_at: datetime, minutes: int) -> str:
    """A token that says `access` for `minutes` from `issued_at` (aware)."""
    claims = {
        "sub": str(access.user_id),
        "role": access.role,
        "sid": access.session_id.hex,
        "iat": issued_at,
        "exp": issued_at + timedelta(minutes=minutes),
    }
    return jwt.encode(claims, secret, algorithm=_ALGORITHM)


def read_access_token(token: str, *, secret: str) -> Access:
    """What `token` says. Raises `InvalidTokenError` unless it is ours and still good."""
    try:
        access, expires = _signed((token, secret))
    except (jwt.InvalidTokenError, ValueError) as error:
        raise InvalidTokenError(type(error).__name__) from error
    if time.time() >= expires:
        raise InvalidTokenError("ExpiredSignatureError")
    return access


def _check(signed: tuple[str, str]) -> tuple[Access, float]:
    """What a token signed with a secret says, and when it expires."""
    token, secret = signed
    claims = jwt.decode(
        token,
        secret,
        algorithms=[_ALGORITHM],
        options={"require": ["sub", "role", "sid", "exp"]},
    )
    access = Access(int(claims["sub"]), str(claims["role"]), UUID(hex=claims["sid"]))
    return access, float(claims["exp"])


_signed = Recent(_check, keep_s=_KEPT_S, most=_MOST_KEPT)
"""As `_check`; remembered, unlike one that is not ours."""


def new_refresh_token() -> str:
    """A fresh refresh token: 43 characters, 256 random bits."""
    return secrets.token_urlsafe(_REFRESH_BYTES)


def refresh_token_after(token: str, key: str, *, secret: str) -> str:
    """The refresh token that `token` is exchanged for by whoever sends `key` with it.

    The same each time, so that an answer that was lost can be given again though only its
    hash is stored; without `secret` as hard to guess as a random one.
    """
    own = hmac.digest(secret.encode(), b"auth: refresh tokens", "sha256")
    made = hmac.digest(own, f"{token}\n{key}".encode("utf-8", "surrogatepass"), "sha256")
    return urlsafe_b64encode(made).rstrip(b"=").decode("ascii")


def refresh_token_hash(token: str) -> bytes:
    """What is stored in `refresh_tokens.token_hash`: SHA-256 of the token, 32 bytes.

    The token is as random as its hash, so neither salt nor slowness would add anything.
    """
    return _hash(token)


def new_api_key() -> str:
    """A fresh API key: `hmb_` and 43 characters, 256 random bits."""
    return API_KEY_START + secrets.token_urlsafe(_REFRESH_BYTES)


def api_key_hash(key: str) -> bytes:
    """What is stored in `api_keys.key_hash`: SHA-256 of the key, 32 bytes, for the same reason."""
    return _hash(key)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
