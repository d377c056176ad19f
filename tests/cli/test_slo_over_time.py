"""SLOs over time against a real server: a short stretch, a warning, a run stopped early."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.conftest import Said

Hmb = Callable[..., Said]

JOURNEYS = """
from locust import FastHttpUser, constant, task

class Caller(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def call(self):
        self.client.get("/PATH")
"""
SLOW_FROM_S, SLOW_S = 3.0, 3.0
"""When after the first call of /spell its slow time begins, and how long it lasts."""


class _Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    began: float | None = None

    def do_GET(self) -> None:
        service = type(self)
        if service.began is None:
            service.began = time.monotonic()
        since = time.monotonic() - service.began - SLOW_FROM_S
        if self.path == "/slow" or (self.path == "/spell" and 0 <= since < SLOW_S):
            time.sleep(0.3)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    handler = type("Service", (_Service,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def slo(name: str, *lines: str) -> str:
    given = ('metric = "latency"', 'statistic = "p50"', 'op = "<"', "limit = 200")
    return "\n".join(("[[slo]]", f'id = "{name}"', *given, *lines, ""))


def loaded(
    hmb: Hmb, folder: Path, service: str, path: str, slos: str, *words: str
) -> tuple[Said, Path]:
    (folder / "mine.py").write_text(JOURNEYS.replace("PATH", path))
    (folder / "slo.toml").write_text(slos)
    given = ("--host", service, "--slo", "slo.toml", "--users", "2", "--warmup", "0s")
    said = hmb(folder, "loadtest", "mine.py", *given, *words)
    (run,) = (folder / "runs").iterdir()
    return said, run


def test_three_slow_seconds_miss_a_window_of_two_and_not_one_of_ten(
    hmb: Hmb, service: str, tmp_path: Path
) -> None:
    slos = slo("ten", 'for = "10 s"') + slo("two", 'for = "2 s"', 'level = "warn"')
    said, _ = loaded(hmb, tmp_path, service, "spell", slos, "--duration", "12s", "--json")
    assert said.code == 0, said.out + said.err
    ten, two = json.loads(said.out)["verdicts"]
    assert (ten["outcome"], ten["level"]) == ("met", "fail")
    assert "past the limit for " in ten["reason"]  # it was past it, but not for as long
    assert (two["outcome"], two["level"]) == ("not_met", "warn")
    told = hmb(tmp_path, "report", "--format", "markdown")
    assert "! warning: not met" in told.out
    # the same record by a file in which two seconds decide
    (tmp_path / "strict.toml").write_text(slo("two", 'for = "2 s"'))
    strict = hmb(tmp_path, "report", "--format", "json", "--slo", "strict.toml")
    assert json.loads(strict.out)["exit_code"] == 3


def test_a_run_is_stopped_once_an_slo_stays_missed(hmb: Hmb, service: str, tmp_path: Path) -> None:
    began = time.monotonic()
    slos = slo("soon", 'abort_after = "3 s"')
    said, folder = loaded(hmb, tmp_path, service, "slow", slos, "--duration", "120s")
    assert said.code == 3, said.out + said.err
    assert time.monotonic() - began < 120
    record = json.loads((folder / "run.json").read_text())
    assert record["status"] == "stopped"
    assert record["stopped"]["target"] == "soon"
    assert "past its limit for 3 s" in record["stopped"]["reason"]
    (step,) = record["steps"]
    assert 3 <= step["end_s"] < 30
    assert record["what"]["duration_s"] == round(step["end_s"], 1)
    assert record["invalid"] == []
    assert "stopped at" in said.err
    assert "Stopped early" in (folder / "report.html").read_text()
