"""One at a time: each input at its low and its high end, all others in the middle."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from capacity.inputs import Array, Inputs, Values

Outcomes = Callable[[Values], Mapping[str, Array]]
"""Values of the inputs -> named outcomes, all in every draw."""


@dataclass(frozen=True, slots=True)
class Swing:
    """What an outcome is with one input at its ends."""

    name: str
    at_low: float
    at_high: float

    @property
    def width(self) -> float:
        """How far the input moves the outcome."""
        return abs(self.at_high - self.at_low)


def tornado(inputs: Inputs, outcomes: Outcomes) -> dict[str, tuple[Swing, ...]]:
    """For each outcome the inputs that move it, the widest swing first.

    All 2 x inputs cases are one pass. Inputs without an interval are left out.
    """
    doubtful = [name for name, one in inputs.known.items() if one.high > one.low]
    if not doubtful:
        return dict.fromkeys(outcomes(inputs.mids()), ())
    cases = {name: np.full(2 * len(doubtful), value[0]) for name, value in inputs.mids().items()}
    for position, name in enumerate(doubtful):
        cases[name][2 * position] = inputs.known[name].low
        cases[name][2 * position + 1] = inputs.known[name].high
    found = {}
    for outcome, values in outcomes(cases).items():
        swings = [
            Swing(name, float(values[2 * position]), float(values[2 * position + 1]))
            for position, name in enumerate(doubtful)
        ]
        moving = [one for one in swings if one.width > 0]
        found[outcome] = tuple(sorted(moving, key=lambda one: -one.width))
    return found
