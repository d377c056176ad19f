"""Open queues in closed form: what the simulation and the plan's formulas are held against.

Times in seconds, rates per second; `cv2` are squared coefficients of variation.
"""

from dataclasses import dataclass
from math import log


@dataclass(frozen=True, slots=True)
class Waiting:
    """A station under a constant mean load."""

    utilisation: float
    wait_chance: float
    wait_s: float
    response_s: float

    def wait_percentile(self, share: float) -> float:
        """The wait that `share` of the requests do not exceed.

        P(W > t) = C exp(-C t / E[W]): exact for M/M/c, elsewhere the exponential limit of
        heavy traffic (Kingman 1962, Journal of the Royal Statistical Society B 24:383).
        """
        if not 0 < share < 1:
            raise ValueError("a percentile's share lies between 0 and 1")
        if 1 - share >= self.wait_chance:
            return 0.0
        return self.wait_s / self.wait_chance * log(self.wait_chance / (1 - share))


def erlang_c(load: float, servers: int) -> float:
    """The chance that an arrival must wait, for `load` = rate x service in `servers`.

    Erlang 1917, by the recursion of the blocking formula B(n) = a B / (n + a B) and
    C = B / (1 - rho (1 - B)) (Cooper, Introduction to Queueing Theory, 2nd ed., 3.5).
    Raises `ValueError` when the load is not below the servers: such a queue only grows.
    """
    if servers < 1 or load < 0 or load >= servers:
        raise ValueError(f"a load of {load:g} on {servers} servers never settles")
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


def waiting(
    rate: float, service_s: float, servers: int, service_cv2: float = 1.0, arrival_cv2: float = 1.0
) -> Waiting:
    """GI/G/c: the mean wait of M/M/c times (ca^2 + cs^2) / 2.

    Allen 1990, Probability, Statistics and Queueing Theory, 5.6 (Allen-Cunneen); exact for
    M/M/c and, with one server, for M/G/1 (Pollaczek-Khinchine). Raises `ValueError` for a
    load the servers cannot carry.
    """
    load = rate * service_s
    chance = erlang_c(load, servers)
    mean_wait = chance * service_s / (servers - load)
    wait = mean_wait * (arrival_cv2 + service_cv2) / 2
    return Waiting(load / servers, chance, wait, wait + service_s)
