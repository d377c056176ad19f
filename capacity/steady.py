"""Whether a run had settled, found in its own readings instead of assumed.

How it began is cut off by MSER-5 (White, Cobb & Spratt, "A comparison of five steady-state
truncation heuristics for simulation", Winter Simulation Conference 2000): of the means of
five readings each leave out as many first ones, up to half, as make the standard error of
the rest's mean least. What is left must not go on rising: Kendall's rank test against time
(Mann, "Nonparametric tests against trend", Econometrica 13, 1945), exact and one-sided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial

BATCH = 5
"""Readings to a mean, as the rule's name has it."""
FEWEST_BATCHES = 10
"""Half of fewer cannot show a trend at `TREND_CHANCE`, however clear it is."""
TREND_CHANCE = 0.01
"""How seldom a level series may be taken for a rising one."""
TREND_SIZE = 0.1
"""The least rise worth the name, from the first half of what is left to the second."""


@dataclass(frozen=True, slots=True)
class Settling:
    """When a series settled: after how many of its readings; None when it did not.

    `enough` says whether it was long enough to tell.
    """

    after: int | None
    enough: bool


def settling(readings: Sequence[float]) -> Settling:
    """When `readings`, one a second, settled."""
    means = [
        sum(readings[at : at + BATCH]) / BATCH for at in range(0, len(readings) - BATCH + 1, BATCH)
    ]
    if len(means) < FEWEST_BATCHES:
        return Settling(None, enough=False)
    cut = min(range(len(means) // 2 + 1), key=lambda cut: _squared_error(means[cut:]))
    return Settling(None if _rises(means[cut:]) else cut * BATCH, enough=True)


def _squared_error(means: Sequence[float]) -> float:
    """The squared standard error of their mean, up to a constant."""
    centre = sum(means) / len(means)
    return sum((mean - centre) ** 2 for mean in means) / len(means) ** 2


def _rises(means: Sequence[float]) -> bool:
    half = len(means) // 2
    before, after = sum(means[:half]) / half, sum(means[-half:]) / half
    if after <= before * (1 + TREND_SIZE):
        return False
    falling = sum(later < earlier for earlier, later in combinations(means, 2))
    return _chance_of_falling_pairs(len(means), falling) < TREND_CHANCE


def _chance_of_falling_pairs(values: int, most: int) -> float:
    """How likely `values` in random order have at most `most` pairs that fall.

    The n-th value put among those before it makes from 0 to n - 1 such pairs, each as
    likely: their sum's distribution is built up value by value.
    """
    ways = [1]
    for number in range(2, values + 1):
        longer = [0] * (len(ways) + number - 1)
        for pairs, count in enumerate(ways):
            for more in range(number):
                longer[pairs + more] += count
        ways = longer
    return sum(ways[: most + 1]) / factorial(values)
