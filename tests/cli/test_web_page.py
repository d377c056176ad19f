"""`--web`: Locust's own page, while the load lasts, to look at only."""

import re
import time
from collections.abc import Callable
from contextlib import closing, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.cli.conftest import Going

JOURNEYS = """
from locust import FastHttpUser, constant, task

class Caller(FastHttpUser):
    wait_time = constant(0.2)

    @task
    def call(self):
        self.client.get("/seen-on-the-page")
"""


class _Service(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


def test_the_page_shows_the_load_changes_nothing_and_ends_with_it(
    begin: Callable[..., Going], tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(JOURNEYS)
    service = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    Thread(target=service.serve_forever, daemon=True).start()
    words = ("--host", f"http://127.0.0.1:{service.server_port}", "--users", "1", "--warmup", "0s")
    going = begin(tmp_path, "loadtest", "mine.py", *words, "--duration", "6s", "--web")
    going.wait_for("Locust's page")
    found = re.search(
        r"page, until the load ends: http://127\.0\.0\.1:(\d+)", going.log.read_text()
    )
    assert found is not None
    port = int(found[1])
    assert "seen-on-the-page" in until_it_says(port, "/stats/requests", "seen-on-the-page")
    assert until_it_says(port, "/", "locust")
    assert asked(port, "POST", "/stop")[0] == 403
    going.wait_for("report: ")
    assert going.process.wait(timeout=60) in (0, 3, 5, 6)
    with pytest.raises(ConnectionRefusedError):
        asked(port, "GET", "/")
    service.shutdown()
    service.server_close()


def asked(port: int, method: str, path: str) -> tuple[int, str]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def until_it_says(port: int, path: str, text: str) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(OSError):
            said = asked(port, "GET", path)[1]
            if text in said.lower():
                return said
        time.sleep(0.1)
    raise AssertionError(f"{path} never said {text}")
