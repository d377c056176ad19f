"""The choice regretted least, and why others are not it."""

import numpy as np
import pytest

from capacity.errors import UsageError
from capacity.plan.regret import candidates, least_regret


def test_with_equal_regret_the_median_is_chosen_with_more_the_quantile() -> None:
    needed = np.arange(1.0, 101.0)
    sizes = candidates(needed, range(1, 101))
    for short, expected in ((1, 50), (9, 90), (99, 99)):
        chosen = [one for one in least_regret(needed, sizes, 25, short, "pod") if one.chosen]
        assert [one.size for one in chosen] == [pytest.approx(expected, abs=1)]


def test_regret_is_money_spent_in_vain_or_missed() -> None:
    needed = np.array([2.0, 2.0, 4.0, 4.0])
    options = least_regret(needed, np.array([2.0, 3.0, 4.0]), 10, 5, "pod")
    # 2: half the draws miss two pods at 5 x $10; 4: half have two spare
    assert [one.regret_usd for one in options] == pytest.approx([50, 30, 10])
    assert [one.enough for one in options] == [0.5, 0.5, 1]
    assert [one.chosen for one in options] == [False, False, True]
    assert options[0].why == (
        "too few in 50.0 % of the draws, by 2.00 on average; regretted by $40.0 a month more than 4"
    )
    assert options[2].why.startswith("least regretted: enough for 100 % of the draws")


def test_draws_nothing_serves_lower_the_share_but_do_not_decide() -> None:
    needed = np.array([2.0, 2.0, np.inf, np.inf])
    (only,) = least_regret(needed, candidates(needed), 10, 5, "pod")
    assert (only.size, only.enough, only.regret_usd) == (2, 0.5, 0)


def test_sizes_come_in_steps_where_they_do() -> None:
    needed = np.array([0.3, 5.0])
    assert candidates(needed, (1.0, 2.0, 4.0, 8.0, 16.0)).tolist() == [1, 2, 4, 8]
    assert candidates(np.array([40.0]), (1.0, 2.0)).tolist() == [2]


def test_many_sizes_are_thinned_to_a_ladder() -> None:
    sizes = candidates(np.linspace(100, 5000, 1000))
    assert sizes.size <= 30
    assert (sizes[0], sizes[-1]) == (100, 5000)


def test_targets_that_no_number_of_pods_holds_are_one_clear_line() -> None:
    with pytest.raises(UsageError, match="no number of pods holds the latency targets"):
        candidates(np.array([np.inf, np.inf]))
