"""Where a series of figures changes its level: E-divisive.

Matteson & James 2014, "A Nonparametric Approach for Multiple Change Point Analysis of
Multivariate Data", JASA 109:334, with their permutation test. Apache Otava looks for change
points with the same measure, but tests them by Student's t in overlapping windows, because
permutations cost time and give another answer each time (Fleming et al. 2023, "Hunter").
Here the permutations are seeded, and the series are short enough to afford them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

SHORTEST = 3
"""The fewest figures on either side of a change; fewer are no level."""
SIGNIFICANCE = 0.01
PERMUTATIONS = 499
SEED = 1

Distances = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The first figure of a new level, and the chance of such a change where there is none."""

    index: int
    chance: float


def change_points(
    values: Sequence[float],
    *,
    significance: float = SIGNIFICANCE,
    permutations: int = PERMUTATIONS,
    seed: int = SEED,
) -> list[ChangePoint]:
    """The change points of `values`, in order.

    The series is split where its parts differ most, then its parts are, for as long as the
    best split of any part beats all but `significance` of those of the part shuffled.
    """
    found = np.asarray(values, dtype=float)
    distances = np.abs(found[:, None] - found[None, :])
    chance = np.random.default_rng(seed)
    edges = [0, len(found)]
    points: list[ChangePoint] = []
    while True:
        measure, at = _best_of_all(distances, edges)
        if at is None:
            break
        share = _chance(distances, edges, measure, permutations, significance, chance)
        if share > significance:
            break
        points.append(ChangePoint(at, share))
        edges = sorted([*edges, at])
    return sorted(points, key=lambda point: point.index)


def _chance(
    distances: Distances,
    edges: Sequence[int],
    measure: float,
    permutations: int,
    significance: float,
    chance: np.random.Generator,
) -> float:
    """The share of shuffled series, this one counted, that split as well; at least so much.

    What is more than `significance` already need not be known better.
    """
    beaten = 1
    for _ in range(permutations):
        beaten += _best_of_all(_shuffled(distances, edges, chance), edges)[0] >= measure
        if beaten > significance * (permutations + 1):
            break
    return beaten / (permutations + 1)


def _best_of_all(distances: Distances, edges: Sequence[int]) -> tuple[float, int | None]:
    """The largest measure of any split of any part, and where it is."""
    best: tuple[float, int | None] = (0.0, None)
    for start, end in pairwise(edges):
        measure, at = _best_split(distances[start:end, start:end])
        if at is not None and measure > best[0]:
            best = (measure, start + at)
    return best


def _best_split(distances: Distances) -> tuple[float, int | None]:
    """The split of one part whose sides differ most, by the scaled energy distance.

    Q(tau, kappa) = tau (kappa - tau) / kappa * E, where E is twice the mean distance between
    the first tau and the following ones up to kappa, less the mean distances within either
    (equations 5 to 7, with alpha = 1). `kappa` lets a later change not hide an earlier one.
    """
    length = len(distances)
    if length < 2 * SHORTEST:
        return 0.0, None
    sums = np.zeros((length + 1, length + 1))
    sums[1:, 1:] = distances.cumsum(axis=0).cumsum(axis=1)
    first = np.arange(SHORTEST, length - SHORTEST + 1)[:, None]
    end = np.arange(2 * SHORTEST, length + 1)[None, :]
    second = end - first
    fits = second >= SHORTEST
    size = np.where(fits, second, SHORTEST)  # what does not fit is thrown away below
    diagonal = np.diag(sums)
    before = diagonal[first] / (first * (first - 1))
    between = sums[first, end] - diagonal[first]
    after = (diagonal[end] - 2 * sums[first, end] + diagonal[first]) / (size * (size - 1))
    energy = 2 * between / (first * size) - before - after
    measure = np.where(fits, first * size / end * energy, -np.inf)
    place = int(measure.argmax())
    row, column = divmod(place, measure.shape[1])
    return float(measure[row, column]), int(first[row, 0])


def _shuffled(distances: Distances, edges: Sequence[int], chance: np.random.Generator) -> Distances:
    """The distances of the same figures, those of each part in another order."""
    order = np.concatenate(
        [start + chance.permutation(end - start) for start, end in pairwise(edges)]
    )
    shuffled: Distances = distances[np.ix_(order, order)]
    return shuffled
