"""The random choices of virtual users, repeatable: thinking times and popularity.

Pure: whoever draws brings the generator, so that the same seed decides the same.
"""

from bisect import bisect
from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import exp, log
from random import Random
from typing import Generic, TypeVar

Choice = TypeVar("Choice")


class ThinkTimes:
    """Exponential thinking times cut off at `cap_s`, with a mean of exactly `mean_s` seconds."""

    def __init__(self, mean_s: float, cap_s: float) -> None:
        self._cap = cap_s
        self._scale = _scale(mean_s, cap_s)
        self._reach = 1 - exp(-cap_s / self._scale)

    def draw(self, chance: Random) -> float:
        """One thinking time, in seconds."""
        return -self._scale * log(1 - chance.random() * self._reach)

    def remaining(self, chance: Random) -> float:
        """What is left of the thinking time of someone met at a random moment, in seconds.

        Long thinking times are met more often: the one met is drawn in
        proportion to its length (by rejection), and the moment is anywhere in it
        (the inspection paradox; Feller, An Introduction to Probability Theory,
        vol. 2, chapter 11). Users who begin so have arrived evenly from the
        first second on, instead of all at once.
        """
        while True:
            whole = self.draw(chance)
            if chance.random() * self._cap < whole:
                return whole * chance.random()


def _scale(mean_s: float, cap_s: float) -> float:
    """The scale at which an exponential cut off at `cap_s` has the mean `mean_s`.

    The mean is s - c / (e^(c/s) - 1); it grows with s, so halving finds it.
    """
    low, high = mean_s, 50 * mean_s
    for _ in range(100):
        middle = (low + high) / 2
        if middle - cap_s / (exp(cap_s / middle) - 1) < mean_s:
            low = middle
        else:
            high = middle
    return (low + high) / 2


class Weighted(Generic[Choice]):
    """Things chosen in proportion to their weights."""

    def __init__(self, choices: Sequence[Choice], weights: Iterable[float]) -> None:
        self._choices = choices
        self._reach = list(accumulate(weights))
        if len(self._reach) != len(choices) or not choices:
            raise ValueError("one weight for each choice, and at least one choice")

    def draw(self, chance: Random) -> Choice:
        """One of the choices."""
        at = bisect(self._reach, chance.random() * self._reach[-1])
        return self._choices[min(at, len(self._choices) - 1)]


def zipf(choices: Sequence[Choice], exponent: float) -> Weighted[Choice]:
    """Choices in order of popularity: the n-th has the weight 1 / n ** exponent."""
    return Weighted(choices, (rank**-exponent for rank in range(1, len(choices) + 1)))
