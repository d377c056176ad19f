"""A system that is not ours: any HTTP service, an ordinary locustfile, the same verdicts."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.conftest import Said

Hmb = Callable[..., Said]

JOURNEYS = """
from locust import HttpUser, constant, task

class Caller(HttpUser):
    wait_time = constant(0.05)

    @task
    def good(self):
        self.client.get("/good")
"""
SLO = """
[[slo]]
id = "good-p50"
metric = "latency"
statistic = "p50"
endpoint = "GET /good"
op = "<"
limit = {limit}
"""
QUICK = ("--users", "4", "--warmup", "1s", "--duration", "3s")


class _Service(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("limit", "code"), [(5_000, 0), (0.001, 3)])
def test_judged_by_an_slo_file(
    hmb: Hmb, service: str, tmp_path: Path, limit: float, code: int
) -> None:
    (tmp_path / "mine.py").write_text(JOURNEYS)
    (tmp_path / "slo.toml").write_text(SLO.format(limit=limit))
    said = hmb(tmp_path, "loadtest", "mine.py", "--host", service, "--slo", "slo.toml", *QUICK)
    assert said.code == code, said.err
    assert "good-p50" in said.out
    assert "latency-p95" not in said.out
    # told again without naming the file: still by the targets it ran with
    told = json.loads(hmb(tmp_path, "report", "--format", "json").out)
    assert [one["id"] for one in told["verdicts"]] == ["good-p50"]
    page = next(tmp_path.glob("runs/*/report.html")).read_text()
    assert "a system hmb does not run" in page


def test_without_an_slo_file_only_latency_and_errors_are_asked(
    hmb: Hmb, service: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(JOURNEYS)
    said = hmb(tmp_path, "loadtest", "mine.py", "--host", service, *QUICK, "--json")
    assert said.code in (0, 3, 5), said.err
    told = json.loads(said.out)
    assert {one["id"] for one in told["verdicts"]} == {
        "latency-p50",
        "latency-p95",
        "latency-p99",
        "error-rate",
    }
