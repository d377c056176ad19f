"""The choice that is regretted least over all draws, and why each other one is not it.

After Netflix's service capacity modeling: every draw has a best size of its own, and a choice
is regretted by the money it differs, the more when it fell short. With linear regret the best
choice is the newsvendor's quantile, short / (short + 1) (Arrow, Harris & Marschak 1951,
Econometrica 19:250); a factor of 10 plans for 91 % of the draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from capacity.errors import UsageError
from capacity.figures import exact, number, plural
from capacity.inputs import Array


class HopelessError(UsageError):
    """Targets that no number of pods holds."""


@dataclass(frozen=True, slots=True)
class Option:
    """One size: the share of draws it is enough for, its mean regret in USD a month, and why."""

    size: float
    enough: float
    regret_usd: float
    chosen: bool
    why: str


def candidates(needed: Array, steps: Sequence[float] | None = None) -> Array:
    """Sizes worth weighing: those draws need, from the least to the greatest that is finite.

    `steps` are the sizes there are, for what comes in steps; else whole numbers, thinned to
    a ladder where they are many.

    Raises `HopelessError` when no draw can be served at all.
    """
    finite = needed[np.isfinite(needed)]
    if finite.size == 0:
        raise HopelessError(
            "no number of pods holds the latency targets, in no draw: the databases' or a single "
            "request's own time is too long; see --set slo.p95=... and --set machine.speed=..."
        )
    if steps is not None:
        sizes = np.asarray(steps, dtype=float)
        first = sizes[sizes >= finite.min()]
        low = first[0] if first.size else sizes[-1]
        high = sizes[sizes >= finite.max()]
        kept = (sizes >= low) & (sizes <= (high[0] if high.size else sizes[-1]))
        return np.asarray(sizes[kept])
    low, high = np.ceil(finite.min()), np.ceil(finite.max())
    if high - low < 30:
        return np.arange(low, high + 1)
    return np.unique(np.ceil(np.geomspace(low, high, 30)))


def least_regret(
    needed: Array, sizes: Array, usd_each: float, short: float, what: str
) -> tuple[Option, ...]:
    """Every size of `sizes` weighed against what the draws `needed`; one of them is chosen.

    A size that costs `usd_each` more than needed is regretted by that; one that fell short by
    `short` times what is missing. Draws that nothing serves count for none.
    """
    served = needed[np.isfinite(needed)]
    regrets = [
        float(np.mean(np.where(size >= served, size - served, (served - size) * short)) * usd_each)
        for size in sizes
    ]
    best = int(np.argmin(regrets))
    return tuple(
        Option(
            size=float(size),
            enough=float(np.mean(needed <= size)),
            regret_usd=regrets[position],
            chosen=position == best,
            why=_why(position, best, sizes, served, regrets, what),
        )
        for position, size in enumerate(sizes)
    )


def _why(
    position: int, best: int, sizes: Array, served: Array, regrets: list[float], what: str
) -> str:
    size, missed = sizes[position], float(np.mean(served > sizes[position]))
    if position == best:
        return (
            f"least regretted: enough for {number(100 * (1 - missed))} % of the draws at "
            f"${number(regrets[best])} a month of mean regret"
        )
    more = f"regretted by ${number(regrets[position] - regrets[best])} a month more "
    more += f"than {exact(float(sizes[best]))}"
    if position < best:
        gap = served[served > size] - size
        return (
            f"too few in {number(100 * missed)} % of the draws, by {number(float(gap.mean()))} "
            f"on average; {more}"
        )
    spare = size - np.minimum(served, size)
    return (
        f"{plural(round(float(spare.mean())), what)} spare on average, for the last "
        f"{number(100 * float(np.mean(served > sizes[best])))} % of the draws; {more}"
    )
