"""Arrivals on schedule, whatever the answers do: against a server whose truth is known."""

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest

from capacity.histogram import Histogram
from capacity.load_model import OpenLoad
from capacity.run import Phase, Run
from capacity.spool import fold
from capacity.store import read_run, read_timeline
from scenarios import catalogue, runner
from scenarios.arrivals.constant import Constant
from scenarios.arrivals.curve import due_times
from scenarios.arrivals.kinds import planned
from scenarios.arrivals.replay import Replay
from scenarios.arrivals.stages import Level, Stages
from scenarios.live import Tick
from scenarios.orders import Orders, in_environment
from scenarios.runner import RunRequest, run
from tests.scenarios.board_data import load_file
from tests.scenarios.conftest import Loaded, endpoint
from tests.scenarios.known import Server
from tests.scenarios.known_server import BASE_S, STALL_S
from tests.scenarios.one_run import HERE

PAGE = """
class Person(FastHttpUser):
    @task
    def page(self):
        self.client.get("/page")
"""
PERCENTS = (50, 75, 90, 95, 99)


def own_delay_us(tmp_path: Path) -> float:
    """On a busy machine the generator waits for its turn, and says for how long."""
    (folder,) = (tmp_path / "runs").iterdir()
    lines = (folder / "load.jsonl").read_text().splitlines()
    return 2000.0 + max(beat.lateness_us for beat in fold(lines).beats)


def scheduled(found: Run) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """When each arrival of a run without warm-up was due, as Unix times."""
    load = found.what.load
    assert isinstance(load, OpenLoad)
    pieces = [piece for stage in load.stages for piece in stage.pieces]
    due = due_times(pieces, load.spacing, Random(f"{found.what.seed}/arrivals"))
    return found.started_at.timestamp() + np.array(list(due))


def test_percentiles_of_a_stall_are_the_truth(
    loaded: Loaded, server: Server, tmp_path: Path
) -> None:
    found = loaded(
        PAGE.replace("/page", "/stall"), users=300, load=Constant(rate=150), duration_s=3
    )
    due, report = scheduled(found), server.report()
    # by the server's own clock: from when each was due until it was answered
    calls = sorted(report["calls"]["/stall"])
    answered = np.array(report["arrivals"]) + [taken for _came, taken in calls]
    truth_us = 1e6 * (answered - due)
    over = report["stalls_at"] + STALL_S
    held_up = (due >= over - STALL_S) & (due < over - BASE_S)
    # the stall is in the truth, whole: nobody waited for others before being sent into it
    assert (truth_us[held_up] >= 1e6 * (over - due[held_up])).all()
    assert held_up.sum() == pytest.approx(150 * STALL_S, rel=0.4)
    stats = endpoint(found, "/stall")
    assert (stats.requests, stats.failures) == (len(due), 0)
    reported = Histogram.decode(stats.corrected)
    for percent in PERCENTS:
        true_us = float(np.percentile(truth_us, percent, method="inverted_cdf"))
        assert reported.percentile(percent) == pytest.approx(
            true_us, abs=0.02 * true_us + own_delay_us(tmp_path)
        )


def test_a_generator_that_stalls_is_told_from_the_system(loaded: Loaded, server: Server) -> None:
    found = loaded(
        """
import time
class Person(FastHttpUser):
    stalled = False
    @task
    def page(self):
        self.client.get("/page")
        if not Person.stalled and len(found) > 100:
            Person.stalled = True
            began = time.perf_counter()
            while time.perf_counter() < began + 0.6:
                pass
        found.append(1)
found = []
""",
        users=300,
        load=Constant(rate=100, spacing="even"),
        duration_s=3,
    )
    stats = endpoint(found, "/page")
    raw, corrected = Histogram.decode(stats.raw), Histogram.decode(stats.corrected)
    assert (stats.requests, stats.errors) == (300, {}), found.steps
    assert raw.count == corrected.count == 300
    # 60 of 300 were due while the process was busy, the first of them for 0.6 s more
    assert corrected.maximum() > 500_000
    assert corrected.percentile(90) > 250_000
    # those sixty were sent 0.3 s late on average, and as sent nothing of that shows
    assert corrected.mean() - raw.mean() > 50_000


def test_the_rate_is_held_and_each_stage_counted(
    loaded: Loaded, server: Server, tmp_path: Path
) -> None:
    ticks: list[Tick] = []
    model = Stages(
        levels=(Level(rate=50, seconds=2), Level(rate=200, seconds=1), Level(rate=50, seconds=1)),
        spacing="even",
    )
    found = loaded(PAGE, users=400, warmup_s=1.0, duration_s=None, load=model, ticks=ticks)
    warm, *measured = found.steps
    assert (warm.phase, warm.arrivals.offered, warm.arrivals.achieved) == (Phase.WARMUP, 50, 50)
    assert [step.name for step in measured] == ["1: 50/s", "2: 200/s", "3: 50/s"]
    for step, arrivals in zip(measured, (100, 200, 50), strict=True):
        assert (step.arrivals.offered, step.arrivals.dropped) == (arrivals, 0)
        assert step.arrivals.achieved == endpoint(found, "/page", step.name).requests == arrivals
    assert found.what.duration_s == 4
    at = np.array(server.report()["arrivals"])
    assert len(at) == 400
    # none is sent before it is due; how late one is sent is the machine's to say
    after_warmup = at[50:] - 1.0 - scheduled(found)
    assert after_warmup.min() > -0.001
    assert np.median(after_warmup) < 0.5
    assert sum(tick.offered_rate or 0.0 for tick in ticks) == pytest.approx(400, rel=0.1)
    (folder,) = (tmp_path / "runs").iterdir()
    assert read_run(folder) == found
    assert read_timeline(folder)["load.dropped"].sum() == 0


def test_arrivals_that_find_nobody_free_are_dropped_and_counted(
    loaded: Loaded, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_FOREIGN_FINISH_S", 1.0)
    found = loaded(
        PAGE.replace("/page", "/hang"),
        users=8,
        load=Constant(rate=40, spacing="even"),
        duration_s=2,
    )
    (step,) = found.steps
    assert (step.users, step.arrivals.offered) == (8, 80)
    assert (step.arrivals.achieved, step.arrivals.dropped) == (8, 72)
    assert endpoint(found, "/hang").errors == {"unfinished": 8}
    (reason,) = found.invalid
    assert reason.reason == "arrivals-dropped"
    assert "72 of 80 arrivals, 90.0 %" in reason.detail
    (folder,) = (tmp_path / "runs").iterdir()
    timeline = read_timeline(folder)
    assert timeline["load.dropped"].sum() == pytest.approx(72, rel=0.1)
    # of an open load the users of a second are those who wait
    assert timeline["load.users"].max() == 8


def test_the_scenarios_own_people_send_the_arrivals(server: Server, tmp_path: Path) -> None:
    request = RunRequest(
        catalogue.load("smoke"),
        server.host,
        HERE,
        load=Constant(rate=60),
        warmup_s=0,
        duration_s=2,
        data_file=load_file(tmp_path, seekers=40, employers=10),
    )
    found = run(request, probes=[], runs_dir=tmp_path / "runs", on_second=lambda _tick: None)
    # smoke has 20 people: a person is busy for a moment only, so few suffice
    assert found.what.load.users == 20
    (step,) = found.steps
    assert step.arrivals.offered == step.arrivals.achieved == len(scheduled(found))
    report = server.report()
    assert len(report["arrivals"]) == step.arrivals.achieved
    # each comes from an address of their own, and the runner looked once
    assert len(report["peers"]) == 21


def test_orders_may_be_longer_than_an_environment(tmp_path: Path) -> None:
    """As those of a replay of two hours are, in which no second is like the next."""
    arrivals = tuple(float(20 + second % 50) for second in range(7_200))
    orders = Orders(
        generator="one",
        locustfile=Path("x.py"),
        spool=tmp_path / "load.jsonl",
        host="",
        load=planned(Replay(arrivals=arrivals, file="x.csv"), 9, 7_200),
        warmup_s=10,
        duration_s=7_200,
        finish_s=1,
        seed=1,
    )
    assert len(orders.model_dump_json()) > 128 * 1024
    heard = subprocess.run(
        [sys.executable, "-c", "from scenarios.orders import *; print(len(read_orders().pieces))"],
        env={**os.environ, **in_environment(orders)},
        cwd=Path(runner.__file__).parents[1],
        check=True,
        capture_output=True,
        text=True,
    )
    # and the warm-up before them
    assert heard.stdout == "7201\n"


def test_an_open_scenario_is_closed_by_users_and_a_rate_goes_before_both() -> None:
    from scenarios.request import sized

    mixed = catalogue.load("mixed")
    spiky = mixed.model_copy(update={"load": Constant(rate=30)})

    def kind(**asked: object) -> tuple[str, int]:
        load, _, _ = sized(RunRequest(spiky, "", HERE, **asked))  # type: ignore[arg-type]  # a test's shorthand
        return load.kind, load.users

    # 30 a second of people who think for 12 s
    assert kind() == ("constant", 360)
    assert kind(users=7) == ("closed", 7)
    assert kind(load=Constant(rate=10_000)) == ("constant", 2_000)
    assert kind(load=Constant(rate=1), users=7) == ("constant", 7)
