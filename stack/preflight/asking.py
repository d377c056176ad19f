"""Asks a deployment one question at a time, without following where it is sent."""

import http.client
import json
import ssl
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from urllib.parse import quote, urlsplit

from stack.outcome import UnableError

_PATIENCE_S = 10.0
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `headers` in lower case, those that come twice joined by a newline."""

    status: int
    headers: dict[str, str]
    body: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Server:
    """A server at an address. Certificates are verified."""

    url: str

    def ask(
        self,
        path: str,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: str | None = None,
    ) -> Reply:
        """The answer to one request. Raises `UnableError` when there is none."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(host, parts.port, timeout=_PATIENCE_S)
        else:
            connection = http.client.HTTPConnection(host, parts.port, timeout=_PATIENCE_S)
        began = perf_counter()
        try:
            connection.request(method, parts.path + path, body, headers or {})
            answer = connection.getresponse()
            text = answer.read(_MOST_BYTES).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            why = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else error
            raise UnableError(
                f"{self.url} does not answer: {why or type(error).__name__}"
            ) from error
        finally:
            connection.close()
        found: dict[str, str] = {}
        for name, value in answer.getheaders():
            key = name.lower()
            found[key] = f"{found[key]}\n{value}" if key in found else value
        return Reply(answer.status, found, text, perf_counter() - began)


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A Prometheus server's answers."""

    server: Server

    def value(self, expression: str) -> list[float]:
        """The values of an expression. Raises `UnableError`."""
        found = self._data(f"/api/v1/query?query={quote(expression)}")
        try:
            return [float(one["value"][1]) for one in found["result"]]
        except (KeyError, TypeError, ValueError) as error:
            raise UnableError(f"{self.server.url} answers no vector to {expression}") from error

    def alerts(self) -> set[str]:
        """The names of the alerts loaded. Raises `UnableError`."""
        found = self._data("/api/v1/rules?type=alert")
        try:
            return {rule["name"] for group in found["groups"] for rule in group["rules"]}
        except (KeyError, TypeError) as error:
            raise UnableError(f"{self.server.url} lists no rules") from error

    def _data(self, path: str) -> Any:
        reply = self.server.ask(path)
        try:
            return json.loads(reply.body)["data"]
        except (ValueError, KeyError, TypeError) as error:
            raise UnableError(f"{self.server.url} is no Prometheus: {reply.status}") from error
