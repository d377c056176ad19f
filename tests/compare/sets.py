"""Sets of runs made of latencies we choose, interleaved as a gate interleaves them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from capacity.compare.findings import Comparison, Finding
from capacity.compare.judge import Sample, compare
from capacity.compare.readings import ALL, Key, Reading
from capacity.compare.statistic import statistics
from capacity.run import Invalidity
from tests.reports.sample import sample_run

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
FIGURES = {"p50": 10.0, "p95": 20.0, "p99": 40.0, "throughput": 100.0, "cpu": 5.0, "failures": 0.0}


def run_set(
    side: str,
    factors: Sequence[float],
    *,
    endpoints: Sequence[str] = (ALL, "GET /jobs"),
    only: str | None = None,
    invalid: Sequence[int] = (),
    apart: timedelta = timedelta(0),
) -> list[Sample]:
    """A run for each factor, which makes it that much slower; of one endpoint, if `only` says so.

    Run n starts n minutes in, and half a minute later for the side `head`: by turns, unless
    `apart` moves them.
    """
    samples = []
    for number, factor in enumerate(factors):
        readings = {
            Key(endpoint, name): Reading(
                _slowed(name, value, factor if only in (None, endpoint) else 1.0), 1_000
            )
            for endpoint in endpoints
            for name, value in FIGURES.items()
            if name != "cpu" or endpoint == ALL
        }
        started = START + apart + timedelta(minutes=number, seconds=30 * (side == "head"))
        reasons = (
            [Invalidity(reason="generator-saturated", detail="busy")] if number in invalid else []
        )
        run = sample_run(endpoints=()).model_copy(
            update={"id": f"{side}-{number}", "started_at": started, "invalid": reasons}
        )
        samples.append(Sample(run, readings))
    return samples


def _slowed(name: str, value: float, factor: float) -> float:
    return value / factor if name == "throughput" else value * factor


def noise(count: int, spread: float, seed: int) -> list[float]:
    """Factors around 1 with this spread of their log."""
    found: list[float] = np.exp(np.random.default_rng(seed).normal(0.0, spread, count)).tolist()
    return found


def judged(base: Sequence[Sample], head: Sequence[Sample]) -> Comparison:
    return compare(base, head, statistics())


def finding(found: Comparison, statistic: str, endpoint: str = ALL) -> Finding:
    (only,) = [
        one for one in found.findings if one.statistic.id == statistic and one.endpoint == endpoint
    ]
    return only
