"""Exact tests and corrections against values that can be worked out by hand or by scipy."""

import numpy as np
import pytest
from scipy import stats

from capacity.compare import significance


def test_signed_rank_is_exact() -> None:
    # all eight above: one of 2 ** 8 ways of the signs
    assert significance.signed_rank([0.1 * n for n in range(1, 9)]) == 2**-8
    # the smallest of five below: sums 14 and 15 of 32 ways
    assert significance.signed_rank([-0.1, 0.2, 0.3, 0.4, 0.5]) == 2 / 32
    changes = np.random.default_rng(3).normal(0.03, 0.1, 15).tolist()
    theirs = stats.wilcoxon(changes, alternative="greater", method="exact").pvalue
    assert significance.signed_rank(changes) == pytest.approx(float(theirs))


def test_signed_rank_counts_ties_and_leaves_out_equals() -> None:
    # two of the same size on either side: half of the ways reach as far
    assert significance.signed_rank([0.2, -0.2]) == 0.75
    assert significance.signed_rank([0.0, 0.0, 0.0]) == 1.0
    assert significance.signed_rank([0.0, 0.25, 0.25, 0.0]) == 0.25


def test_rank_sum_is_exact() -> None:
    base, head = [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]
    assert significance.rank_sum(base, head) == pytest.approx(1 / 20)
    assert significance.rank_sum(head, base) == 1.0
    chance = np.random.default_rng(4)
    base, head = chance.normal(0, 1, 7).tolist(), chance.normal(0.7, 1, 9).tolist()
    theirs = stats.mannwhitneyu(head, base, alternative="greater", method="exact").pvalue
    assert significance.rank_sum(base, head) == pytest.approx(float(theirs))


def test_rank_sum_counts_ties() -> None:
    assert significance.rank_sum([1.0, 1.0], [1.0, 1.0]) == 1.0
    # of the six ways to choose two, one has both twos and four have one
    assert significance.rank_sum([1.0, 1.0], [2.0, 2.0]) == pytest.approx(1 / 6)
    assert significance.rank_sum([1.0, 2.0], [1.0, 2.0]) == pytest.approx(5 / 6)


def test_holm() -> None:
    assert significance.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert significance.holm([0.6, 0.6]) == [1.0, 1.0]
    assert significance.holm([]) == []


def test_the_interval_covers_the_median_about_as_often_as_it_says() -> None:
    chance = np.random.default_rng(5)
    covered = 0
    for number in range(200):
        low, high = significance.median_interval(
            chance.normal(0.1, 0.05, 12).tolist(), 0.95, seed=number
        )
        covered += low <= 0.1 <= high
    assert 175 <= covered <= 200


def test_the_interval_of_two_sets_lies_around_their_difference() -> None:
    chance = np.random.default_rng(6)
    base, head = chance.normal(2.0, 0.02, 20).tolist(), chance.normal(2.3, 0.02, 20).tolist()
    low, high = significance.difference_interval(base, head, 0.95)
    assert 0.25 < low < 0.3 < high < 0.35


@pytest.mark.parametrize(("questions", "needed"), [(1, 5), (5, 7), (17, 9), (100, 11)])
def test_pairs_needed(questions: int, needed: int) -> None:
    assert significance.pairs_needed(questions, 0.05) == needed
    assert questions * significance.least_chance(needed, paired=True) <= 0.05
    assert questions * significance.least_chance(needed - 1, paired=True) > 0.05
