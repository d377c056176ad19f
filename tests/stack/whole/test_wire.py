"""What leaves nginx: headers once each, and logs that hold nothing of people's."""

import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from stack.drills.instances import family, held_still
from stack.state import Running

pytestmark = pytest.mark.stack

MARK = "Quassia7732"
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
KEPT = "public, max-age=5, stale-while-revalidate=10"


def ask(
    stack: Running,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    address: str = "127.0.0.1",
    tls: bool = False,
) -> HTTPResponse:
    connection = connect(stack, address, tls=tls)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def connect(stack: Running, address: str, *, tls: bool) -> HTTPConnection:
    """A connection to nginx, opened from `address` when it is first used."""
    parts = urlsplit(stack.base_url_tls if tls else stack.base_url)
    assert isinstance(parts.hostname, str)
    where: dict[str, Any] = {"timeout": 20, "source_address": (address, 0)}
    if tls:
        return HTTPSConnection(parts.hostname, parts.port, context=trusting(), **where)
    return HTTPConnection(parts.hostname, parts.port, **where)


def trusting() -> ssl.SSLContext:
    """Takes any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def check(answer: HTTPResponse, status: int, kept: str = "no-store") -> None:
    assert answer.status == status
    for name, value in (
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("Content-Security-Policy", API_POLICY),
        ("Cache-Control", kept),
        ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
    ):
        assert answer.headers.get_all(name) == [value], f"{status}: {name}"
    assert len(answer.headers.get_all("X-Request-ID", [])) == 1


def test_answers_of_the_app_keep_their_headers_and_get_none_twice(full_stack: Running) -> None:
    check(ask(full_stack, "GET", "/health"), 200)
    check(ask(full_stack, "GET", "/api/v1/jobs"), 200, kept=KEPT)
    check(ask(full_stack, "GET", "/api/v1/auth/me"), 401)
    check(ask(full_stack, "GET", "/no/such/page"), 404)
    check(ask(full_stack, "DELETE", "/api/v1/jobs"), 405)
    check(ask(full_stack, "OPTIONS", "/api/v1/jobs"), 405)
    check(ask(full_stack, "POST", "/api/v1/auth/login", b"{}"), 422)


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/api/v1/auth/login", 1_000_001, 413),
        ("/api/v1/auth/login", 1_048_576, 413),
        ("/api/v1/auth/login", 1_048_577, 413),
        ("/no/such/page", 1_000_000, 404),
        ("/api/v1/jobs/mine", 1_000_000, 405),
    ],
)
def test_a_large_body_is_answered_by_the_app_and_puts_no_pod_out(
    full_stack: Running, path: str, size: int, status: int
) -> None:
    # Three failures in a row would put a pod out for half a minute.
    for _ in range(12):
        answer = ask(full_stack, "POST", path, b"x" * size, address="127.0.0.78")
        assert answer.status == status
    assert {ask(full_stack, "GET", "/health").headers["X-Pod"] for _ in range(9)} == {
        "backend-1",
        "backend-2",
        "backend-3",
    }


def test_answers_of_nginx_itself_have_them_too(full_stack: Running) -> None:
    check(ask(full_stack, "GET", "/metrics"), 404)
    check(ask(full_stack, "POST", "/", headers={"content-length": "60000000"}), 413)
    check(_refused(full_stack, "/no-such", address="127.0.0.79"), 429)
    check(_unspoken(full_stack), 400)


def test_over_tls_every_answer_asks_for_tls(full_stack: Running) -> None:
    large = {"content-length": "60000000"}
    answers = [
        ask(full_stack, "GET", "/health", tls=True),
        ask(full_stack, "GET", "/", tls=True),
        ask(full_stack, "GET", "/metrics", tls=True),
        ask(full_stack, "GET", "/assets/none.js", tls=True),
        ask(full_stack, "POST", "/", headers=large, tls=True),
        _refused_over_tls(full_stack, "127.0.0.81"),
    ]
    for answer in answers:
        (said,) = answer.headers.get_all("Strict-Transport-Security", [])
        assert said.startswith("max-age="), answer.status
        for name in ("X-Content-Type-Options", "Permissions-Policy", "Content-Security-Policy"):
            assert len(answer.headers.get_all(name, [])) == 1, f"{answer.status}: {name}"
    assert [answer.status for answer in answers[2:]] == [404, 404, 413, 429]


def test_of_pods_that_are_silent_the_status_says_what_the_body_says(full_stack: Running) -> None:
    pods = [one for one in full_stack.services.values() if one.kind == "gunicorn"]
    with held_still([pid for pod in pods for pid in family(pod)]):
        check(ask(full_stack, "GET", "/health"), 502)


def test_the_page_that_describes_the_api_keeps_its_own_policy(full_stack: Running) -> None:
    answer = ask(full_stack, "GET", "/api/v1/docs")
    assert answer.status == 200
    (policy,) = answer.headers.get_all("Content-Security-Policy", [])
    assert "script-src https://cdn.jsdelivr.net 'sha256-" in policy
    assert "frame-ancestors 'none'" in policy


def test_what_is_long_is_packed_for_who_can_unpack_it(full_stack: Running) -> None:
    path = "/api/v1/openapi.json"
    packed = ask(full_stack, "GET", path, headers={"accept-encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert ask(full_stack, "GET", path).headers["Content-Encoding"] is None


def test_over_tls_http_2_is_agreed_on(full_stack: Running) -> None:
    assert full_stack.base_url_tls is not None
    parts = urlsplit(full_stack.base_url_tls)
    context = trusting()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection((str(parts.hostname), parts.port or 443), timeout=20) as plain,
        context.wrap_socket(plain) as wrapped,
    ):
        assert wrapped.selected_alpn_protocol() == "h2"
        assert wrapped.version() in {"TLSv1.2", "TLSv1.3"}


def test_no_log_of_nginx_holds_what_anyone_sent(full_stack: Running) -> None:
    query = f"?q={MARK}&code={MARK}"
    secret = {"authorization": f"Bearer {MARK}", "cookie": MARK, "referer": f"http://x/{query}"}
    for method, path, body in (
        ("GET", f"/api/v1/jobs{query}", b""),
        ("GET", f"/ws{query}", b""),
        ("POST", f"/api/v1/auth/login{query}", f'{{"email": "{MARK}@example.com"}}'.encode()),
    ):
        ask(full_stack, method, path, body, secret)
    ask(full_stack, "POST", f"/x{query}", headers={"content-length": "60000000"} | secret)
    last = _refused(full_stack, f"/no-such{query}", headers=secret, address="127.0.0.80")
    wanted = str(last.headers["X-Request-ID"])
    for _ in range(100):
        if any(wanted in text for text in _logs(full_stack)):
            break
        time.sleep(0.1)
    else:
        pytest.fail("the last request was not logged")
    assert not any(MARK in text for text in _logs(full_stack))


def _logs(stack: Running) -> Iterator[str]:
    """Everything the stack's servers wrote, nginx and the pods."""
    for path in (stack.home / ".hmb").rglob("*.log"):
        if any(part in str(path) for part in ("nginx", "backend")):
            yield path.read_text("utf-8", "replace")


def _refused(stack: Running, path: str, **more: Any) -> HTTPResponse:
    """The first answer of a crowd at one address that is a refusal."""
    with ThreadPoolExecutor(20) as crowd:
        for _ in range(30):
            answers = list(crowd.map(lambda _: ask(stack, "GET", path, **more), range(200)))
            refused = [answer for answer in answers if answer.status == 429]
            if refused:
                return refused[0]
    pytest.fail("6,000 requests from one address, and none was refused")


def _refused_over_tls(stack: Running, address: str) -> HTTPResponse:
    """The first refusal on one connection: a handshake each would be too slow to be refused."""
    with closing(connect(stack, address, tls=True)) as connection:
        for _ in range(6_000):
            connection.request("GET", "/assets/none.js")
            answer = connection.getresponse()
            answer.read()
            if answer.status == 429:
                return answer
    pytest.fail("6,000 requests from one address, and none was refused")


def _unspoken(stack: Running) -> HTTPResponse:
    """The answer to what is no request."""
    parts = urlsplit(stack.base_url)
    assert parts.hostname is not None
    assert parts.port is not None
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n")
        answer = HTTPResponse(connection)
        answer.begin()
        return answer
