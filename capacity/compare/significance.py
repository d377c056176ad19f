"""How sure a change is: exact tests of few pairs, a bootstrap interval, Holm's correction.

Everything takes worsenings, differences of `Statistic.position`: numbers that add up, the
worse direction up.
Randomness is seeded: the same numbers give the same answer.
"""

from collections.abc import Sequence
from math import ceil, comb, erfc, log2, sqrt

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 4_000
SEED = 1


def median_interval(
    changes: Sequence[float], confidence: float, seed: int = SEED
) -> tuple[float, float]:
    """The interval of the median of paired changes, by resampling the pairs.

    Percentile bootstrap (Efron & Tibshirani 1993, An Introduction to the Bootstrap, 13.3).
    """
    found = np.asarray(changes)
    chance = np.random.default_rng(seed)
    medians = _medians(found, chance)
    return _ends(medians, confidence)


def difference_interval(
    bases: Sequence[float], heads: Sequence[float], confidence: float, seed: int = SEED
) -> tuple[float, float]:
    """The interval of the difference of two medians, by resampling each side by itself."""
    chance = np.random.default_rng(seed)
    lower = _medians(np.asarray(bases), chance)
    return _ends(_medians(np.asarray(heads), chance) - lower, confidence)


def _medians(values: NDArray[np.float64], chance: np.random.Generator) -> NDArray[np.float64]:
    drawn = chance.integers(0, len(values), (RESAMPLES, len(values)))
    medians: NDArray[np.float64] = np.median(values[drawn], axis=1)
    return medians


def _ends(values: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, (tail, 1 - tail))
    return float(low), float(high)


def signed_rank(changes: Sequence[float]) -> float:
    """The chance of pairs this far for the worse if there were no change.

    Wilcoxon's signed-rank test, one-sided and exact, mid-ranks for ties (Hollander, Wolfe
    & Chicken 2014, Nonparametric Statistical Methods, 3.1). Under no change the signs are
    coin flips, because the order within each pair was drawn. A pair of equals speaks for
    neither side and is left out.
    """
    apart = [change for change in changes if change != 0]
    if not apart:
        return 1.0
    # doubled, so that mid-ranks are whole numbers
    ranks = _doubled_ranks([abs(one) for one in apart])
    reached = sum(rank for rank, one in zip(ranks, apart, strict=True) if one > 0)
    ways = np.zeros(sum(ranks) + 1)
    ways[0] = 1.0
    for rank in ranks:
        ways[rank:] = ways[rank:] / 2 + ways[:-rank] / 2
        ways[:rank] /= 2
    return min(1.0, float(ways[reached:].sum()))


def rank_sum(bases: Sequence[float], heads: Sequence[float]) -> float:
    """The same for two sets of runs that were not paired: Mann & Whitney's test, one-sided.

    Exact by counting (Mann & Whitney 1947, Ann. Math. Statist. 18:50), mid-ranks for ties.
    """
    ranks = _doubled_ranks([*bases, *heads])
    reached = sum(ranks[len(bases) :])
    # ways[k][s]: how many choices of k of the ranks seen so far have the sum s
    ways = np.zeros((len(heads) + 1, sum(ranks) + 1))
    ways[0, 0] = 1.0
    for rank in ranks:
        ways[1:, rank:] += ways[:-1, :-rank].copy()
    chosen = ways[len(heads)]
    return min(1.0, float(chosen[reached:].sum() / chosen.sum()))


def _doubled_ranks(values: Sequence[float]) -> list[int]:
    """Twice the rank of each value, the mean rank among equals."""
    found = np.asarray(values)
    below = (found[:, None] > found[None, :]).sum(axis=1)
    equal = (found[:, None] == found[None, :]).sum(axis=1)
    return [int(one) for one in 2 * below + equal + 1]


def normal_tail(change: float, error: float) -> float:
    """The chance of a change this far for the worse if there were none, its error known."""
    if error == 0:
        return 0.0 if change > 0 else 1.0
    return erfc(change / error / sqrt(2)) / 2


def holm(chances: Sequence[float]) -> list[float]:
    """Each chance corrected for how many were asked for; in their order.

    Holm 1979, Scand. J. Statist. 6:65: the k-th smallest of m counts m - k + 1 times, and
    never less than the one before it.
    """
    corrected = [0.0] * len(chances)
    worst = 0.0
    for rank, place in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        worst = max(worst, min(1.0, (len(chances) - rank) * chances[place]))
        corrected[place] = worst
    return corrected


def least_chance(rounds: int, *, paired: bool) -> float:
    """The smallest chance the exact tests can give for so many runs of each side."""
    return 0.5**rounds if paired else 1 / comb(2 * rounds, rounds)


def pairs_needed(questions: int, alpha: float) -> int:
    """The fewest pairs that can show a change among so many questions."""
    return max(1, ceil(log2(max(1, questions) / alpha)))
