"""Waiting at one open station, in closed form for all draws at once.

A core is shared by all requests at work on it, as the operating system shares it between
processes, threads and event loops. Under processor sharing the mean does not depend on how
service times are spread, and a request takes its own service time stretched by the mean's
factor (Kleinrock 1976, Queueing Systems II, 4.4). Means are those of M/M/c with Sakasegawa's
form of the waiting probability (Sakasegawa 1977, Ann. Inst. Statist. Math. 29:67), exact for one
server; arrivals smoother than Poisson wait less (Allen & Cunneen; Allen 1990, 5.6). How much
of such waiting is real a calibration fits (`capacity.model.latency`).
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
    rate: Array,
    service_s: Array,
    servers: Array,
    service_cv2: Array,
    arrival_cv2: Array,
    wait_factor: Array | float = 1.0,
) -> Response:
    """Time at a station of `servers` shared cores fed by `rate` requests a second.

    `service_cv2` and `arrival_cv2` are squared coefficients of variation, `wait_factor` is
    measured over modelled waiting.
    """
    utilisation = rate * service_s / servers
    stable = utilisation < 1
    left = np.where(stable, 1 - utilisation, 1.0)
    waited = waits(utilisation, servers) * service_s / (servers * left) * (arrival_cv2 + 1) / 2
    mean = np.where(stable, service_s + wait_factor * waited, np.inf)
    return Response(mean, np.where(stable, service_cv2 * mean**2, np.inf))


def along(parts: list[Response]) -> Response:
    """A request's way through several stations."""
    return reduce(Response.__add__, parts)
