"""E-divisive on series whose changes are known."""

import numpy as np
import pytest

from capacity.change_points import change_points


def series(*levels: tuple[float, int], spread: float = 0.02, seed: int = 1) -> list[float]:
    chance = np.random.default_rng(seed)
    return [float(value) for mean, count in levels for value in chance.normal(mean, spread, count)]


@pytest.mark.parametrize("seed", range(3))
def test_a_step_is_found_where_it_is(seed: int) -> None:
    (point,) = change_points(series((1.0, 20), (1.1, 15), seed=seed))
    assert abs(point.index - 20) <= 1
    assert point.chance <= 0.01


def test_several_steps_are_found_though_the_last_goes_back() -> None:
    found = change_points(series((1.0, 20), (1.2, 20), (1.0, 20)))
    assert [point.index for point in found] == [20, 40]


def test_noise_alone_has_no_change() -> None:
    found = sum(
        bool(change_points(series((1.0, 40), seed=seed), permutations=199)) for seed in range(10)
    )
    assert found <= 1


def test_one_outlier_is_no_level() -> None:
    values = series((1.0, 30))
    values[12] = 3.0
    assert change_points(values) == []


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0, 3.0, 4.0, 5.0], [2.0] * 30])
def test_too_few_figures_and_equal_ones_have_no_change(values: list[float]) -> None:
    assert change_points(values) == []


def test_the_same_series_gives_the_same_answer() -> None:
    values = series((1.0, 12), (1.05, 9), spread=0.03, seed=7)
    assert change_points(values) == change_points(values)
