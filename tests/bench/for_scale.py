"""What wrk and hey send from one core's time, for scale beside our load generator.

    python -m tests.bench.for_scale

All three ask one server for one page over and over, 20 connections each. wrk and hey send it as
it stands, know no endpoints and no people: what they reach is what the machine gives, not what
a load test can be. The server shares the machine with them, so the rate says most of all how the
two share it; requests by a second of the generator's CPU time are what carries over.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from typing import NamedTuple

from capacity.spool import fold
from scenarios.runner import RunRequest, run
from tests.scenarios.one_run import HERE

SERVER = Path(__file__).parents[1] / "scenarios" / "known_server.py"
JOURNEYS = """
from locust import FastHttpUser, task

class Person(FastHttpUser):
    @task
    def page(self):
        self.client.get("/page")
"""
CONNECTIONS, SECONDS, ROUNDS = 20, 3, 3


class Drive(NamedTuple):
    """One round: requests a second, and by a second of the generator's CPU time."""

    per_s: float
    per_core: float


def measure() -> dict[str, Drive]:
    """Generator -> the median of its rounds, taken by turns."""
    found: dict[str, list[Drive]] = {}
    for _ in range(ROUNDS):
        for name, drive in (("hmb", _hmb), ("wrk", _wrk), ("hey", _hey)):
            found.setdefault(name, []).append(_against_a_server(drive))
    return {
        name: Drive(median(one.per_s for one in drives), median(one.per_core for one in drives))
        for name, drives in found.items()
    }


def _against_a_server(drive: Callable[[int, Path], Drive]) -> Drive:
    """One round against a server that has seen nothing yet."""
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen([sys.executable, str(SERVER), "--uvloop"], stdout=subprocess.PIPE) as of,
    ):
        try:
            assert of.stdout is not None
            return drive(int(of.stdout.readline()), Path(folder))
        finally:
            of.kill()


def _hmb(port: int, folder: Path) -> Drive:
    journeys = folder / "pages.py"
    journeys.write_text(JOURNEYS)
    found = run(
        RunRequest(
            journeys,
            f"http://127.0.0.1:{port}",
            HERE,
            users=CONNECTIONS,
            warmup_s=1,
            duration_s=SECONDS,
        ),
        probes=[],
        runs_dir=folder / "runs",
        on_second=lambda _tick: None,
    )
    (step,) = found.measured_steps()
    spool = (folder / "runs" / found.id / "load.jsonl").read_text()
    beats = [beat for beat in fold(spool.splitlines()).beats if 1 <= beat.second < 1 + SECONDS]
    sent = step.arrivals.achieved
    return Drive(sent / step.seconds, sent / sum(beat.cpu * beat.length_s for beat in beats))


def _wrk(port: int, _folder: Path) -> Drive:
    return _tool(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", f"http://127.0.0.1:{port}/page"],
        re.compile(r"(\d+) requests in"),
    )


def _hey(port: int, _folder: Path) -> Drive:
    return _tool(
        [
            *("hey", "-cpus", "1", "-c", str(CONNECTIONS), "-z", f"{SECONDS}s"),
            f"http://127.0.0.1:{port}/page",
        ],
        re.compile(r"\[200\]\s+(\d+) responses"),
    )


def _tool(command: list[str], done: "re.Pattern[str]") -> Drive:
    before = getrusage(RUSAGE_CHILDREN)
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    after = getrusage(RUSAGE_CHILDREN)
    found = done.search(told)
    if found is None:
        raise SystemExit(f"{command[0]} told no number of requests:\n{told}")
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Drive(int(found[1]) / SECONDS, int(found[1]) / cpu_s)


if __name__ == "__main__":
    print(f"{CONNECTIONS} connections, {SECONDS} s, median of {ROUNDS} rounds")
    print(f"{'':<6}{'requests/s':>12}{'by a second of CPU time':>26}")
    for name, found in measure().items():
        print(f"{name:<6}{found.per_s:>12,.0f}{found.per_core:>26,.0f}")
