"""Several requests timed as one by their locustfile: a journey, beside the requests."""

from pathlib import Path

import pytest

from capacity.histogram import Histogram
from capacity.slo import read_slo
from capacity.store import read_timeline
from capacity.verdicts import Outcome, judge
from scenarios import runner
from scenarios.arrivals.constant import Constant
from tests.scenarios.conftest import Loaded, endpoint
from tests.scenarios.known_server import SLOW_S

JOURNEYS = """
class Person(FastHttpUser):
    wait_time = constant(0.02)
    def journey(self, name):
        return self.environment.events.request.measure("JOURNEY", name)
    @task
    def go(self):
        with self.journey("with an error"):
            self.client.get("/status/500")
            self.client.get("/page")
        with self.journey("with a refusal"):
            self.client.get("/status/429")
        with self.journey("after an error"):
            self.client.get("/page")
        with self.journey("wrong") as told:
            self.client.get("/page")
            told["exception"] = AssertionError("an empty cart")
        with self.journey("raised"):
            raise ValueError("no token")
        with self.journey("two slow"):
            self.client.get("/slow")
            self.client.get("/slow")
"""


def test_a_journey_is_as_long_as_its_requests_and_fails_with_them(loaded: Loaded) -> None:
    run = loaded(JOURNEYS, users=3, duration_s=2.0)
    journeys = {one.endpoint: one for one in run.endpoints if one.method == "JOURNEY"}
    assert {name: set(one.errors) for name, one in journeys.items()} == {
        "two slow": set(),
        "with an error": {"a request failed"},
        "with a refusal": {"a request failed"},
        "after an error": set(),
        "wrong": {"AssertionError: an empty cart"},
        "raised": {"ValueError: no token"},
    }
    slow = Histogram.decode(journeys["two slow"].raw)
    assert slow.count == journeys["two slow"].requests > 0
    assert min(time for time, _ in slow.counts()) >= 2e6 * SLOW_S * 0.99
    requests = sum(one.requests for one in run.endpoints if one.method != "JOURNEY")
    assert run.steps[-1].arrivals.achieved == requests


def test_a_journey_the_end_cuts_off_is_not_counted(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_FOREIGN_FINISH_S", 1.0)
    run = loaded(
        """
class Person(FastHttpUser):
    @task
    def go(self):
        with self.environment.events.request.measure("JOURNEY", "stuck"):
            self.client.get("/page")
            self.client.get("/hang")
""",
        duration_s=1.0,
    )
    assert {one.endpoint for one in run.endpoints} == {"/page", "/hang"}


def test_an_arrival_that_waited_makes_its_journey_late_by_as_much(
    loaded: Loaded, tmp_path: Path
) -> None:
    run = loaded(
        """
import time

class Person(FastHttpUser):
    stalled = False
    @task
    def go(self):
        with self.environment.events.request.measure("JOURNEY", "page"):
            self.client.get("/page")
        with self.environment.events.request.measure("JOURNEY", "second"):
            self.client.get("/other")
        if not Person.stalled:
            Person.stalled = True
            began = time.perf_counter()
            while time.perf_counter() < began + 0.5:
                pass
""",
        users=100,
        load=Constant(rate=100, spacing="even"),
        duration_s=2,
    )
    page, journey = endpoint(run, "/page"), endpoint(run, "page")
    assert journey.requests == page.requests == 200
    late = [Histogram.decode(one.corrected).mean() for one in (page, journey)]
    sent = [Histogram.decode(one.raw).mean() for one in (page, journey)]
    # some fifty of 200 were due while the process was busy, for a quarter of a second each
    assert late[0] - sent[0] > 40_000
    assert late[1] - sent[1] == pytest.approx(late[0] - sent[0], rel=0.05)
    # what an arrival does after its first journey was not meant to begin any earlier
    second = endpoint(run, "second")
    assert Histogram.decode(second.corrected).mean() == Histogram.decode(second.raw).mean()
    (folder,) = (tmp_path / "runs").iterdir()
    slo = tmp_path / "slo.toml"
    slo.write_text(
        '[[slo]]\nid = "page"\nmetric = "latency"\nstatistic = "max"\njourney = "page"\n'
        'op = "<"\nlimit = 400\n'
    )
    (verdict,) = judge(run, read_timeline(folder), read_slo(slo))
    assert verdict.outcome is Outcome.NOT_MET
    assert verdict.value == pytest.approx(Histogram.decode(journey.corrected).maximum() / 1000)
