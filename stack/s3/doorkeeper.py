"""What a real store refuses and moto does not.

- a signed address that is too old, or is used with another method, key, content
  type or length than it was signed for (AWS Signature Version 4, query form:
  docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html);
- whoever brings neither such an address nor our key;
- a copy of an object that is not the one meant any more.

Of the header form only the name of the key is looked at: those are the app's own calls.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote

Start = Callable[..., Any]
Environ = dict[str, Any]
Wsgi = Callable[[Environ, Start], Iterable[bytes]]

HEALTH = "/_local/health"

ALGORITHM = "AWS4-HMAC-SHA256"
_DATE = "%Y%m%dT%H%M%SZ"
_SIGNATURE = "X-Amz-Signature"


class Doorkeeper:
    """Lets through to `store` what a real one would; `etag` tells that of an object by path."""

    def __init__(
        self, store: Wsgi, key_id: str, secret: str, etag: Callable[[str], str | None]
    ) -> None:
        self._store = store
        self._key_id = key_id
        self._secret = secret
        self._etag = etag

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Answer one request."""
        if environ["PATH_INFO"] == HEALTH:
            start("200 OK", [("content-type", "text/plain"), ("content-length", "2")])
            return [b"ok"]
        if environ["REQUEST_METHOD"] != "OPTIONS":
            if not self._is_allowed(environ):
                return _refuse(start, "403 Forbidden", "SignatureDoesNotMatch")
            wanted = environ.get("HTTP_X_AMZ_COPY_SOURCE_IF_MATCH")
            if wanted is not None and wanted != self._etag(_source(environ)):
                return _refuse(start, "412 Precondition Failed", "PreconditionFailed")
        return self._store(environ, start)

    def _is_allowed(self, environ: Environ) -> bool:
        pairs = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        given = dict(pairs)
        if _SIGNATURE not in given:
            begin = f"{ALGORITHM} Credential={self._key_id}/"
            return str(environ.get("HTTP_AUTHORIZATION", "")).startswith(begin)
        try:
            made = datetime.strptime(given["X-Amz-Date"], _DATE).replace(tzinfo=UTC)
            until = made + timedelta(seconds=int(given["X-Amz-Expires"]))
            right = self._signature(environ, pairs, given)
        except (KeyError, ValueError):
            return False
        return datetime.now(UTC) < until and hmac.compare_digest(right, given[_SIGNATURE])

    def _signature(
        self, environ: Environ, pairs: list[tuple[str, str]], given: dict[str, str]
    ) -> str:
        _, day, region, service, ending = given["X-Amz-Credential"].split("/")
        signed = given["X-Amz-SignedHeaders"]
        query = sorted(
            (quote(name, safe="~"), quote(value, safe="~"))
            for name, value in pairs
            if name != _SIGNATURE
        )
        request = [
            environ["REQUEST_METHOD"],
            quote(environ["PATH_INFO"], safe="/~"),
            "&".join(f"{name}={value}" for name, value in query),
            *(f"{name}:{_header(environ, name)}" for name in signed.split(";")),
            "",
            signed,
            "UNSIGNED-PAYLOAD",
        ]
        scope = f"{day}/{region}/{service}/{ending}"
        text = "\n".join(
            [
                ALGORITHM,
                given["X-Amz-Date"],
                scope,
                hashlib.sha256("\n".join(request).encode()).hexdigest(),
            ]
        )
        key = f"AWS4{self._secret}".encode()
        for part in (day, region, service, ending):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()


def _header(environ: Environ, name: str) -> str:
    key = name.upper().replace("-", "_")
    return str(environ.get(f"HTTP_{key}", environ.get(key, ""))).strip()


def _source(environ: Environ) -> str:
    return "/" + str(environ.get("HTTP_X_AMZ_COPY_SOURCE", "")).lstrip("/")


def _refuse(start: Start, status: str, code: str) -> Iterable[bytes]:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode()
    # The body of the request was not read: the connection serves no other.
    start(
        status,
        [
            ("content-type", "application/xml"),
            ("content-length", str(len(body))),
            ("connection", "close"),
        ],
    )
    return [body]
