"""What kind of failure a request met, in words short enough to count by."""

import errno
import socket
import ssl
from collections.abc import Iterator

LONGEST = 120
"""Kinds are for counting: a message that carries a whole page is cut."""
_DEEPEST = 8

_BY_NUMBER = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EPIPE: "connection reset",
    errno.ECONNABORTED: "connection reset",
    errno.ETIMEDOUT: "timeout",
    errno.EHOSTUNREACH: "host unreachable",
    errno.ENETUNREACH: "host unreachable",
    errno.EADDRNOTAVAIL: "no local address left",
    errno.EMFILE: "too many open files",
}
_BY_NAME = {
    "HTTPConnectionClosed": "connection closed",
    "RemoteDisconnected": "connection closed",
    "IncompleteRead": "connection closed",
    "HTTPParseError": "not http",
    "BadStatusLine": "not http",
    "RequestFailedError": "a request failed",
}


def kind_of(failure: BaseException, status: int) -> str:
    """The kind of `failure`, of a request whose answer had `status` (0 for none).

    A failure a journey called by its own words keeps them; then the status
    counts, then what happened to the connection, however deep a client buried it.
    """
    if type(failure).__name__ == "CatchResponseError":
        return _short(str(failure))
    if status >= 400:
        return f"http {status}"
    for cause in _causes(failure):
        known = _connection_trouble(cause)
        if known:
            return known
    return _short(f"{type(failure).__name__}: {failure}")


def _connection_trouble(cause: BaseException) -> str | None:
    name = type(cause).__name__
    if isinstance(cause, TimeoutError) or name.endswith("Timeout"):
        return "timeout"
    if isinstance(cause, socket.gaierror):
        return "name not resolved"
    if isinstance(cause, ssl.SSLError):
        return "tls error"
    if name in _BY_NAME:
        return _BY_NAME[name]
    if isinstance(cause, OSError) and cause.errno is not None:
        return _BY_NUMBER.get(cause.errno)
    return None


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """The failure and what it wraps: clients keep it as cause, reason or argument."""
    seen: list[BaseException] = []
    waiting = [failure]
    while waiting and len(seen) < _DEEPEST:
        current = waiting.pop(0)
        if current in seen:
            continue
        seen.append(current)
        yield current
        inside = [
            getattr(current, "original", None),
            getattr(current, "reason", None),
            *current.args,
            current.__cause__,
            current.__context__,
        ]
        waiting.extend(cause for cause in inside if isinstance(cause, BaseException))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
