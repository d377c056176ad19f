"""What ten thousand people who think cost the generator: its memory, its core, its punctuality.

    python -m tests.bench.many_users

They act every 12 s, so they offer about 830 requests a second, to a server that answers at
once: what is seen is the generator, not a system under test. `hmb loadtest step-10000 --scale
medium` is the same number of people on the board.
"""

import tempfile
from pathlib import Path
from statistics import mean
from typing import TypedDict

from capacity.histogram import Histogram
from capacity.spool import fold
from tests.scenarios.known import drive, known_server

USERS, THINK_S, WARMUP_S, SECONDS = 10_000, 12.0, 15.0, 20.0
JOURNEYS = f"""
from random import expovariate

from locust import FastHttpUser, task

class Person(FastHttpUser):
    def wait_time(self):
        return expovariate(1 / {THINK_S})

    def on_start(self):
        self.wait()

    @task
    def page(self):
        self.client.get("/page")
"""


class Seen(TypedDict):
    """Requests a second, of how many due; milliseconds; megabytes; shares of a core."""

    achieved: float
    due: float
    p50_ms: float
    p99_ms: float
    failed: int
    memory_mb: float
    kb_a_user: float
    cpu: float
    invalid: list[str]


def measure(users: int = USERS) -> Seen:
    """One run of so many users against the known server."""
    with tempfile.TemporaryDirectory() as folder, known_server(quick=True) as server:
        journeys, runs = Path(folder) / "people.py", Path(folder) / "runs"
        journeys.write_text(JOURNEYS)
        found = drive(server, journeys, runs, users=users, warmup_s=WARMUP_S, duration_s=SECONDS)
        spool = (runs / found.id / "load.jsonl").read_text()
    (step,) = found.measured_steps()
    (stats,) = [one for one in found.endpoints if one.step == step.name]
    beats = [beat for beat in fold(spool.splitlines()).beats if beat.second >= WARMUP_S]
    memory = max(one.memory_bytes for one in found.senders)
    latencies = Histogram.decode(stats.corrected)
    return {
        "achieved": step.arrivals.achieved / step.seconds,
        "due": users / THINK_S,
        "p50_ms": latencies.percentile(50) / 1000,
        "p99_ms": latencies.percentile(99) / 1000,
        "failed": stats.failures,
        "memory_mb": memory / 1e6,
        "kb_a_user": memory / users / 1e3,
        "cpu": mean(beat.cpu for beat in beats),
        "invalid": [one.detail for one in found.invalid],
    }


if __name__ == "__main__":
    seen = measure()
    print(
        f"{USERS:,} users: {seen['achieved']:,.0f} req/s of {seen['due']:,.0f} due, "
        f"{seen['failed']} failed, p50 / p99 {seen['p50_ms']:.1f} / {seen['p99_ms']:.1f} ms; the "
        f"generator took {seen['memory_mb']:,.0f} MB ({seen['kb_a_user']:.0f} kB a user) and "
        f"{seen['cpu']:.0%} of a core"
    )
    for one in seen["invalid"]:
        print(f"invalid: {one}")
