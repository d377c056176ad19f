"""A load beside which something happens on purpose, and writes that can be found again."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from capacity.errors import HmbError
from capacity.run import Event, Run, Status
from capacity.spool import fold
from capacity.store import read_run
from scenarios.runner import RunRequest, run
from tests.scenarios.conftest import endpoint
from tests.scenarios.known import Server
from tests.scenarios.one_run import HERE

WRITING = """
class Person(FastHttpUser):
    wait_time = constant(0.05)
    number = 0
    def write(self, path, word):
        Person.number += 1
        self.client.post(path, name=path, context={"key": f"{word}{Person.number}"})
    @task
    def kept(self):
        self.write("/page", "kept")
    @task
    def refused(self):
        self.write("/status/503", "refused")
    @task
    def unanswered(self):
        self.write("/drop", "unanswered")
    @task
    def unasked(self):
        self.client.get("/page")
"""
STUCK = """
class Person(FastHttpUser):
    @task
    def hang(self):
        self.client.post("/hang", context={"key": f"stuck{id(self)}"})
"""


class Quiet:
    """Breaks nothing: says so at one second, and has seen enough at another."""

    name = "quiet"

    def __init__(self, enough_s: float = 1.0, error: Exception | None = None) -> None:
        self.epoch = 0.0
        self.ended = threading.Event()
        self.left = False
        self._enough_s = enough_s
        self._error = error

    def begin(self, epoch: float) -> None:
        self.epoch = epoch

    @property
    def error(self) -> Exception | None:
        return self._error if self.epoch else None

    @property
    def enough(self) -> bool:
        return time.time() > self.epoch + self._enough_s

    @property
    def events(self) -> list[Event]:
        return [Event(at_s=0.5, kind="break", text="nothing")]

    def end(self) -> None:
        self.ended.set()

    def abandon(self) -> None:
        self.left = True


@pytest.fixture
def disturbed(
    tmp_path: Path, server: Server, journeys: Callable[[str], Path]
) -> Callable[[str, Quiet], Run]:
    """Runs a locustfile's text for at most a minute, beside something."""

    def load(text: str, beside: Quiet) -> Run:
        request = RunRequest(journeys(text), server.host, HERE, users=4, warmup_s=0, duration_s=60)
        return run(
            request,
            probes=[],
            runs_dir=tmp_path / "runs",
            on_second=lambda _tick: None,
            disturbance=beside,
        )

    return load


def test_the_load_ends_in_order_when_it_has_shown_enough(
    disturbed: Callable[[str, Quiet], Run], server: Server, tmp_path: Path
) -> None:
    beside = Quiet(enough_s=2.0)
    record = disturbed(WRITING, beside)
    assert beside.ended.is_set()
    assert not beside.left
    assert record.status is Status.COMPLETE
    assert 1.9 < record.what.duration_s < 30
    assert record.what.duration_s == pytest.approx(record.steps[-1].end_s, abs=0.1)
    assert record.invalid == []
    # nothing was cut off: what the server saw is what was counted
    assert not any("unfinished" in one.errors for one in record.endpoints)
    assert record.drill is not None
    assert record.drill.name == "quiet"
    assert record.drill.events == beside.events
    (folder,) = (tmp_path / "runs").iterdir()
    assert read_run(folder) == record


def test_each_write_with_a_key_is_in_the_ledger_with_its_answer(
    disturbed: Callable[[str, Quiet], Run], tmp_path: Path
) -> None:
    record = disturbed(WRITING, Quiet(enough_s=2.0))
    (folder,) = (tmp_path / "runs").iterdir()
    written = fold((folder / "load.jsonl").read_text().splitlines()).written
    assert len({one.key for one in written}) == len(written)
    words = {"kept": (200, "/page"), "refused": (503, "/status/503"), "unanswered": (0, "/drop")}
    for word, (status, path) in words.items():
        mine = [one for one in written if one.key.startswith(word)]
        assert {one.status for one in mine} == {status}
        assert all(one.acknowledged is (word == "kept") for one in mine)
        # those the end of the load cut are there too, though not counted
        posts = [one for one in record.endpoints if (one.method, one.endpoint) == ("POST", path)]
        assert 0 < sum(one.requests for one in posts) <= len(mine)
    assert record.drill is not None
    assert {(one.sort, one.kind) for one in record.drill.trouble} == {
        ("write", "http 503"),
        ("write", "connection closed"),
    }
    failed = sum(one.count for one in record.drill.trouble)
    assert failed == sum(one.failures for one in record.endpoints)


def test_a_write_whose_answer_was_not_waited_for_is_uncertain(
    disturbed: Callable[[str, Quiet], Run], tmp_path: Path
) -> None:
    record = disturbed(STUCK, Quiet())
    assert endpoint(record, "/hang").errors == {"unfinished": 4}
    (folder,) = (tmp_path / "runs").iterdir()
    written = fold((folder / "load.jsonl").read_text().splitlines()).written
    assert [one.status for one in written] == [0] * 4


def test_what_goes_wrong_beside_the_load_ends_it(
    disturbed: Callable[[str, Quiet], Run], tmp_path: Path
) -> None:
    beside = Quiet(enough_s=60, error=HmbError("nothing to break"))
    with pytest.raises(HmbError, match="nothing to break"):
        disturbed(WRITING, beside)
    assert beside.left
    (folder,) = (tmp_path / "runs").iterdir()
    assert read_run(folder).status is Status.INTERRUPTED
