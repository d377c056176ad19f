"""Checks of what a deployment answers. Few requests each, none that changes anything."""

import re
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from urllib.parse import urlsplit

from capacity import figures
from capacity.checklist.steps import Answer
from stack.outcome import Outcome, UnableError, judged, passed
from stack.preflight.asking import Server
from stack.preflight.env_file import EnvFile

_PATIENCE_S = 10.0
_LEAST_DAYS = 14
_HEALTH_SAMPLES = 20
_HEALTH_S = 0.1
_SIGN_INS = 12
"""Wrong passwords tried: more than an address may, few enough to disturb nobody."""
_STRANGER = "https://preflight.invalid"
_LIST = "/api/v1/jobs"


def answer(check: Answer, server: Server) -> Outcome:
    """Whether one request is answered as the step wants it."""
    reply = server.ask(check.path, check.method, check.sends, check.body)
    if reply.status not in check.status:
        return judged(False, f"{check.path} answers {reply.status}")
    if check.header is None:
        if check.pattern and not re.search(check.pattern, reply.body):
            return judged(False, f"{check.path} answers {reply.status}, not with what it should")
        return passed(f"{check.path} answers {reply.status}")
    value = reply.headers.get(check.header.lower(), "")
    if check.absent:
        tells = re.search(check.pattern or ".", value) is not None
        return judged(not tells, f"{check.header}: {value}" if value else f"no {check.header}")
    if not value:
        return judged(False, f"no {check.header}")
    return judged(
        re.search(check.pattern or ".", value, re.I) is not None, f"{check.header}: {value}"
    )


def certificate_valid(server: Server, _: EnvFile | None) -> Outcome:
    """Signed by one this machine trusts, and for this name."""
    try:
        _certificate(server)
    except ssl.SSLCertVerificationError as error:
        return judged(False, error.verify_message)
    return passed("trusted, and for this name")


def certificate_days(server: Server, _: EnvFile | None) -> Outcome:
    """Good for two weeks yet."""
    try:
        ends = _certificate(server)
    except ssl.SSLCertVerificationError as error:
        raise UnableError(f"the certificate is not trusted: {error.verify_message}") from error
    days = (ends - datetime.now(UTC)).days
    return judged(days >= _LEAST_DAYS, f"good for {figures.plural(days, 'day')}")


def _certificate(server: Server) -> datetime:
    """When it ends."""
    with _tls(server, ssl.create_default_context()) as line:
        told = line.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told["notAfter"])), UTC)


def _tls(server: Server, context: ssl.SSLContext) -> ssl.SSLSocket:
    parts = urlsplit(server.url)
    if parts.scheme != "https":
        raise UnableError(f"{server.url} is not https")
    host = parts.hostname or ""
    try:
        line = socket.create_connection((host, parts.port or 443), _PATIENCE_S)
    except OSError as error:
        raise UnableError(f"{server.url} does not answer: {error}") from error
    try:
        return context.wrap_socket(line, server_hostname=host)
    except ssl.SSLError:
        line.close()
        raise
    except OSError as error:
        line.close()
        raise UnableError(f"{server.url} does not speak TLS: {error}") from error


def modern_tls(server: Server, _: EnvFile | None) -> Outcome:
    """TLS 1.2 or later is what is agreed on."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with _tls(server, context) as line:
            agreed = line.version() or "nothing"
    except ssl.SSLError as error:
        return judged(False, str(error.reason))
    return judged(agreed in ("TLSv1.2", "TLSv1.3"), agreed)


def to_https(server: Server, _: EnvFile | None) -> Outcome:
    """Plain HTTP leads to HTTPS. Asked only of a deployment on the usual ports."""
    parts = urlsplit(server.url)
    if parts.scheme != "https" or parts.port not in (None, 443):
        raise UnableError(f"{server.url} is not https on its usual port")
    reply = Server(f"http://{parts.hostname}").ask("/")
    where = reply.headers.get("location", "")
    moved = reply.status in (301, 308) and where.startswith("https://")
    return judged(moved, f"{reply.status} {where}".strip())


def cookies(server: Server, _: EnvFile | None) -> Outcome:
    """Cookies, if there are any, are Secure, HttpOnly and SameSite."""
    found = [
        line
        for path in ("/", "/health", _LIST)
        for line in server.ask(path).headers.get("set-cookie", "").splitlines()
    ]
    careless = [
        line.partition("=")[0]
        for line in found
        if not all(word in line.lower() for word in ("secure", "httponly", "samesite="))
    ]
    return judged(
        not careless, f"careless: {', '.join(careless)}" if careless else f"{len(found)} set"
    )


def foreign_origin(server: Server, _: EnvFile | None) -> Outcome:
    """A page of a stranger may not call the API."""
    allowed = _allowed(server, _STRANGER)
    return judged(allowed not in (_STRANGER, "*"), f"allowed: {allowed or 'nobody'}")


def own_origin(server: Server, env: EnvFile | None) -> Outcome:
    """The pages named in CORS_ORIGINS may."""
    if env is None:
        raise UnableError("needs --env-file: the origins are in it")
    origins = [one.strip() for one in env.value("CORS_ORIGINS").split(",") if one.strip()]
    if not origins:
        raise UnableError("CORS_ORIGINS is empty")
    refused = [one for one in origins if _allowed(server, one) != one]
    return judged(not refused, f"refused: {', '.join(refused)}" if refused else "all are let in")


def _allowed(server: Server, origin: str) -> str:
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    reply = server.ask(_LIST, "OPTIONS", asked)
    return reply.headers.get("access-control-allow-origin", "")


def sign_in_limit(server: Server, _: EnvFile | None) -> Outcome:
    """Wrong passwords for an address that is nobody's end in 429."""
    body = '{"email": "preflight@example.com", "password": "not-a-password-of-anyone"}'
    for tried in range(1, _SIGN_INS + 1):
        reply = server.ask("/api/v1/auth/login", "POST", {"Content-Type": "application/json"}, body)
        if reply.status == 429:
            return passed(f"refused at the {tried}th wrong password")
        if reply.status != 401:
            return judged(False, f"signing in wrongly answers {reply.status}")
    return judged(False, f"{_SIGN_INS} wrong passwords are let through")


def quick_health(server: Server, _: EnvFile | None) -> Outcome:
    """Half of the health checks answer in time, the way there included."""
    times = []
    for _n in range(_HEALTH_SAMPLES):
        reply = server.ask("/health")
        if reply.status != 200:
            return judged(False, f"/health answers {reply.status}")
        times.append(reply.seconds)
    typical = median(times)
    return judged(typical <= _HEALTH_S, f"median of {len(times)}: {typical * 1000:.1f} ms")


def own_request_ids(server: Server, _: EnvFile | None) -> Outcome:
    """Two requests have two ids."""
    ids = [server.ask("/health").headers.get("x-request-id", "") for _n in range(2)]
    return judged(all(ids) and ids[0] != ids[1], "two ids" if all(ids) else "no X-Request-ID")


NAMED: dict[str, Callable[[Server, EnvFile | None], Outcome]] = {
    "certificate_valid": certificate_valid,
    "certificate_days": certificate_days,
    "modern_tls": modern_tls,
    "to_https": to_https,
    "cookies": cookies,
    "foreign_origin": foreign_origin,
    "own_origin": own_origin,
    "sign_in_limit": sign_in_limit,
    "quick_health": quick_health,
    "own_request_ids": own_request_ids,
}
