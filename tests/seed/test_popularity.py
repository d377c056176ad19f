"""Skewed counts and pairs that never repeat."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_app.seed.popularity import counts, distinct_partners, power_law


def test_power_law_falls_by_its_exponent_and_sums_to_one() -> None:
    weights = power_law(1_000, exponent=0.8)
    assert weights.sum() == pytest.approx(1.0)
    assert weights[0] / weights[99] == pytest.approx(100**0.8)


def test_a_shift_flattens_the_top() -> None:
    weights = power_law(1_000, exponent=1.0, shift=9)
    assert weights[0] / weights[9] == pytest.approx(1.9)


@given(
    seed=st.integers(0, 1_000),
    most=st.lists(st.integers(0, 20), min_size=1, max_size=30),
    share=st.floats(0, 1),
)
def test_counts_add_up_within_their_caps(seed: int, most: list[int], share: float) -> None:
    caps = np.array(most, dtype=np.int64)
    total = int(caps.sum() * share)
    weights = power_law(len(most), exponent=1.0)
    drawn = counts(np.random.default_rng(seed), total, weights, caps)
    assert drawn.sum() == total
    assert (drawn <= caps).all()
    assert (drawn >= 0).all()


def test_counts_leave_out_what_has_no_weight() -> None:
    weights = np.array([0.5, 0.0, 0.5])
    drawn = counts(np.random.default_rng(1), 100, weights, np.full(3, 80))
    assert drawn[1] == 0
    assert drawn.sum() == 100


def test_counts_refuse_what_does_not_fit() -> None:
    weights = np.array([0.5, 0.0, 0.5])
    with pytest.raises(ValueError, match="21 draws do not fit"):
        counts(np.random.default_rng(1), 21, weights, np.full(3, 10))


@given(seed=st.integers(0, 1_000), wants=st.lists(st.integers(0, 12), min_size=1, max_size=20))
def test_partners_are_distinct_and_within_reach(seed: int, wants: list[int]) -> None:
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(len(wants)), wants)
    reach = np.repeat(rng.integers(25, 50, len(wants)), wants)
    partners = distinct_partners(rng, owners, reach, np.cumsum(rng.lognormal(size=50)))
    assert len(set(zip(owners.tolist(), partners.tolist(), strict=True))) == len(owners)
    assert (partners < reach).all()
    assert (partners >= 0).all()


def test_partners_follow_their_weights() -> None:
    rng = np.random.default_rng(3)
    owners = np.arange(20_000)
    partners = distinct_partners(rng, owners, np.full(20_000, 3), np.cumsum([1.0, 2.0, 7.0]))
    assert np.bincount(partners) / 20_000 == pytest.approx([0.1, 0.2, 0.7], abs=0.02)


def test_more_partners_than_there_are_is_an_error_and_ends() -> None:
    owners = np.zeros(4, dtype=np.int64)
    with pytest.raises(ValueError, match="too few partners"):
        distinct_partners(np.random.default_rng(1), owners, np.full(4, 3), np.cumsum(np.ones(3)))
