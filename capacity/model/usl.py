"""The Universal Scalability Law: why throughput bends, as a diagnosis.

X(n) = lambda n / (1 + sigma (n - 1) + kappa n (n - 1)) for n users or pods: sigma is the
share that cannot run at once (contention), kappa what every pair costs (coherency). Gunther
2007, Guerrilla Capacity Planning, chapter 4. A diagnosis, not a forecast: beyond twice the
tested load every figure is flagged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from capacity.errors import HmbError
from capacity.evidence import Span

if TYPE_CHECKING:
    import numpy as np

    from capacity.model.arrays import Row

FEWEST_LEVELS = 4
"""Three constants need more than three levels to have any doubt."""
TRUSTED_FACTOR = 2.0


class ScalabilityError(HmbError):
    """Measurements that no scalability curve can be read from."""


@dataclass(frozen=True, slots=True)
class Point:
    """The curve at one size; `beyond` when that is over twice what was tested."""

    size: float
    rate: float
    beyond: bool


@dataclass(frozen=True, slots=True)
class Scalability:
    """The fitted law. `peak` is the size of the highest throughput, None without coherency."""

    unit_rate: Span
    contention: Span
    coherency: Span
    largest_tested: float

    @property
    def peak(self) -> float | None:
        """sqrt((1 - sigma) / kappa): beyond it more users or pods carry less."""
        if self.coherency.mid <= 0 or self.contention.mid >= 1:
            return None
        return sqrt((1 - self.contention.mid) / self.coherency.mid)

    def at(self, size: float) -> Point:
        """Throughput with `size` users or pods."""
        import numpy as np

        constants = self.unit_rate.mid, self.contention.mid, self.coherency.mid
        rate = float(_curve(np.array([size]), *constants)[0])
        return Point(size, rate, size > TRUSTED_FACTOR * self.largest_tested)


def fit(sizes: Sequence[float], rates: Sequence[float]) -> Scalability:
    """The law through measured `rates` at `sizes`, with 95 % intervals.

    Least squares with constants of at least 0 and sigma of at most 1; intervals from the
    curve's tangent (Seber & Wild 1989, Nonlinear Regression, 5.1). Raises
    `ScalabilityError` for fewer than four different sizes, and figures that are not above 0.
    """
    import numpy as np
    from scipy.special import stdtrit

    if len(sizes) != len(rates) or min((*sizes, *rates), default=0) <= 0:
        raise ScalabilityError("a scalability curve needs sizes and throughputs above 0")
    if len(set(sizes)) < FEWEST_LEVELS:
        raise ScalabilityError(
            f"{len(set(sizes))} different sizes are too few for a scalability curve; "
            f"measure at {FEWEST_LEVELS} or more"
        )
    best, tangent, squares = _least_squares(np.asarray(sizes, float), np.asarray(rates, float))
    free = len(sizes) - len(best)
    spread = np.sqrt(np.diag(np.linalg.pinv(tangent.T @ tangent)) * squares / free)
    half = float(stdtrit(free, 0.975)) * spread
    unit, contention, coherency = (
        Span(low=max(0.0, float(m - h)), mid=float(m), high=float(m + h))
        for m, h in zip(best, half, strict=True)
    )
    return Scalability(unit, contention, coherency, max(sizes))


def _curve(at: "Row", unit: float, contention: float, coherency: float) -> "Row":
    return unit * at / (1 + contention * (at - 1) + coherency * at * (at - 1))


def _least_squares(at: "Row", measured: "Row") -> "tuple[Row, np.ndarray, float]":
    """The three constants whose curve is nearest, the curve's tangent and the squares left."""
    import numpy as np
    from scipy.optimize import least_squares, nnls

    # n / X is linear in 1, n - 1 and n (n - 1): a first guess without search
    columns = np.column_stack([np.ones_like(at), at - 1, at * (at - 1)])
    guess, _ = nnls(columns * (measured / at)[:, None], np.ones_like(at))
    if guess[0] <= 0:
        raise ScalabilityError("throughput does not rise with size: no scalability curve fits")
    unit = 1 / guess[0]

    def off(constants: "Row") -> "Row":
        return _curve(at, *constants) - measured

    found = least_squares(
        off,
        [unit, min(1.0, guess[1] * unit), guess[2] * unit],
        bounds=([0, 0, 0], [np.inf, 1, np.inf]),
        x_scale=[unit, 0.01, 0.001],
    )
    return np.asarray(found.x), np.asarray(found.jac), 2 * float(found.cost)
