"""How well an open load keeps its schedule, and how true its latencies are.

    python -m tests.bench.open_rate

The rate: of what one generator core can send, found by asking for more and more, 80 %
evenly spaced; what the server saw in each second is held against that. The truth: a
server that stalls once; percentiles from the intended start against those by the
server's own clock.
"""

import tempfile
from pathlib import Path
from random import Random
from typing import Any, TypedDict

import numpy as np

from capacity.histogram import Histogram
from capacity.run import Run
from capacity.validity import SATURATED_CORES
from scenarios.arrivals.constant import Constant
from scenarios.arrivals.curve import due_times
from tests.scenarios.known import drive, known_server

JOURNEYS = """
from locust import FastHttpUser, task

class Person(FastHttpUser):
    @task
    def page(self):
        self.client.get("{path}")
"""
RATES = (500, 1_000, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000)
SECONDS, SHARE, STALL_RATE = 5.0, 0.8, 200.0
PERCENTS = (50, 75, 90, 95, 99)


class Held(TypedDict):
    """The rate that was asked for and what arrived of it, requests a second."""

    most: float
    asked: float
    arrived: float
    worst_second: float
    dropped: int


def held() -> Held:
    """The largest rate one core sends unsaturated, and how evenly it sends 80 % of that."""
    most = 0.0
    for rate in RATES:
        found, _ = _paged(Constant(rate=rate, spacing="even"))
        dropped = sum(step.arrivals.dropped for step in found.steps)
        if found.invalid or dropped:
            break
        most = float(rate)
    if not most:
        raise SystemExit(f"not even {RATES[0]} req/s were sent: the machine is too busy for this")
    asked = SHARE * most
    found, arrivals = _paged(Constant(rate=asked, spacing="even"))
    at = np.array(arrivals) - found.started_at.timestamp()
    counts, _ = np.histogram(at, int(SECONDS), (0, SECONDS))
    return {
        "most": most,
        "asked": asked,
        "arrived": len(at) / SECONDS,
        "worst_second": float(max(counts, key=lambda count: abs(count - asked))),
        "dropped": sum(step.arrivals.dropped for step in found.steps),
    }


def stalled() -> dict[str, tuple[float, float, float]]:
    """Percentile -> milliseconds by the server's clock, from the intended start, and as sent."""
    load = Constant(rate=STALL_RATE)
    found, seen = _loaded("/stall", load, quick=False)
    pieces = [piece for stage in load.stages(SECONDS) for piece in stage.pieces]
    due = np.array(list(due_times(pieces, load.spacing, Random(f"{found.what.seed}/arrivals"))))
    took = [taken for _came, taken in sorted(seen["calls"]["/stall"])]
    answered = np.array(seen["arrivals"]) + took
    truth = 1000 * (answered - due - found.started_at.timestamp())
    (stats,) = found.endpoints
    corrected, raw = Histogram.decode(stats.corrected), Histogram.decode(stats.raw)
    return {
        f"p{percent}": (
            float(np.percentile(truth, percent, method="inverted_cdf")),
            corrected.percentile(percent) / 1000,
            raw.percentile(percent) / 1000,
        )
        for percent in PERCENTS
    }


def _paged(load: Constant) -> tuple[Run, list[float]]:
    found, seen = _loaded("/page", load, quick=True)
    return found, seen["arrivals"]


def _loaded(path: str, load: Constant, *, quick: bool) -> tuple[Run, dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder, known_server(quick=quick) as server:
        journeys = Path(folder) / "pages.py"
        journeys.write_text(JOURNEYS.format(path=path))
        found = drive(
            server,
            journeys,
            Path(folder) / "runs",
            warmup_s=0,
            duration_s=SECONDS,
            load=load,
            users=min(2_000, int(load.rate * 2)),
        )
        return found, server.report()


if __name__ == "__main__":
    rate = held()
    print(
        f"one core sends {rate['most']:,.0f} req/s below {SATURATED_CORES:.0%} busy; asked for "
        f"{rate['asked']:,.0f} evenly, {rate['arrived']:,.1f} arrived "
        f"({rate['arrived'] / rate['asked'] - 1:+.2%}, target: within 1 %), "
        f"{rate['worst_second']:,.0f} in the worst second, {rate['dropped']} dropped"
    )
    print(f"a stall, {STALL_RATE:.0f} req/s; target: within 2 % of the true ones")
    print(f"{'':>5}{'true ms':>12}{'reported ms':>14}{'apart':>10}{'as sent ms':>13}")
    for name, (true_ms, reported_ms, sent_ms) in stalled().items():
        apart = reported_ms / true_ms - 1
        print(f"{name:>5}{true_ms:>12.2f}{reported_ms:>14.2f}{apart:>+10.2%}{sent_ms:>13.2f}")
