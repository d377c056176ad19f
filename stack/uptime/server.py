"""The probe, run by Gunicorn: `/metrics` asks for the page and tells what came of it."""

import http.client
import os
import time
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

_PATIENCE_S = 4.0
"""Below what Prometheus waits for us."""
_TEXT = """\
# HELP probe_success Whether the page was answered with 200.
# TYPE probe_success gauge
probe_success {success}
# HELP probe_duration_seconds How long that took.
# TYPE probe_duration_seconds gauge
probe_duration_seconds {seconds:.6f}
"""

StartResponse = Callable[[str, list[tuple[str, str]]], object]


def answers(url: str, patience_s: float = _PATIENCE_S) -> bool:
    """Whether a GET of `url`, plain HTTP, is answered with 200; over a connection of its own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=patience_s)
    try:
        connection.request("GET", parts.path or "/", headers={"user-agent": "hmb uptime"})
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return response.status == 200


def make(url: str) -> Callable[[dict[str, str], StartResponse], Iterable[bytes]]:
    """The WSGI app that asks for `url`."""

    def serve(environ: dict[str, str], start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/_local/health":
            return _said(start_response, "ok\n")
        if environ["PATH_INFO"] != "/metrics":
            start_response("404 Not Found", [("content-length", "0")])
            return []
        began = time.monotonic()
        success = answers(url)
        seconds = time.monotonic() - began
        return _said(start_response, _TEXT.format(success=int(success), seconds=seconds))

    return serve


def _said(start_response: StartResponse, text: str) -> Iterable[bytes]:
    body = text.encode()
    start_response(
        "200 OK",
        [("content-type", "text/plain; version=0.0.4"), ("content-length", str(len(body)))],
    )
    return [body]


app = make(os.environ.get("UPTIME_URL", ""))
