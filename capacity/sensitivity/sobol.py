"""Sobol indices: what share of an outcome's variance each input makes.

The first-order index counts an input alone, the total one every interaction it takes part in.
Estimators on two independent matrices A and B and on A with a column of B: the first-order
one of Saltelli et al. 2010, Computer Physics Communications 181:259, table 2 (b), the total
one of Jansen 1999, ibid. 117:35 (table 2 (f) there).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from capacity.inputs import Array, Inputs
from capacity.sensitivity.tornado import Outcomes


@dataclass(frozen=True, slots=True)
class Index:
    """One input's indices; estimates, so a small one may come out below zero."""

    name: str
    first: float
    total: float


def sobol(
    inputs: Inputs, names: Sequence[str], outcomes: Outcomes, count: int, seed: int
) -> dict[str, tuple[Index, ...]]:
    """Indices of the inputs `names` for each outcome, the largest total first.

    All other inputs stay in the middle. Takes `count` x (names + 2) evaluations in one pass.
    An outcome that is infinite in some draw, or the same in all, has no indices.
    """
    chosen = Inputs({name: inputs.known[name] for name in names})
    random = np.random.default_rng(seed)
    a = random.random((count, len(names)))
    b = random.random((count, len(names)))
    blocks = [a, b]
    for column in range(len(names)):
        mixed = a.copy()
        mixed[:, column] = b[:, column]
        blocks.append(mixed)
    uniforms = np.concatenate(blocks)
    values = {
        name: np.full(len(uniforms), value[0]) for name, value in inputs.mids().items()
    } | chosen.at(uniforms)
    return {
        outcome: _indices(names, found.reshape(len(blocks), count))
        for outcome, found in outcomes(values).items()
    }


def _indices(names: Sequence[str], rows: Array) -> tuple[Index, ...]:
    at_a, at_b = rows[0], rows[1]
    both = np.concatenate([at_a, at_b])
    if not np.isfinite(rows).all() or np.ptp(both) == 0:
        return ()
    variance = float(np.var(both))
    # taking the mean off changes no index and loses no digits to it
    centre = both.mean()
    found = [
        Index(
            name,
            float(np.mean((at_b - centre) * (mixed - at_a)) / variance),
            float(np.mean((at_a - mixed) ** 2) / 2 / variance),
        )
        for name, mixed in zip(names, rows[2:], strict=True)
    ]
    return tuple(sorted(found, key=lambda one: -one.total))
