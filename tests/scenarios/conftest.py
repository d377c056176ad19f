"""A server whose truth is known, and load tests against it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from capacity.run import EndpointStats, Run
from scenarios.live import Tick
from scenarios.runner import RunRequest, run
from tests.bench.reading import report_of
from tests.scenarios.one_run import HERE

Loaded = Callable[..., Run]

THINKING = """
class Person(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def page(self):
        self.client.get("/page")
"""
"""A locustfile of people who pause between pages."""


class Server:
    """The known server: where it is, and what it has seen."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.host = f"http://127.0.0.1:{port}"

    def report(self) -> dict[str, Any]:
        """Peers, arrivals and calls; see `known_server`."""
        return report_of(self.port)


@pytest.fixture
def server() -> Iterator[Server]:
    """A known server of this test's own."""
    script = Path(__file__).with_name("known_server.py")
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield Server(int(process.stdout.readline()))
        process.kill()


@pytest.fixture
def journeys(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a locustfile with the given text into a folder of its own."""

    def write(text: str) -> Path:
        folder = tmp_path / "theirs"
        folder.mkdir(exist_ok=True)
        path = folder / "my_journeys.py"
        path.write_text(f"from locust import FastHttpUser, HttpUser, constant, task\n{text}")
        return path

    return write


@pytest.fixture
def loaded(tmp_path: Path, server: Server, journeys: Callable[[str], Path]) -> Loaded:
    """Runs a load test of a locustfile's text against the known server."""

    def load(text: str, **options: Any) -> Run:
        ticks: list[Tick] = options.pop("ticks", [])
        probes, required = options.pop("probes", []), options.pop("required", ())
        asked = {"users": 4, "warmup_s": 0.0, "duration_s": 2.0, "host": server.host, **options}
        return run(
            RunRequest(journeys(text), where=HERE, **asked),
            probes=probes,
            required=required,
            runs_dir=tmp_path / "runs",
            on_second=ticks.append,
        )

    return load


def endpoint(run: Run, name: str, step: str = "measured") -> EndpointStats:
    """The statistics of the endpoint called `name`."""
    (found,) = (one for one in run.endpoints if one.endpoint == name and one.step == step)
    return found
