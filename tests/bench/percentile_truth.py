"""Reported percentiles against the true ones of a server that measures itself.

python -m tests.bench.percentile_truth
"""

import tempfile
from pathlib import Path
from statistics import median
from typing import TypedDict

from capacity.histogram import Histogram
from tests.scenarios.known import drive, durations, known_server

JOURNEYS = """
from locust import FastHttpUser, task

class Person(FastHttpUser):
    @task
    def draw(self):
        self.client.get("/draw")
"""
USERS, SECONDS, ROUNDS = 40, 10.0, 3
PERCENTS = (50, 95, 99)


class Compared(TypedDict):
    """One percentile: milliseconds by server and report, and how far apart relative to the true."""

    true_ms: float
    reported_ms: float
    apart: float


def measure() -> dict[str, Compared]:
    """For p50, p95 and p99 the round whose report was the median distance from the truth."""
    rounds = [_one_round() for _ in range(ROUNDS)]
    figures = {}
    for percent in PERCENTS:
        name = f"p{percent}"
        middle = median(sorted(found[name]["apart"] for found in rounds))
        figures[name] = next(found[name] for found in rounds if found[name]["apart"] == middle)
    return figures


def _one_round() -> dict[str, Compared]:
    with tempfile.TemporaryDirectory() as folder, known_server() as server:
        journeys = Path(folder) / "draws.py"
        journeys.write_text(JOURNEYS)
        runs = Path(folder) / "runs"
        found = drive(server, journeys, runs, users=USERS, warmup_s=0, duration_s=SECONDS)
        seen = server.report()
    (stats,) = found.endpoints
    reported = Histogram.decode(stats.raw)
    return _compare(reported, durations(seen, "/draw", counted=reported.count, late=USERS))


def _compare(reported: Histogram, truth: list[float]) -> dict[str, Compared]:
    figures: dict[str, Compared] = {}
    for percent in PERCENTS:
        true_ms = 1000 * truth[int(percent / 100 * len(truth) + 0.5) - 1]
        reported_ms = reported.percentile(percent) / 1000
        apart = reported_ms / true_ms - 1
        figures[f"p{percent}"] = {
            "true_ms": true_ms,
            "reported_ms": reported_ms,
            "apart": apart,
        }
    return figures


if __name__ == "__main__":
    print(f"{USERS} users, {SECONDS:.0f} s, median of {ROUNDS} rounds; target: within 1 %")
    print(f"{'':>5}{'true ms':>12}{'reported ms':>14}{'apart':>10}")
    for name, figure in measure().items():
        print(
            f"{name:>5}{figure['true_ms']:>12.2f}{figure['reported_ms']:>14.2f}"
            f"{figure['apart']:>+10.2%}"
        )
