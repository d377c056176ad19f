"""A load that several processes send, against one process of the same seed and a known server."""

import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from capacity.errors import UsageError
from capacity.histogram import Histogram
from capacity.run import Run, Status
from capacity.spool import Beat, Cell, Due, entries, fold
from capacity.store import read_run, read_timeline
from scenarios import catalogue
from scenarios.arrivals.constant import Constant
from scenarios.errors import ScenarioError
from scenarios.request import RunRequest, Workers, sized
from scenarios.runner import run
from scenarios.sources import source_address
from tests.scenarios.board_data import load_file
from tests.scenarios.conftest import THINKING, Loaded, endpoint
from tests.scenarios.known import Server, durations
from tests.scenarios.one_run import HERE
from tests.scenarios.test_disturbance import Quiet
from tests.scenarios.test_ending import STUCK, children, wait_for_beats
from tests.scenarios.test_open_load import scheduled

MIXED = """
class Person(FastHttpUser):
    @task(5)
    def draw(self):
        self.client.get("/draw")
    @task(1)
    def broken(self):
        self.client.get("/status/500")
"""


def spool_of(found: Run, tmp_path: Path) -> list[str]:
    return (tmp_path / "runs" / found.id / "load.jsonl").read_text().splitlines()


def test_three_processes_send_what_one_would(
    loaded: Loaded, server: Server, tmp_path: Path
) -> None:
    asked: dict[str, Any] = {"users": 90, "load": Constant(rate=80), "duration_s": 3.0, "seed": 5}
    alone = loaded(MIXED, **asked)
    before = server.report()
    found = loaded(MIXED, **asked, workers=Workers(3, here=True))
    assert found.status is Status.COMPLETE
    assert "generator-lost" not in {one.reason for one in found.invalid}
    # the same arrivals are offered, none of them twice and none left out
    (step,), (one_step,) = found.steps, alone.steps
    assert step.arrivals == one_step.arrivals
    assert (step.users, step.arrivals.dropped) == (90, 0)
    after = server.report()
    assert len(after["arrivals"]) == len(before["arrivals"]) + step.arrivals.achieved

    # and each at its time: how late one is sent is the machine's to say
    late = np.sort(after["arrivals"][len(before["arrivals"]) :]) - scheduled(found)
    assert late.min() > -0.005
    assert np.median(late) < 0.5

    # what the record holds is the sum of what each process wrote down, to the last count
    told = list(entries(spool_of(found, tmp_path)))
    cells = [entry for entry in told if isinstance(entry, Cell)]
    assert {cell.generator for cell in cells} == {"worker-1", "worker-2", "worker-3"}
    for stats in found.endpoints:
        mine = [cell for cell in cells if cell.endpoint == stats.endpoint]
        for which in ("raw", "corrected", "failed"):
            parts = [Histogram.decode(blob) for cell in mine if (blob := getattr(cell, which))]
            merged = Histogram.decode(getattr(stats, which))
            assert merged.count == sum(part.count for part in parts)
            assert merged.encode() == Histogram.merged(parts).encode()
        assert stats.requests == sum(cell.requests for cell in mine)
        errors: Counter[str] = sum((Counter(cell.errors) for cell in mine), Counter())
        assert stats.errors == errors
    assert endpoint(found, "/status/500").errors.keys() == {"http 500"}
    due = [entry for entry in told if isinstance(entry, Due)]
    assert sum(entry.offered for entry in due) == step.arrivals.offered
    timeline = read_timeline(tmp_path / "runs" / found.id)
    assert list(timeline.index) == [0, 1, 2]
    assert timeline["load.offered"].sum() == pytest.approx(step.arrivals.offered, rel=0.1)

    # percentiles are the server's own, to what the processes say of their own delays
    stats = endpoint(found, "/draw")
    calls = after["calls"]["/draw"][len(before["calls"]["/draw"]) :]
    truth = durations({"calls": {"/draw": calls}}, "/draw", counted=stats.requests, late=0)
    beats = [entry for entry in told if isinstance(entry, Beat)]
    own_delay_us = 1000 + max(beat.lateness_us for beat in beats)
    reported = Histogram.decode(stats.raw)
    for percent in (50, 95):
        true_us = truth[int(percent / 100 * len(truth) + 0.5) - 1] * 1e6
        assert reported.percentile(percent) == pytest.approx(
            true_us, abs=0.01 * true_us + own_delay_us
        )

    # and it says who sent it
    assert [one.name for one in found.senders] == ["master", "worker-1", "worker-2", "worker-3"]
    assert [one.users for one in found.senders] == [0, 30, 30, 30]
    for sender in found.senders:
        its = [one.cpu for one in beats if one.generator == sender.name and one.second < 3]
        assert sender.cpu == pytest.approx(np.mean(its))
        assert (sender.memory_bytes > 1_000_000, sender.lost) == (True, "")
        assert abs(sender.clock_ahead_s) <= sender.clock_within_s + 0.001  # one clock, one machine
    assert [one.name for one in alone.senders] == ["generator-1"]


def test_people_keep_their_numbers_and_end_together(server: Server, tmp_path: Path) -> None:
    request = RunRequest(
        catalogue.load("smoke"),
        server.host,
        HERE,
        users=41,
        warmup_s=0,
        duration_s=60,
        data_file=load_file(tmp_path, seekers=40, employers=40),
        workers=Workers(2, here=True),
    )
    found = run(
        request,
        probes=[],
        runs_dir=tmp_path / "runs",
        on_second=lambda _tick: None,
        disturbance=Quiet(enough_s=2.5),
    )
    peers = server.report()["peers"]
    peers.pop("127.0.0.1")  # the runner's own look at whether the host is there, and this report
    assert set(peers) == {source_address(number) for number in range(41)}
    (step,) = found.steps
    assert (step.users, found.status) == (41, Status.COMPLETE)
    # the master's word to end early reached all of them
    assert 2.4 < step.end_s < 20
    think_s = catalogue.load("smoke").think.mean_s
    assert step.arrivals.offered == pytest.approx(41 * step.end_s / think_s)
    ended = [one.ended_s for one in fold(spool_of(found, tmp_path)).closings.values()]
    assert ended.count(None) == 1  # the master itself sends nothing
    assert [one.users for one in found.senders] == [0, 21, 20]


def test_a_worker_that_dies_makes_the_run_invalid_and_no_more(
    loaded: Loaded, tmp_path: Path
) -> None:
    def kill_one() -> None:
        wait_for_beats(tmp_path / "runs", 4)
        for process in psutil.Process().children(recursive=True):
            if "generator.py" in " ".join(process.cmdline()):
                mine = process.environ().get("HMB_ORDERS", "")
                if mine.endswith("worker-2.json"):
                    process.kill()

    killer = threading.Thread(target=kill_one)
    killer.start()
    found = loaded(THINKING, users=6, duration_s=9.0, workers=Workers(2, here=True))
    killer.join()
    assert found.status is Status.COMPLETE
    lost = [one for one in found.invalid if one.reason == "generator-lost"]
    assert len(lost) == 1
    assert "worker-2 was lost in second" in lost[0].detail
    assert [one.lost for one in found.senders] == ["", "", "it was heard no more"]
    # the other went on to the end
    last = max(beat.second for beat in fold(spool_of(found, tmp_path)).beats)
    assert last >= 8


def test_who_wakes_while_others_are_stopped_sends_no_more(
    server: Server, journeys: Callable[[str], Path], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "tests.scenarios.one_run", str(journeys(THINKING))]
    rest = [server.host, str(tmp_path / "runs"), "80", "1", "60", "--processes", "2"]
    with subprocess.Popen([*command, *rest]) as process:
        folder = wait_for_beats(tmp_path / "runs", 9)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 130
    counted = sum(one.requests for one in read_run(folder).endpoints)
    assert counted == len(server.report()["arrivals"])


def test_ctrl_c_ends_all_and_keeps_what_was_counted(
    server: Server, journeys: Callable[[str], Path], tmp_path: Path
) -> None:
    # some wait for answers that never come, and are not waited for
    file = journeys(THINKING + STUCK.replace("Person", "Stuck"))
    command = [sys.executable, "-m", "tests.scenarios.one_run", str(file)]
    rest = [server.host, str(tmp_path / "runs"), "6", "1", "60", "--processes", "2"]
    with subprocess.Popen([*command, *rest]) as process:
        folder = wait_for_beats(tmp_path / "runs", 9)
        generators = children(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 130
    assert len(generators) == 3
    assert not any(generator.is_running() for generator in generators)
    record = read_run(folder)
    assert record.status is Status.INTERRUPTED
    assert sum(one.requests for one in record.endpoints) == len(server.report()["arrivals"])
    stuck = [Counter(one.errors) for one in record.endpoints if one.endpoint == "/hang"]
    assert sum(stuck, Counter()) == {"unfinished": 3}


def test_workers_that_do_not_come_are_one_line(loaded: Loaded, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"fewer than 2 workers came to 127\.0\.0\.1:\d+ "):
        loaded(THINKING, workers=Workers(2, here=False, wait_s=1.0))
    assert list((tmp_path / "runs").iterdir()) == []


def test_each_process_needs_a_user() -> None:
    request = RunRequest(
        Path("x.py"), "", HERE, users=3, warmup_s=0, duration_s=1, workers=Workers(4, here=True)
    )
    with pytest.raises(UsageError, match="4 processes cannot share 3 users"):
        sized(request)
