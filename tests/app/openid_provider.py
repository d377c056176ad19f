"""A small OpenID provider over real HTTP: discovery, sign-in page, tokens, keys.

It holds its clients to the standard: the redirect address, the secret, the
code (once) and PKCE. Tests say who is at the browser and what it gets wrong.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID = "board-client"
CLIENT_SECRET = "board-secret"
REDIRECT = "https://front.test/sign-in/google"


def ana(**given: Any) -> dict[str, Any]:
    """Somebody with an account there."""
    return {
        "sub": "1001",
        "email": "Ana.Rolle@Example.com",
        "email_verified": True,
        "name": "Ana Rolle",
        **given,
    }


class Key:
    """A key that signs tokens."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.private = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)

    def shown(self) -> dict[str, Any]:
        """The public half, as the provider shows it."""
        algorithm = jwt.algorithms.RSAAlgorithm
        public = json.loads(algorithm.to_jwk(self.private.public_key()))
        return {**public, "kid": self.name, "use": "sig", "alg": "RS256"}


@dataclass
class OpenIdProvider:
    """What it knows and does; change it while it runs."""

    person: dict[str, Any] = field(default_factory=ana)
    key: Key = field(default_factory=lambda: Key("first"))
    claims: dict[str, Any] = field(default_factory=dict)
    """Put over those of every token; None leaves one out."""
    sign: Callable[[dict[str, Any]], str] | None = None
    speaks: threading.Event = field(default_factory=threading.Event)
    """While it is not set, there is no answer."""
    broken: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Answers by path, instead of the right ones."""
    asked: list[str] = field(default_factory=list)
    issuer: str = ""
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def settings(self, **given: Any) -> dict[str, Any]:
        """What lets the app sign people in here."""
        return {
            "google_client_id": CLIENT_ID,
            "google_client_secret": CLIENT_SECRET,
            "google_issuer_url": self.issuer,
            "frontend_url": "https://front.test",
            **given,
        }

    def answer(self, path: str, query: dict[str, str], form: dict[str, str]) -> tuple[int, Any]:
        """Status and body; a body that is text is where to go instead."""
        self.asked.append(path)
        self.speaks.wait(60)
        if path in self.broken:
            return self.broken[path]
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        if path == "/keys":
            return 200, {"keys": [self.key.shown()]}
        if path == "/authorize":
            return self._authorize(query)
        return self._token(form) if path == "/token" else (404, {})

    def _authorize(self, asked: dict[str, str]) -> tuple[int, Any]:
        expected = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": REDIRECT,
            "code_challenge_method": "S256",
        }
        wrong = any(asked.get(name) != value for name, value in expected.items())
        if wrong or "openid" not in asked["scope"].split():
            return 400, {"error": "invalid_request"}
        code = secrets.token_urlsafe()
        self._codes[code] = asked
        return 302, f"{REDIRECT}?{urlencode({'code': code, 'state': asked['state']})}"

    def _token(self, form: dict[str, str]) -> tuple[int, Any]:
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        asked = self._codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        spelled = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        if (
            asked is None
            or spelled != asked["code_challenge"]
            or form.get("redirect_uri") != REDIRECT
            or form.get("grant_type") != "authorization_code"
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.person,
            **self.claims,
        }
        made = {name: value for name, value in claims.items() if value is not None}
        sign = self.sign or self._signed
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": sign(made)}

    def _signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode(
            claims, self.key.private, algorithm="RS256", headers={"kid": self.key.name}
        )


@contextmanager
def openid_provider() -> Iterator[OpenIdProvider]:
    """A running provider."""
    provider = OpenIdProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._reply(_flat(body))

        def _reply(self, form: dict[str, str]) -> None:
            parts = urlsplit(self.path)
            status, body = provider.answer(parts.path, _flat(parts.query), form)
            text = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("location", body)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        provider.speaks.set()
        try:
            yield provider
        finally:
            provider.speaks.set()
            server.shutdown()
            thread.join()


def _flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
