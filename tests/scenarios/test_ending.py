"""Load tests that are ended from outside, or run out of disk."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from capacity.run import Phase, Status
from capacity.store import read_run, read_timeline
from tests.scenarios.known import Server

THINKING = """
class Person(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def page(self):
        self.client.get("/page")
"""
STUCK = """
class Person(FastHttpUser):
    @task
    def hang(self):
        self.client.get("/hang")
"""


@contextmanager
def a_run(
    locustfile: Path, host: str, runs: Path, *limits: str, duration: str = "60"
) -> Iterator[subprocess.Popen[str]]:
    """A load test in a process of its own, ended for good when the test is over."""
    command = [sys.executable, "-m", "tests.scenarios.one_run", str(locustfile), host, str(runs)]
    with subprocess.Popen(
        [*command, "3", "1", duration, *limits], stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_beats(runs: Path, count: int) -> Path:
    """The run's folder, once its generator has lived `count` seconds."""
    patience = time.monotonic() + 120
    while time.monotonic() < patience:
        for spool in runs.glob("*/load.jsonl"):
            if spool.read_text().count('"beat"') >= count:
                return spool.parent
        time.sleep(0.05)
    raise AssertionError("the load did not begin")


def children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def test_ctrl_c_keeps_what_was_measured(
    server: Server, journeys: Callable[[str], Path], tmp_path: Path
) -> None:
    with a_run(journeys(THINKING), server.host, tmp_path / "runs") as process:
        folder = wait_for_beats(tmp_path / "runs", 3)
        generators = children(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 130
    assert generators
    assert not any(generator.is_running() for generator in generators)
    record = read_run(folder)
    assert record.status is Status.INTERRUPTED
    assert [step.phase for step in record.steps] == [Phase.WARMUP, Phase.MEASURED]
    assert 3 <= record.steps[-1].end_s < 60
    counted = sum(one.requests for one in record.endpoints)
    assert counted == len(server.report()["arrivals"])


def test_ctrl_c_does_not_wait_for_answers_that_never_come(
    server: Server, journeys: Callable[[str], Path], tmp_path: Path
) -> None:
    with a_run(journeys(STUCK), server.host, tmp_path / "runs") as process:
        wait_for_beats(tmp_path / "runs", 1)
        generators = children(process)
        process.send_signal(signal.SIGINT)
        # users in flight are given minutes at the end of a run, and none of them here
        assert process.wait(120) == 130
    assert not any(generator.is_running() for generator in generators)


def test_ctrl_c_before_the_load_leaves_nothing(
    server: Server, journeys: Callable[[str], Path], tmp_path: Path
) -> None:
    slow = journeys("import time\ntime.sleep(300)\n" + THINKING)
    with a_run(slow, server.host, tmp_path / "runs") as process:
        patience = time.monotonic() + 120
        while not list(tmp_path.glob("runs/*/load.jsonl")) and time.monotonic() < patience:
            time.sleep(0.05)
        generators = children(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 130
    assert not any(generator.is_running() for generator in generators)
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_killed_run_leaves_a_record_that_opens(
    server: Server, journeys: Callable[[str], Path], tmp_path: Path
) -> None:
    with a_run(journeys(THINKING), server.host, tmp_path / "runs") as process:
        folder = wait_for_beats(tmp_path / "runs", 3)
        generators = children(process)
        process.kill()
        process.wait(120)
        _, alive = psutil.wait_procs(generators, timeout=120)
    assert generators
    assert alive == []
    assert json.loads((folder / "run.json").read_text())["status"] == "running"
    record = read_run(folder)
    assert record.status is Status.RUNNING
    assert [step.name for step in record.steps] == ["warmup", "measured"]
    assert record.steps[-1].end_s >= 2.9
    assert sum(one.requests for one in record.endpoints) > 50
    assert len(read_timeline(folder)) >= 2


@pytest.mark.parametrize("room", ["20", "2500"], ids=["before the load", "during the load"])
def test_a_full_disk_is_one_clear_line(
    server: Server, journeys: Callable[[str], Path], tmp_path: Path, room: str
) -> None:
    runs = tmp_path / "runs"
    with a_run(journeys(THINKING), server.host, runs, room) as process:
        assert process.stderr is not None
        assert process.wait(120) == 1
        message = process.stderr.read()
    assert message.count("\n") == 1
    assert "cannot write" in message
    assert os.strerror(27) in message  # the limit stands in for a full disk
    # nothing half written: a record is whole or absent
    for record in runs.glob("*/run.json"):
        assert read_run(record).status in (Status.RUNNING, Status.INTERRUPTED)
    assert bool(list(runs.iterdir())) == (room == "2500")
    assert not list(runs.glob("*/.run.json*"))
