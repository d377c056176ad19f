"""Waiting at one open station, in closed form for all draws at once.

`capacity.model.open` has Erlang's own formula, for one load at a time.

Means are those of GI/G/c queues (Allen & Cunneen; Allen 1990, Probability, Statistics and
Queueing Theory, 2nd ed., 5.4) with Sakasegawa's form of the waiting probability
(Sakasegawa 1977, Ann. Inst. Statist. Math. 29:67), which is exact for one server.
"""

from dataclasses import dataclass
from functools import reduce

import numpy as np

from capacity.inputs import Array

_Z = {"p50": 0.0, "p95": 1.6448536269514722, "p99": 2.3263478740408408}
"""Quantiles of the standard normal distribution."""


@dataclass(frozen=True, slots=True)
class Response:
    """Mean and variance of a time in seconds; infinite where a station is saturated."""

    mean: Array
    variance: Array

    def __add__(self, other: "Response") -> "Response":
        """Both one after the other, taken as independent."""
        return Response(self.mean + other.mean, self.variance + other.variance)

    def quantile(self, which: str) -> Array:
        """`p50`, `p95` or `p99` of the lognormal distribution with this mean and variance.

        A response is a sum of skewed parts; the lognormal is matched by its first two
        moments (Aitchison & Brown 1957, The Lognormal Distribution, 2.3).
        """
        # a saturated station has an infinite mean: there is no quantile either
        finite = np.isfinite(self.mean)
        mean = np.where(finite, self.mean, 1.0)
        spread = np.log1p(np.where(finite, self.variance, 0.0) / mean**2)
        value = mean * np.exp(_Z[which] * np.sqrt(spread) - spread / 2)
        return np.where(finite, value, np.inf)


def waits(utilisation: Array, servers: Array) -> Array:
    """The probability that an arrival waits, about Erlang's C; 1 for a saturated station."""
    exponent = np.sqrt(2 * (servers + 1)) - 1
    return np.asarray(np.minimum(1.0, np.maximum(utilisation, 0.0) ** exponent))


def station(
    rate: Array, service_s: Array, servers: Array, service_cv2: Array, arrival_cv2: Array
) -> Response:
    """Waiting and service at a station of `servers` cores fed by `rate` requests a second.

    `service_cv2` and `arrival_cv2` are squared coefficients of variation. The wait of those
    who wait is taken as exponential, as it is in M/M/c.
    """
    utilisation = rate * service_s / servers
    stable = utilisation < 1
    left = np.where(stable, 1 - utilisation, 1.0)
    waiting = waits(utilisation, servers)
    conditional = (arrival_cv2 + service_cv2) / 2 * service_s / (servers * left)
    mean_wait = waiting * conditional
    variance = 2 * waiting * conditional**2 - mean_wait**2 + service_cv2 * service_s**2
    return Response(
        np.where(stable, service_s + mean_wait, np.inf), np.where(stable, variance, np.inf)
    )


def along(parts: list[Response]) -> Response:
    """A request's way through several stations."""
    return reduce(Response.__add__, parts)
