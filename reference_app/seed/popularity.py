"""Skew: power laws over ranks, counts that follow them, and pairs that never repeat.

All arrays are one-dimensional; `Generator` is numpy's, so that one seed gives one result.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_MOST_REDRAWS = 200


def power_law(n: int, *, exponent: float, shift: float = 0.0) -> Floats:
    """`n` weights that sum to 1 and fall as (rank + shift) ** -exponent (Zipf-Mandelbrot).

    `shift` flattens the very top, so that the first does not take a tenth of everything.
    """
    weights = (np.arange(1, n + 1) + shift) ** -exponent
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def counts(rng: np.random.Generator, total: int, weights: Floats, most: Ints) -> Ints:
    """How often each is drawn in `total` draws, none more than its `most`.

    What the cap cuts off is drawn again among the others. Raises `ValueError`
    when the caps leave no room for `total`.
    """
    allowed = np.where(weights > 0, most, 0)
    if int(allowed.sum()) < total:
        raise ValueError(f"{total} draws do not fit")
    drawn = np.zeros(len(weights), dtype=np.int64)
    while (missing := total - int(drawn.sum())) > 0:
        open_weights = np.where(drawn < allowed, weights, 0.0)
        drawn += rng.multinomial(missing, open_weights / open_weights.sum())
        drawn = np.minimum(drawn, allowed)
    return drawn


def distinct_partners(
    rng: np.random.Generator, owners: Ints, reach: Ints, cumulative: Floats
) -> Ints:
    """For each entry of `owners` a partner below `reach[i]`, no (owner, partner) pair twice.

    `cumulative` is the running sum of the partners' weights, and `reach[i]` (at
    least 1) how many of them, from the first on, entry i may be given. Collisions
    are drawn again; raises `ValueError` if an owner wants so many partners that
    this does not end.
    """
    partners = _draw(rng, reach, cumulative)
    active = np.arange(len(owners))
    for _ in range(_MOST_REDRAWS):
        repeated = active[_repeats(owners[active] * len(cumulative) + partners[active])]
        if not len(repeated):
            return partners
        partners[repeated] = _draw(rng, reach[repeated], cumulative)
        # Only an owner with a collision can have one in the next round.
        unsettled = np.zeros(int(owners.max()) + 1, dtype=np.bool_)
        unsettled[owners[repeated]] = True
        active = active[unsettled[owners[active]]]
    raise ValueError("too few partners for so many distinct pairs")


def _draw(rng: np.random.Generator, reach: Ints, cumulative: Floats) -> Ints:
    """Partners by inverse transform; rounding must not carry one beyond its reach."""
    drawn = np.searchsorted(cumulative, rng.random(len(reach)) * cumulative[reach - 1], "right")
    return np.minimum(drawn, reach - 1)


def _repeats(keys: Ints) -> Ints:
    """Positions whose key stands at an earlier position too."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    return np.asarray(order[1:][ordered[1:] == ordered[:-1]], dtype=np.int64)
