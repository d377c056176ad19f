"""A load test of a real server: what the record says against what the server knows."""

import itertools
import re
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from capacity.errors import UsageError
from capacity.histogram import Histogram
from capacity.probes import Kind, ProbeError, Reading
from capacity.run import Phase, Run, Status
from capacity.spool import fold
from capacity.store import read_run, read_timeline
from scenarios import attempt, catalogue, runner
from scenarios.errors import ScenarioError
from scenarios.live import Tick
from scenarios.runner import RunRequest
from tests.scenarios.conftest import THINKING, Loaded, endpoint
from tests.scenarios.known import Server, durations

DRAW = """
class Person(FastHttpUser):
    @task
    def draw(self):
        self.client.get("/draw")
"""


def the_run_folder(tmp_path: Path) -> Path:
    (folder,) = (tmp_path / "runs").iterdir()
    return folder


def test_percentiles_are_the_servers_own(loaded: Loaded, server: Server, tmp_path: Path) -> None:
    run = loaded(DRAW, users=12, duration_s=4)
    stats = endpoint(run, "/draw")
    reported = Histogram.decode(stats.raw)
    assert reported.count == stats.requests
    truth = durations(server.report(), "/draw", counted=stats.requests, late=12)
    # on a busy machine the generator waits for its turn, and says for how long
    spool = (the_run_folder(tmp_path) / "load.jsonl").read_text()
    own_delay_us = 1000 + max(beat.lateness_us for beat in fold(spool.splitlines()).beats)
    for percent in (50, 95, 99):
        nearest_rank = int(percent / 100 * len(truth) + 0.5)
        true_us = truth[nearest_rank - 1] * 1e6
        assert reported.percentile(percent) == pytest.approx(
            true_us, abs=0.01 * true_us + own_delay_us
        )


def test_failures_are_counted_by_kind_and_refusals_apart(loaded: Loaded) -> None:
    run = loaded("""
class Person(FastHttpUser):
    wait_time = constant(0.05)
    network_timeout = 0.2
    @task
    def all_kinds(self):
        self.client.get("/status/500")
        self.client.get("/status/404")
        self.client.get("/status/429")
        self.client.post("/drop")
        self.client.get("/hang")
        self.client.get("http://127.0.0.1:9/closed", name="/closed")
        with self.client.get("/text", catch_response=True) as response:
            try:
                response.json()
            except ValueError:
                response.failure("body: not JSON")

class Other(HttpUser):
    wait_time = constant(0.05)
    @task
    def all_kinds(self):
        self.client.get("/status/503")
        self.client.post("/drop", name="/drop of requests")
        self.client.get("http://127.0.0.1:9/closed", name="/closed of requests")
        self.client.get("/hang", name="/hang of requests", timeout=0.2)
""")
    kinds = {one.endpoint: set(one.errors) for one in run.endpoints}
    assert kinds == {
        "/status/500": {"http 500"},
        "/status/404": {"http 404"},
        "/status/429": set(),
        "/drop": {"connection closed"},
        "/hang": {"timeout"},
        "/closed": {"connection refused"},
        "/text": {"body: not JSON"},
        "/status/503": {"http 503"},
        "/drop of requests": {"connection closed"},
        "/closed of requests": {"connection refused"},
        "/hang of requests": {"timeout"},
    }
    for one in run.endpoints:
        assert one.failures == sum(one.errors.values())
        assert Histogram.decode(one.raw).count == one.requests - one.failures - one.refusals
    refused = endpoint(run, "/status/429")
    assert (refused.refusals, refused.failures) == (refused.requests, 0)


def test_warm_up_is_counted_apart(loaded: Loaded, server: Server, tmp_path: Path) -> None:
    ticks: list[Tick] = []
    run = loaded(THINKING, warmup_s=2.0, duration_s=2.0, ticks=ticks)
    warm, measured = run.steps
    assert (warm.phase, warm.start_s, warm.end_s) == (Phase.WARMUP, 0, 2)
    assert (measured.phase, measured.start_s, measured.end_s) == (Phase.MEASURED, 2, 4)
    started = run.started_at.timestamp()
    arrivals = server.report()["arrivals"]
    # a request sent just before a boundary may reach the server just after it
    near = sum(1 for arrival in arrivals if abs(arrival - started - 2) < 0.02) + 4
    before = sum(1 for arrival in arrivals if arrival < started + 2)
    assert warm.arrivals.achieved == pytest.approx(before, abs=near)
    # one that is sent when the time is over belongs to no step
    late = sum(1 for arrival in arrivals if arrival > started + 4 - 0.02)
    missing = len(arrivals) - warm.arrivals.achieved - measured.arrivals.achieved
    assert 0 <= missing <= late
    assert [tick.phase for tick in ticks] == [Phase.WARMUP] * 2 + [Phase.MEASURED] * 2
    assert ticks[2].requests < ticks[3].requests < ticks[1].requests + ticks[3].requests
    timeline = read_timeline(the_run_folder(tmp_path))
    assert list(timeline.index) == [0, 1, 2, 3]
    assert {"load.requests", "load.p95", "generator.cpu"} <= set(timeline.columns)


def test_the_record_on_disk_is_the_one_returned(loaded: Loaded, tmp_path: Path) -> None:
    run = loaded(THINKING, duration_s=1.0)
    assert run.status is Status.COMPLETE
    assert read_run(the_run_folder(tmp_path)) == run
    assert run.what.load.offered_rate is None
    assert run.measured_steps()[0].arrivals.offered is None


def test_requests_cut_off_at_the_end_are_errors(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_FOREIGN_FINISH_S", 1.0)
    run = loaded(
        """
class Person(FastHttpUser):
    @task
    def hang(self):
        self.client.get("/hang")
""",
        users=3,
        duration_s=1.0,
    )
    stats = endpoint(run, "/hang")
    assert (stats.requests, stats.errors) == (3, {"unfinished": 3})


def test_requests_under_way_at_the_end_are_waited_for(loaded: Loaded) -> None:
    run = loaded(
        """
class Person(FastHttpUser):
    @task
    def slow(self):
        self.client.get("/slow")
        self.client.get("/after the end")
""",
        users=5,
        duration_s=1.2,
    )
    (stats,) = run.endpoints
    assert (stats.endpoint, stats.requests, stats.failures) == ("/slow", 5, 0)
    assert run.steps[0].end_s == 1.2


class Clock:
    """A probe with a counter that grows ever faster, and that is silent now and then."""

    name = "clock"

    def __init__(self, silent: Iterable[int] = ()) -> None:
        self._silent = set(silent)
        self._asked = 0
        self._requests = 0.0
        self._asked_at = time.perf_counter()

    def sample(self) -> list[Reading]:
        self._asked += 1
        if self._asked in self._silent:
            raise ProbeError("no answer")
        restarting = float(self._asked % 3)
        # So much a second as since the last time: a sample that comes late finds more.
        now = time.perf_counter()
        self._requests += (self._asked**3 - (self._asked - 1) ** 3) * (now - self._asked_at)
        self._asked_at = now
        return [
            Reading("nginx.requests", self._requests, Kind.COUNTER),
            Reading("redis.commands", restarting, Kind.COUNTER),
            Reading("x.y", 3.0),
        ]

    def close(self) -> None:
        pass


def test_probes_reach_the_timeline_as_rates(loaded: Loaded, tmp_path: Path) -> None:
    run = loaded(THINKING, duration_s=3.0, probes=[Clock()])
    timeline = read_timeline(the_run_folder(tmp_path))
    assert list(timeline["x.y"].dropna()) == [3.0, 3.0, 3.0]
    # of four samples the first is only what the others are counted from
    assert list(timeline["nginx.requests"]) == pytest.approx([7, 19, 37], rel=0.25)
    # samples 1, 2, 0, 1: where a counter fell, its process began anew and no rate is known
    assert list(timeline["redis.commands"].isna()) == [False, True, False]
    assert run.invalid == []


def test_a_silent_probe_makes_the_run_invalid(loaded: Loaded, tmp_path: Path) -> None:
    run = loaded(THINKING, duration_s=4.0, probes=[Clock(silent=[3, 4])])
    assert [one.reason for one in run.invalid] == ["metric-missing"]
    assert "clock" in run.invalid[0].detail
    assert "2 of 4" in run.invalid[0].detail
    assert read_timeline(the_run_folder(tmp_path))["x.y"].isna().sum() == 2


def test_a_series_that_must_be_there_and_is_not_makes_the_run_invalid(
    loaded: Loaded, tmp_path: Path
) -> None:
    # The clock answers every second, and has no rate where its counter fell: one such second
    # of a short run is let pass.
    required = ["x.y", "redis.commands", "postgres.replica-1.lag"]
    run = loaded(THINKING, duration_s=3.0, probes=[Clock()], required=required)
    assert [one.reason for one in run.invalid] == ["metric-missing"]
    told = [one.detail for one in run.invalid]
    assert told == ["postgres.replica-1.lag is missing in 2 of 2 measured seconds"]


class Stuck(Clock):
    """A probe that does not come back from its third sample."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def sample(self) -> list[Reading]:
        if self._asked == 2:
            self.let_go.wait(30)
        return super().sample()


def test_a_probe_that_never_comes_back_is_noticed(loaded: Loaded, tmp_path: Path) -> None:
    stuck = Stuck()
    run = loaded(THINKING, duration_s=4.0, probes=[stuck], required=["x.y"])
    stuck.let_go.set()
    assert [one.detail for one in run.invalid] == ["x.y is missing in 2 of 3 measured seconds"]


def refused(loaded: Loaded, text: str, tmp_path: Path, **options: object) -> str:
    """The message of a load test that cannot run; it must leave no folder."""
    with pytest.raises((ScenarioError, UsageError)) as caught:
        loaded(text, **options)
    runs = tmp_path / "runs"
    assert not runs.exists() or list(runs.iterdir()) == []
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_what_cannot_run_says_why_and_leaves_nothing(loaded: Loaded, tmp_path: Path) -> None:
    unreachable = refused(loaded, THINKING, tmp_path, host="http://127.0.0.1:9")
    assert unreachable == "cannot reach http://127.0.0.1:9: Connection refused"
    assert "no address" in refused(loaded, THINKING, tmp_path, host="127.0.0.1:80")
    assert "at least one user" in refused(loaded, THINKING, tmp_path, users=0)
    assert "No User class found" in refused(loaded, "x = 1\n", tmp_path)
    assert "No module named 'nowhere'" in refused(loaded, "import nowhere\n", tmp_path)
    assert "SyntaxError" in refused(loaded, "def\n", tmp_path)


def test_a_generator_that_never_begins_is_given_up_later_the_more_users_it_makes(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "_START_S", 0.5)
    monkeypatch.setattr(attempt, "_A_USER_S", 0.05)
    began = time.monotonic()
    said = refused(loaded, "import time\ntime.sleep(60)\n", tmp_path, users=50)
    assert said.startswith("the load generator does not answer")
    assert 3.0 <= time.monotonic() - began < 30


def test_journeys_that_never_send_are_an_error(loaded: Loaded) -> None:
    with pytest.raises(ScenarioError, match=r"my_journeys\.py sent no request.*") as caught:
        loaded("""
class Person(FastHttpUser):
    wait_time = constant(0.2)
    @task
    def broken(self):
        raise KeyError("token")
""")
    assert re.search(r"KeyError: 'token' \(my_journeys\.py, line \d+\)$", str(caught.value))
    assert caught.value.details == ""


def test_an_error_of_a_locustfile_is_one_line_that_names_the_place(loaded: Loaded) -> None:
    with pytest.raises(ScenarioError, match="boom") as caught:
        loaded("raise RuntimeError('boom')\n")
    assert re.search(r"RuntimeError: boom \(my_journeys\.py, line \d+\)$", str(caught.value))
    assert caught.value.details == ""
    with pytest.raises(ScenarioError, match="sent no request") as caught:
        loaded("""
class Person(FastHttpUser):
    wait_time = constant(0.2)
    def on_start(self):
        raise ValueError("no key")
    @task
    def page(self):
        self.client.get("/page")
""")
    assert re.search(r": ValueError: no key \(my_journeys\.py, line \d+\)$", str(caught.value))


def test_a_generator_that_breaks_off_keeps_what_was_measured(
    loaded: Loaded, tmp_path: Path
) -> None:
    with pytest.raises(ScenarioError, match="broke off: the roof fell in"):
        loaded(
            """
import os, gevent
class Person(FastHttpUser):
    wait_time = constant(0.05)
    def on_start(self):
        gevent.spawn_later(3.5, self.fall)
    def fall(self):
        print("the roof fell in", flush=True)
        os._exit(3)
    @task
    def page(self):
        self.client.get("/page")
""",
            users=1,
            duration_s=20.0,
        )
    kept = read_run(the_run_folder(tmp_path))
    assert kept.status is Status.INTERRUPTED
    assert 1 < kept.steps[0].end_s < 10  # of 20: what was under way when it fell
    assert endpoint(kept, "/page").requests > 10


def test_a_generator_held_up_makes_up_no_seconds(loaded: Loaded, tmp_path: Path) -> None:
    run = loaded(
        """
import gevent, gevent.monkey
class Person(FastHttpUser):
    wait_time = constant(0.05)
    def on_start(self):
        hold_up = gevent.monkey.get_original("time", "sleep")
        gevent.spawn_later(0.5, hold_up, 3.2)
    @task
    def page(self):
        self.client.get("/page")
""",
        users=1,
        duration_s=7.0,
    )
    spool = (the_run_folder(tmp_path) / "load.jsonl").read_text()
    beats = fold(spool.splitlines()).beats
    held_up = max(beats, key=lambda beat: beat.length_s)
    assert held_up.length_s > 3
    # each interval begins in the second where the one before it ended
    for before, after in itertools.pairwise(beats):
        assert before.second + before.length_s == pytest.approx(after.second, abs=1)
    assert "generator-saturated" not in {one.reason for one in run.invalid}


def test_a_built_in_scenario_needs_load_data(tmp_path: Path) -> None:
    from scenarios.runner import run
    from tests.scenarios.one_run import HERE

    request = RunRequest(catalogue.load("smoke"), "http://127.0.0.1:9", HERE)
    with pytest.raises(ScenarioError, match="needs load data"):
        run(request, probes=[], runs_dir=tmp_path, on_second=lambda _tick: None)


def test_folders_named_like_ours_do_not_disturb(loaded: Loaded, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    for name in ("capacity", "scenarios", "reports", "cli", "stack", "reference_app"):
        (theirs / name).mkdir(parents=True)
        (theirs / name / "__init__.py").write_text(f"PAGE = '/their-{name}'\n")
        (theirs / name / "histogram.py").write_text("NAME = 'theirs'\n")
    run: Run = loaded("""
import capacity, cli, reference_app, reports, scenarios, stack
from capacity.histogram import NAME
class Person(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def all_of_them(self):
        import capacity.histogram as late
        assert late.NAME == NAME == "theirs"
        for module in (capacity, cli, reference_app, reports, scenarios, stack):
            self.client.get(module.PAGE)
""")
    assert {one.endpoint for one in run.endpoints} == {
        f"/their-{name}"
        for name in ("capacity", "cli", "reference_app", "reports", "scenarios", "stack")
    }
    assert all(one.failures == 0 and one.requests > 10 for one in run.endpoints)
