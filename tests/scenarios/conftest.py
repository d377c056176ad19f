"""A server whose truth is known, and load tests against it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from capacity.run import EndpointStats, Run
from scenarios.live import Tick
from tests.scenarios.known import Server, drive, known_server

Loaded = Callable[..., Run]

THINKING = """
class Person(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def page(self):
        self.client.get("/page")
"""
"""A locustfile of people who pause between pages."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A known server of this test's own."""
    with known_server() as found:
        yield found


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
        asked = {"users": 4, "warmup_s": 0.0, "duration_s": 2.0, **options}
        return drive(server, journeys(text), tmp_path / "runs", on_second=ticks.append, **asked)

    return load


def endpoint(run: Run, name: str, step: str = "measured") -> EndpointStats:
    """The statistics of the endpoint called `name`."""
    (found,) = (one for one in run.endpoints if one.endpoint == name and one.step == step)
    return found
