"""When a series had settled."""

from random import Random

import pytest

from capacity.steady import Settling, settling


def noisy(*levels: float, seed: int = 1, spread: float = 1.0) -> list[float]:
    chance = Random(seed)
    return [level + chance.gauss(0, spread) for level in levels]


def test_a_level_series_has_settled() -> None:
    after = [settling(noisy(*[50.0] * 60, seed=seed, spread=20)).after for seed in range(100)]
    # one in a hundred may be taken for a rising one; four are chance, eight are not
    assert after.count(None) <= 4


@pytest.mark.parametrize("slow_s", [10, 15, 25])
def test_a_slow_beginning_is_cut_off(slow_s: int) -> None:
    beginning = [50 + 300 * 0.8**second for second in range(slow_s)]
    found = settling(noisy(*beginning, *[50.0] * (60 - slow_s)))
    assert found.after is not None
    assert 10 <= found.after <= 30


def test_a_rise_too_small_to_matter_is_none() -> None:
    creeping = [100 + 0.05 * second for second in range(60)]
    assert settling(creeping).after is not None


def test_a_queue_that_grows_never_settles() -> None:
    growing = [20.0 + 15 * second for second in range(60)]
    for seed in range(10):
        found = settling(noisy(*growing, seed=seed, spread=5))
        assert (found.after, found.enough) == (None, True)


def test_what_is_too_short_says_so() -> None:
    assert settling([1.0] * 49).enough is False
    assert settling([]).after is None
    assert settling([1.0] * 50) == Settling(0, enough=True)
