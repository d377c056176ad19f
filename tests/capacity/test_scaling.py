"""Scalability told: by concurrency, by pods, with the peak flagged beyond what was tested."""

import pytest

from capacity.demands import LevelSeen
from capacity.model.scaling import CONCURRENCY, PODS, diagnoses, diagnosis


def known(sizes: tuple[float, ...], contention: float, coherency: float) -> dict[float, float]:
    """Rates by the law itself, with 100 a second for one alone."""
    return {n: 100 * n / (1 + contention * (n - 1) + coherency * n * (n - 1)) for n in sizes}


def test_a_peak_within_reach_is_told_with_its_rate() -> None:
    # sqrt((1 - 0.02) / 0.001) = 31.3
    told = diagnosis(CONCURRENCY, known((1, 4, 8, 16, 32), 0.02, 0.001).items())
    assert "one alone carries 100 (100 to 100) req/s" in told
    assert "contention 2.00 (2.00 to 2.00) %, coherency 0.100 (0.100 to 0.100) %" in told
    assert "most at 31.3, " in told
    assert told.endswith("req/s (tested up to 32.0).")


def test_a_peak_beyond_twice_what_was_tested_is_a_guess() -> None:
    told = diagnosis(PODS, known((1, 2, 3, 4, 5), 0.02, 0.001).items())
    assert "most at 31.3, which is beyond twice the 5.00 tested: a guess." in told
    assert "req/s (tested" not in told


def test_a_calibration_tells_both_or_why_not() -> None:
    levels = [
        LevelSeen(pods=3, rate=rate, at_once=at_once)
        for at_once, rate in known((1, 2, 4, 8), 0.05, 0.001).items()
    ]
    levels.append(LevelSeen(pods=2, rate=5_000, at_once=3))
    by_concurrency, by_pods = diagnoses(levels)
    # the level on other pods is no point of the first curve
    assert "contention 5.00 (" in by_concurrency
    assert by_pods.startswith("Scalability by pods: 2 different sizes are too few")
    assert diagnoses([]) == []


@pytest.mark.parametrize("points", [[(1.0, 1.0)], [(0.0, 1.0)] * 5])
def test_what_cannot_be_fitted_says_so(points: list[tuple[float, float]]) -> None:
    assert diagnosis(CONCURRENCY, points).startswith(f"Scalability by {CONCURRENCY}: ")
