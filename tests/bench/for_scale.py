"""What wrk and hey send from one core's time, for scale beside our load generator.

    python -m tests.bench.for_scale

All three ask one server for one page over and over, 20 connections each. wrk and hey send it as
it stands, know no endpoints and no people: what they reach is what the machine gives, not what
a load test can be. The server shares the machine with them, so the rate says most of all how the
two share it; requests by a second of the generator's CPU time are what carries over.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from typing import NamedTuple

from capacity.spool import fold
from tests.scenarios.known import Server, drive, known_server

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
        for name, tool in (("hmb", _hmb), ("wrk", _wrk), ("hey", _hey)):
            found.setdefault(name, []).append(_against_a_server(tool))
    return {
        name: Drive(median(one.per_s for one in drives), median(one.per_core for one in drives))
        for name, drives in found.items()
    }


def _against_a_server(tool: Callable[[Server, Path], Drive]) -> Drive:
    """One round against a server that has seen nothing yet."""
    with tempfile.TemporaryDirectory() as folder, known_server(quick=True) as server:
        return tool(server, Path(folder))


def _hmb(server: Server, folder: Path) -> Drive:
    journeys = folder / "pages.py"
    journeys.write_text(JOURNEYS)
    found = drive(
        server, journeys, folder / "runs", users=CONNECTIONS, warmup_s=1, duration_s=SECONDS
    )
    (step,) = found.measured_steps()
    spool = (folder / "runs" / found.id / "load.jsonl").read_text()
    beats = [beat for beat in fold(spool.splitlines()).beats if 1 <= beat.second < 1 + SECONDS]
    sent = step.arrivals.achieved
    return Drive(sent / step.seconds, sent / sum(beat.cpu * beat.length_s for beat in beats))


def _wrk(server: Server, _folder: Path) -> Drive:
    return _run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", f"{server.host}/page"],
        re.compile(r"(\d+) requests in"),
    )


def _hey(server: Server, _folder: Path) -> Drive:
    return _run(
        [
            *("hey", "-cpus", "1", "-c", str(CONNECTIONS), "-z", f"{SECONDS}s"),
            f"{server.host}/page",
        ],
        re.compile(r"\[200\]\s+(\d+) responses"),
    )


def _run(command: list[str], done: "re.Pattern[str]") -> Drive:
    if shutil.which(command[0]) is None:
        raise SystemExit(f"{command[0]} is not installed: apt-get install {command[0]}")
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
