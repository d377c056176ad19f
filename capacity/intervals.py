"""How sure a measured figure is: 95 % intervals for shares, quantiles and rates.

Every function is pure and deterministic. `None` as an end means the data do not
bound the figure on that side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, expm1, isclose, log, log1p, sqrt

CONFIDENCE = 0.95
LARGEST_BLOCKS = 20
"""Blocks of seconds for a rate's interval: enough degrees of freedom, long enough to be apart."""
FEWEST_BLOCKS = 5


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true figure lies with the given confidence; in the unit of that figure."""

    low: float | None
    high: float | None
    method: str
    confidence: float = CONFIDENCE

    def scaled(self, factor: float) -> "Interval":
        """The same interval in a unit `factor` times smaller."""
        return Interval(
            None if self.low is None else self.low * factor,
            None if self.high is None else self.high * factor,
            self.method,
            self.confidence,
        )


def clopper_pearson(events: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """The exact interval of a share of `events` in `trials`, as fractions.

    Clopper & Pearson 1934, Biometrika 26:404. With no event (or nothing else)
    only one side is open to chance, so that side gets the whole error: no event
    in 3,000 trials bounds the share below 0.1 % at 95 % (the "rule of three").

    Raises `ValueError` unless 0 <= events <= trials and trials > 0.
    """
    from scipy.special import betaincinv

    if trials <= 0 or not 0 <= events <= trials:
        raise ValueError(f"{events} events in {trials} trials is not a share")
    error = 1 - confidence
    if events == 0:
        return Interval(0.0, -expm1(log(error) / trials), "exact binomial", confidence)
    if events == trials:
        return Interval(1 + expm1(log(error) / trials), 1.0, "exact binomial", confidence)
    low = float(betaincinv(events, trials - events + 1, error / 2))
    high = float(betaincinv(events + 1, trials - events, 1 - error / 2))
    return Interval(low, high, "exact binomial", confidence)


def clean_trials_needed(limit: float, confidence: float = CONFIDENCE) -> int:
    """How many trials without one event show that the share is below `limit` (a fraction)."""
    if not 0 < limit < 1:
        raise ValueError("a limit on a share lies between 0 and 1")
    return ceil(log(1 - confidence) / log1p(-limit))


def quantile_ranks(
    samples: int, fraction: float, confidence: float = CONFIDENCE
) -> tuple[int | None, int | None]:
    """Ranks (1-based) of the order statistics that enclose the `fraction` quantile.

    Free of any assumption on the distribution: the number of samples below the
    quantile is binomial (David & Nagaraja, Order Statistics, 3rd ed., 7.1).
    None where even the first or last sample does not bound it.
    """
    if samples <= 0 or not 0 < fraction < 1:
        raise ValueError("ranks need samples and a fraction between 0 and 1")
    tail = (1 - confidence) / 2
    below = _largest_count_within(samples, fraction, tail)
    above = _largest_count_within(samples, 1 - fraction, tail)
    low = None if below is None else below + 1
    high = None if above is None else samples - above
    return low, high


def _largest_count_within(samples: int, fraction: float, tail: float) -> int | None:
    """The largest k with P(Binomial(samples, fraction) <= k) <= tail; None if 0 is likelier."""
    from scipy.special import bdtr

    if float(bdtr(0, samples, fraction)) > tail:
        return None
    low, high = 0, samples  # P(<= low) <= tail < P(<= high) = 1
    while high - low > 1:
        middle = (low + high) // 2
        if float(bdtr(middle, samples, fraction)) <= tail:
            low = middle
        else:
            high = middle
    return low


def ratio(
    tops: Sequence[float], bottoms: Sequence[float], confidence: float = CONFIDENCE
) -> tuple[float, Interval]:
    """The ratio of two sums over time and its interval.

    `tops` and `bottoms` hold one value per second; a mean per second is the
    ratio to a row of ones. Neighbouring seconds resemble each other, so the
    interval is Student's on blocks of seconds, by the jackknife (Efron & Stein
    1981; batch means as in Law, Simulation Modeling and Analysis, 9.5).

    Fewer than five seconds leave it unbounded. Raises `ValueError` when the
    rows differ in length or `bottoms` sum to nothing.
    """
    if len(tops) != len(bottoms) or not sum(bottoms) > 0:
        raise ValueError("a ratio needs as many numerators as denominators, not all zero")
    whole = sum(tops) / sum(bottoms)
    method = "jackknife over time"
    left_out = _leave_one_block_out(tops, bottoms)
    if left_out is None:
        return whole, Interval(None, None, method, confidence)
    if all(isclose(value, whole, rel_tol=1e-12, abs_tol=1e-15) for value in left_out):
        return whole, Interval(whole, whole, method, confidence)
    from scipy.special import stdtrit

    blocks = len(left_out)
    centre = sum(left_out) / blocks
    error = sqrt((blocks - 1) / blocks * sum((value - centre) ** 2 for value in left_out))
    half = float(stdtrit(blocks - 1, (1 + confidence) / 2)) * error
    return whole, Interval(whole - half, whole + half, method, confidence)


def _leave_one_block_out(tops: Sequence[float], bottoms: Sequence[float]) -> list[float] | None:
    """The ratio without each block in turn; None when there are too few seconds for blocks."""
    seconds = len(tops)
    if seconds < FEWEST_BLOCKS:
        return None
    blocks = max(FEWEST_BLOCKS, min(LARGEST_BLOCKS, seconds // 3))
    edges = [round(seconds * part / blocks) for part in range(blocks + 1)]
    top, bottom = sum(tops), sum(bottoms)
    kept = []
    for start, end in pairwise(edges):
        rest = bottom - sum(bottoms[start:end])
        if not rest > 0:
            return None
        kept.append((top - sum(tops[start:end])) / rest)
    return kept
