"""What recording costs: our run against the same journeys under plain Locust.

    python -m tests.bench.recorder_overhead

One generator process each, against the same server, as fast as it goes. Runs are
paired and interleaved in random order; the first pair is dropped. Throughput is
what the promise is about; CPU per request says the same on a machine that has
other things to do, as one core at most is what a generator process has.
"""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypedDict

import psutil

from capacity.spool import fold
from tests.scenarios.known import Server, drive, known_server

JOURNEYS = """
from locust import FastHttpUser, task

class Person(FastHttpUser):
    # twenty endpoints, as a real board has, each with histograms of its own
    @task
    def pages(self):
        for number in range(20):
            with self.client.get(f"/page/{number}", catch_response=True) as response:
                if response.json() != {}:
                    response.failure("body: not empty")
"""
USERS, SECONDS, PAIRS = 20, 4, 15
START_S = 2.5
"""After this long Locust is surely loading, and not yet at its end."""


class Overhead(TypedDict):
    """Medians of both sides; each ratio is better above 1, and the median over the pairs."""

    ours_per_s: float
    plain_per_s: float
    throughput_ratio: float
    throughput_ratios: list[float]
    ours_cpu_us: float
    plain_cpu_us: float
    cpu_ratio: float


class Drive(NamedTuple):
    """One run: requests per second, and CPU microseconds of the generator per request."""

    per_s: float
    cpu_us: float


def measure() -> Overhead:
    """Drive the same journeys in turns with and without our recorder."""
    ours: list[Drive] = []
    plain: list[Drive] = []
    with tempfile.TemporaryDirectory() as folder, known_server(quick=True) as server:
        journeys = Path(folder) / "pages.py"
        journeys.write_text(JOURNEYS)
        for _ in range(PAIRS + 1):
            pair = [(_ours, ours), (_plain, plain)]
            random.shuffle(pair)
            for side, found in pair:
                found.append(side(journeys, server, Path(folder)))
    pairs = list(zip(ours[1:], plain[1:], strict=True))
    throughput = [mine.per_s / theirs.per_s for mine, theirs in pairs]
    return {
        "ours_per_s": median(mine.per_s for mine, _ in pairs),
        "plain_per_s": median(theirs.per_s for _, theirs in pairs),
        "throughput_ratio": median(throughput),
        "throughput_ratios": throughput,
        "ours_cpu_us": median(mine.cpu_us for mine, _ in pairs),
        "plain_cpu_us": median(theirs.cpu_us for _, theirs in pairs),
        "cpu_ratio": median(theirs.cpu_us / mine.cpu_us for mine, theirs in pairs),
    }


def _ours(journeys: Path, server: Server, folder: Path) -> Drive:
    runs = folder / "runs"
    found = drive(server, journeys, runs, users=USERS, warmup_s=1, duration_s=SECONDS)
    (step,) = found.measured_steps()
    spool = (runs / found.id / "load.jsonl").read_text()
    beats = [beat for beat in fold(spool.splitlines()).beats if 1 <= beat.second < 1 + SECONDS]
    cpu_s = sum(beat.cpu * beat.length_s for beat in beats)
    return Drive(step.arrivals.achieved / step.seconds, 1e6 * cpu_s / step.arrivals.achieved)


def _plain(journeys: Path, server: Server, folder: Path) -> Drive:
    before = len(server.report()["arrivals"])
    command = [
        *(sys.executable, "-m", "locust", "--locustfile", str(journeys), "--headless"),
        *("--host", server.host, "--users", str(USERS)),
        *("--spawn-rate", str(USERS), "--run-time", f"{SECONDS + 3}s", "--only-summary"),
        *("--stop-timeout", "5"),
    ]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as locust:
        process = psutil.Process(locust.pid)
        time.sleep(START_S)
        first, cpu_first = time.time(), process.cpu_times()
        time.sleep(SECONDS)
        last, cpu_last = time.time(), process.cpu_times()
    sent = sum(1 for at in server.report()["arrivals"][before:] if first <= at < last)
    cpu_s = cpu_last.user + cpu_last.system - cpu_first.user - cpu_first.system
    return Drive(sent / (last - first), 1e6 * cpu_s / sent)


if __name__ == "__main__":
    figures = measure()
    print(f"{'':<22}{'plain Locust':>13}{'ours':>10}{'ratio':>8}   target: at least 0.95")
    print(
        f"{'requests/s':<22}{figures['plain_per_s']:>13.0f}{figures['ours_per_s']:>10.0f}"
        f"{figures['throughput_ratio']:>8.3f}   pairs: "
        + " ".join(f"{ratio:.3f}" for ratio in figures["throughput_ratios"])
    )
    print(
        f"{'CPU us per request':<22}{figures['plain_cpu_us']:>13.1f}{figures['ours_cpu_us']:>10.1f}"
        f"{figures['cpu_ratio']:>8.3f}"
    )
