"""Whether a run had settled, found in its own readings instead of assumed.

MSER-5 (White, Cobb & Spratt, "A comparison of five steady-state truncation heuristics for
simulation", Winter Simulation Conference 2000): of the means of five readings each, leave
out as many first ones as make the standard error of the rest's mean least. A series whose
best cut lies in its second half has not settled.
"""

from collections.abc import Sequence
from dataclasses import dataclass

BATCH = 5
"""Readings to a mean, as the rule's name has it."""
FEWEST_BATCHES = 4
"""Below these there is nothing to tell a beginning from a rest by."""


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
    cuts = range(len(means) - 1)
    best = min(cuts, key=lambda cut: _squared_error(means[cut:]))
    # the rule's own condition: past the half the least error is that of too few means
    return Settling(best * BATCH if best <= len(means) // 2 else None, enough=True)


def _squared_error(means: Sequence[float]) -> float:
    """The squared standard error of their mean, up to a constant."""
    centre = sum(means) / len(means)
    return sum((mean - centre) ** 2 for mean in means) / len(means) ** 2
