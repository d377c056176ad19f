"""The uptime probe: it says what a visitor would get, through nginx."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stack.uptime.server import answers, make


@pytest.fixture
def site() -> Iterator[tuple[str, list[int]]]:
    """A site, and the status it answers with, which may be changed."""
    status = [200]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status[0] if self.path == "/health" else 404)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/health", status
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def asked(url: str, path: str = "/metrics") -> tuple[str, dict[str, float]]:
    told: list[str] = []
    body = b"".join(make(url)({"PATH_INFO": path}, lambda status, _: told.append(status)))
    lines = [line.split() for line in body.decode().splitlines() if not line.startswith("#")]
    return told[0], {line[0]: float(line[1]) for line in lines if len(line) == 2}


def test_each_look_is_a_request_and_only_200_is_success(site: tuple[str, list[int]]) -> None:
    url, status = site
    for answer, success in ((200, 1), (503, 0), (301, 0), (200, 1)):
        status[0] = answer
        said, values = asked(url)
        assert said == "200 OK"
        assert values["probe_success"] == success
        assert values["probe_duration_seconds"] >= 0


def test_a_site_that_is_gone_or_silent_is_down() -> None:
    assert not answers("http://127.0.0.1:1/health")
    assert asked("http://127.0.0.1:1/health")[1]["probe_success"] == 0
    # Takes the connection, and never says a word.
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as silent:
        assert not answers(f"http://127.0.0.1:{silent.server_address[1]}/health", patience_s=0.2)


def test_its_own_health_is_not_the_site_s() -> None:
    assert asked("http://127.0.0.1:1/health", "/_local/health")[0] == "200 OK"
    assert asked("http://127.0.0.1:1/health", "/elsewhere")[0] == "404 Not Found"
