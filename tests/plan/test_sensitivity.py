"""Tornado and Sobol indices, against a function whose indices are known."""

import numpy as np
import pytest

from capacity.inputs import Array, Input, Inputs, Values
from capacity.sensitivity.sobol import sobol
from capacity.sensitivity.tornado import tornado


def _input(low: float, mid: float, high: float) -> Input:
    return Input(low=low, mid=mid, high=high, unit="x", reason="r", least=-10)


INPUTS = Inputs(
    {
        "a": _input(-1, 0, 1),
        "b": _input(-1, 0, 1),
        "c": _input(-1, 0, 1),
        "still": _input(5, 5, 5),
    }
)


def additive(values: Values) -> dict[str, Array]:
    return {"y": 3 * values["a"] + values["b"] + 0 * values["c"]}


def product(values: Values) -> dict[str, Array]:
    return {"y": values["a"] * values["b"]}


def test_of_a_sum_each_makes_its_own_share_of_the_variance() -> None:
    found = {one.name: one for one in sobol(INPUTS, ["a", "b", "c"], additive, 4096, 1)["y"]}
    assert found["a"].first == pytest.approx(0.9, abs=0.05)
    assert found["b"].first == pytest.approx(0.1, abs=0.05)
    assert found["c"].total == pytest.approx(0, abs=1e-9)
    assert found["a"].total == pytest.approx(found["a"].first, abs=0.05)


def test_of_a_product_none_matters_alone_and_both_together() -> None:
    found = {one.name: one for one in sobol(INPUTS, ["a", "b"], product, 4096, 1)["y"]}
    for one in found.values():
        assert one.first == pytest.approx(0, abs=0.05)
        assert one.total == pytest.approx(1, abs=0.1)


def test_the_largest_comes_first_and_the_seed_decides() -> None:
    found = sobol(INPUTS, ["b", "a"], additive, 512, 1)["y"]
    assert [one.name for one in found] == ["a", "b"]
    assert sobol(INPUTS, ["b", "a"], additive, 512, 1)["y"] == found
    assert sobol(INPUTS, ["b", "a"], additive, 512, 2)["y"] != found


def test_an_outcome_without_variance_has_no_indices() -> None:
    def still(values: Values) -> dict[str, Array]:
        return {"y": values["still"], "z": np.full_like(values["a"], np.inf)}

    assert sobol(INPUTS, ["a"], still, 64, 1) == {"y": (), "z": ()}


def test_a_tornado_moves_one_input_at_a_time() -> None:
    (first, second) = tornado(INPUTS, additive)["y"]
    assert (first.name, first.at_low, first.at_high) == ("a", -3, 3)
    assert (second.name, second.at_low, second.at_high) == ("b", -1, 1)
    assert first.width == 6


def test_ishigami_s_function_has_its_published_indices() -> None:
    # Ishigami & Homma 1990 with a = 7, b = 0.1 on uniform inputs in [-pi, pi]
    def ishigami(values: Values) -> dict[str, Array]:
        x, y, z = (_uniform(values[name]) for name in ("a", "b", "c"))
        return {"y": np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)}

    found = {one.name: one for one in sobol(INPUTS, ["a", "b", "c"], ishigami, 8192, 3)["y"]}
    assert [found[name].first for name in "abc"] == pytest.approx([0.314, 0.442, 0], abs=0.05)
    assert [found[name].total for name in "abc"] == pytest.approx([0.558, 0.442, 0.244], abs=0.05)


def _uniform(triangular: Array) -> Array:
    """From a symmetric triangular value in [-1, 1] to a uniform one in [-pi, pi]."""
    below = (1 + triangular) ** 2 / 2
    share = np.where(triangular < 0, below, 1 - (1 - triangular) ** 2 / 2)
    return np.asarray((2 * share - 1) * np.pi)
