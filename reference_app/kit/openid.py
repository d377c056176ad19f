"""Who somebody is, as an OpenID Connect provider tells it (authorization code, PKCE, nonce).

What the provider publishes of itself is asked for when first needed and kept
for an hour; its keys also until a token comes signed with another.
"""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx2
import jwt
import structlog

from reference_app.errors import InvalidError, UnavailableError

_log = structlog.get_logger()

T = TypeVar("T")

_ALGORITHMS = ["RS256", "ES256"]
_KEPT_S = 3600.0
_KEYS_AT_LEAST_S = 10.0
_LEEWAY_S = 30
_MOST_CALLS = 10
_RETRY_AFTER_S = 5
_FAILURES = (
    httpx2.HTTPError,
    jwt.PyJWTError,
    TimeoutError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
)
_REQUIRED = ["iss", "aud", "sub", "exp", "iat", "nonce"]


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as a provider knows them. `subject` names them for ever, `email` may change."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str


class Provider:
    """One provider, as one worker asks it."""

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        client_secret: str,
        redirect_url: str,
        timeout_s: float,
    ) -> None:
        self._issuer = issuer.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_url = redirect_url
        self._timeout_s = timeout_s
        self._http = httpx2.AsyncClient(
            timeout=timeout_s, limits=httpx2.Limits(max_connections=_MOST_CALLS)
        )
        self._about: dict[str, Any] = {}
        self._about_until = 0.0
        self._keys: dict[str, jwt.PyJWK] = {}
        self._keys_read_at = -_KEPT_S

    async def page(self, *, state: str, nonce: str, verifier: str) -> str:
        """Where a person signs in. Raises `UnavailableError`."""
        about = await self._in_time(self._discovered)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self._client_id,
                "redirect_uri": self._redirect_url,
                "scope": "openid email profile",
                "state": state,
                "nonce": nonce,
                "code_challenge": challenge.rstrip(b"=").decode(),
                "code_challenge_method": "S256",
            }
        )
        return f"{about['authorization_endpoint']}?{query}"

    async def identity(self, *, code: str, nonce: str, verifier: str) -> Identity:
        """Who came back with `code`.

        Raises `InvalidError` when the provider, or its signature, does not
        vouch for them, `UnavailableError` when it does not answer.
        """
        return await self._in_time(lambda: self._identity(code, nonce, verifier))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def _in_time(self, work: Callable[[], Awaitable[T]]) -> T:
        # The client's own limit is for each step; a provider may be slow at all of them.
        try:
            async with asyncio.timeout(self._timeout_s):
                return await work()
        except _FAILURES as error:
            # Neither silence nor nonsense is a provider.
            _log.warning("OpenID provider failed", error=type(error).__name__)
            raise UnavailableError(
                "provider_unavailable",
                "The other service does not answer. Sign in with a password, or try again later.",
                retry_after_s=_RETRY_AFTER_S,
            ) from error

    async def _identity(self, code: str, nonce: str, verifier: str) -> Identity:
        about = await self._discovered()
        answer = await self._http.post(
            about["token_endpoint"],
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._redirect_url,
                "client_id": self._client_id,
                "client_secret": self._client_secret,
                "code_verifier": verifier,
            },
        )
        if answer.status_code == 400:
            raise _not_vouched()
        claims = await self._claims(str(answer.raise_for_status().json()["id_token"]))
        if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise _not_vouched()
        return Identity(
            issuer=self._issuer,
            subject=str(claims["sub"]),
            email=str(claims.get("email") or "").lower(),
            email_verified=claims.get("email_verified") in (True, "true"),
            name=str(claims.get("name") or ""),
        )

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            key = await self._key(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                raise _not_vouched()
            claims = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                audience=self._client_id,
                issuer=(await self._discovered())["issuer"],
                leeway=_LEEWAY_S,
                options={"require": _REQUIRED},
            )
        except jwt.InvalidTokenError as error:
            _log.warning("OpenID token refused", error=type(error).__name__)
            raise _not_vouched() from error
        # Of several readers, it must have been made for us.
        if not claims["sub"] or claims.get("azp", self._client_id) != self._client_id:
            raise _not_vouched()
        return claims

    async def _discovered(self) -> dict[str, Any]:
        if monotonic() > self._about_until:
            url = f"{self._issuer}/.well-known/openid-configuration"
            about = (await self._http.get(url)).raise_for_status().json()
            if str(about["issuer"]).rstrip("/") != self._issuer:
                raise ValueError("this is somebody else")
            self._about = {
                name: str(about[name])
                for name in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
            }
            self._about_until = monotonic() + _KEPT_S
        return self._about

    async def _key(self, name: str) -> jwt.PyJWK | None:
        age_s = monotonic() - self._keys_read_at
        if age_s > _KEPT_S or (name not in self._keys and age_s > _KEYS_AT_LEAST_S):
            about = await self._discovered()
            read = (await self._http.get(about["jwks_uri"])).raise_for_status().json()
            keys = jwt.PyJWKSet.from_dict(read).keys
            self._keys = {str(key.key_id): key for key in keys}
            self._keys_read_at = monotonic()
        return self._keys.get(name)


def _not_vouched() -> InvalidError:
    return InvalidError(
        "sign_in_refused", "The other service does not vouch for this. Start again."
    )
