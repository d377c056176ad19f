"""Thinking times and popularity: the shapes they promise, for any seed."""

from collections import Counter
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from scenarios.chance import ThinkTimes, Weighted, zipf

seeds = st.integers(0, 2**32)


@settings(max_examples=15, deadline=None)
@given(seed=seeds, mean=st.floats(0.1, 30), cap=st.floats(2.5, 20))
def test_thinking_times_have_the_stated_mean_and_cap(seed: int, mean: float, cap: float) -> None:
    chance, think = Random(seed), ThinkTimes(mean, cap * mean)
    times = [think.draw(chance) for _ in range(20_000)]
    assert min(times) >= 0
    assert max(times) <= cap * mean
    # six standard errors of a mean whose deviation is at most the exponential's
    assert np.mean(times) == pytest.approx(mean, abs=6 * np.std(times) / len(times) ** 0.5)


@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_arrivals_are_even_from_the_first_second(seed: int) -> None:
    """Users met in mid-session arrive at the same rate early and late."""
    chance, think = Random(seed), ThinkTimes(12, 60)
    arrivals: list[float] = []
    for _ in range(4_000):
        at = think.remaining(chance)
        while at < 40:
            arrivals.append(at)
            at += think.draw(chance)
    by_five_seconds, _ = np.histogram(arrivals, bins=8, range=(0, 40))
    expected = 4_000 * 5 / 12
    assert by_five_seconds == pytest.approx(np.full(8, expected), abs=6 * expected**0.5)


def test_users_who_all_began_to_think_together_would_not_be_even() -> None:
    """Why there is a `remaining` at all: first thinking times would begin too slowly."""
    chance, think = Random(1), ThinkTimes(12, 30)
    together = sum(1 for _ in range(40_000) if think.draw(chance) < 1)
    in_the_middle = sum(1 for _ in range(40_000) if think.remaining(chance) < 1)
    assert in_the_middle == pytest.approx(40_000 / 12, rel=0.08)
    assert together < 0.8 * 40_000 / 12


@settings(max_examples=15, deadline=None)
@given(seed=seeds, exponent=st.floats(0.5, 1.5), size=st.integers(5, 300))
def test_popularity_follows_the_power_law(seed: int, exponent: float, size: int) -> None:
    chance, jobs = Random(seed), zipf(range(size), exponent)
    counts = Counter(jobs.draw(chance) for _ in range(20_000))
    weights = np.arange(1, size + 1, dtype=float) ** -exponent
    expected = 20_000 * weights / weights.sum()
    # ranks too rare to be compared one by one are compared together
    cut = int((expected >= 20).sum())
    seen = [counts[rank] for rank in range(cut)]
    rest = 20_000 - sum(seen)
    wanted = [*expected[:cut], expected[cut:].sum()]
    seen.append(rest)
    if wanted[-1] == 0:
        seen, wanted = seen[:-1], wanted[:-1]
    assert stats.chisquare(seen, wanted).pvalue > 1e-6


def test_choices_follow_their_weights_and_only_those_with_weight_come() -> None:
    chance, actions = Random(1), Weighted(["never", "often", "seldom"], [0, 9, 1])
    counts = Counter(actions.draw(chance) for _ in range(10_000))
    assert set(counts) == {"often", "seldom"}
    assert counts["often"] == pytest.approx(9_000, abs=200)
    with pytest.raises(ValueError, match="one weight"):
        Weighted(["a"], [1, 2])
    with pytest.raises(ValueError, match="at least one"):
        Weighted([], [])


def test_the_same_seed_draws_the_same() -> None:
    think, jobs = ThinkTimes(12, 60), zipf(range(100), 1)
    first, second = Random("1/7"), Random("1/7")
    for _ in range(50):
        assert think.draw(first) == think.draw(second)
        assert jobs.draw(first) == jobs.draw(second)
