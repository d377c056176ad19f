"""Intervals against closed forms and published values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.intervals import clean_trials_needed, clopper_pearson, quantile_ranks, ratio


def test_no_error_in_3000_bounds_the_rate_below_a_thousandth() -> None:
    high = clopper_pearson(0, 3000).high
    assert high is not None
    assert high < 0.001
    assert high == pytest.approx(1 - 0.05 ** (1 / 3000))


def test_2994_clean_requests_are_one_too_few_for_a_thousandth() -> None:
    assert clean_trials_needed(0.001) == 2995
    assert clopper_pearson(0, 2994).high >= 0.001  # type: ignore[operator]
    assert clopper_pearson(0, 2995).high < 0.001  # type: ignore[operator]


# R: binom.test(x, n)$conf.int
@pytest.mark.parametrize(
    ("events", "trials", "low", "high"),
    [(1, 10, 0.002528579, 0.445016117), (5, 10, 0.187086028, 0.812913972)],
)
def test_clopper_pearson_gives_the_published_values(
    events: int, trials: int, low: float, high: float
) -> None:
    bounds = clopper_pearson(events, trials)
    assert bounds.low == pytest.approx(low, rel=1e-6)
    assert bounds.high == pytest.approx(high, rel=1e-6)


def test_all_events_leave_only_the_lower_end_to_chance() -> None:
    bounds = clopper_pearson(20, 20)
    assert bounds.high == 1.0
    assert bounds.low == pytest.approx(0.05 ** (1 / 20))


@pytest.mark.parametrize(("events", "trials"), [(1, 0), (-1, 5), (6, 5)])
def test_what_is_no_share_is_refused(events: int, trials: int) -> None:
    with pytest.raises(ValueError, match="not a share"):
        clopper_pearson(events, trials)


def test_a_p99_of_1000_samples_is_about_p984_to_p996() -> None:
    low, high = quantile_ranks(1000, 0.99)
    assert low is not None
    assert high is not None
    assert low / 1000 == pytest.approx(0.984, abs=0.0011)
    assert high / 1000 == pytest.approx(0.996, abs=0.0011)


def test_the_median_of_ten_lies_between_the_second_and_ninth() -> None:
    # the textbook case: coverage 97.9 %
    assert quantile_ranks(10, 0.5) == (2, 9)


def test_a_quantile_beyond_the_samples_is_not_bounded() -> None:
    # 0.99 ** 367 is 2.502 %, 0.99 ** 368 is 2.477 %
    assert quantile_ranks(367, 0.99)[1] is None
    assert quantile_ranks(368, 0.99)[1] == 368
    assert quantile_ranks(1, 0.5) == (None, None)


@settings(deadline=None)
@given(st.integers(1, 4000), st.floats(0.01, 0.999))
def test_ranks_enclose_the_quantile_and_cover_it(samples: int, fraction: float) -> None:
    from scipy.stats import binom

    low, high = quantile_ranks(samples, fraction)
    below = 0.0 if low is None else float(binom.cdf(low - 1, samples, fraction))
    above = 0.0 if high is None else float(binom.sf(high - 1, samples, fraction))
    assert below <= 0.025 + 1e-9
    assert above <= 0.025 + 1e-9
    if low is not None and high is not None:
        assert 1 <= low <= high <= samples
        # neither end could be closer
        assert float(binom.cdf(low, samples, fraction)) > 0.025 - 1e-9
        assert float(binom.sf(high - 2, samples, fraction)) > 0.025 - 1e-9


def test_a_ratio_is_of_sums_not_a_mean_of_ratios() -> None:
    value, _ = ratio([1, 0, 0, 0, 0, 90], [1, 1, 1, 1, 1, 95])
    assert value == pytest.approx(0.91)


def test_a_constant_rate_is_certain() -> None:
    value, bounds = ratio([5.0] * 30, [1.0] * 30)
    assert (value, bounds.low, bounds.high) == (5.0, 5.0, 5.0)


def test_few_seconds_do_not_bound_a_rate() -> None:
    value, bounds = ratio([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])
    assert value == 2.0
    assert bounds.low is None
    assert bounds.high is None


def test_intervals_of_rates_hold_the_truth_as_often_as_they_say() -> None:
    chance = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        row = chance.poisson(100, 30).astype(float).tolist()
        _, bounds = ratio(row, [1.0] * 30)
        held += bounds.low <= 100 <= bounds.high  # type: ignore[operator]
    assert 0.92 <= held / 400 <= 0.98


@pytest.mark.parametrize(("tops", "bottoms"), [([1.0], [1.0, 2.0]), ([1.0], [0.0])])
def test_what_is_no_ratio_is_refused(tops: list[float], bottoms: list[float]) -> None:
    with pytest.raises(ValueError, match="ratio"):
        ratio(tops, bottoms)
