"""Mean value analysis of closed queueing networks: exact for one class, approximate for many.

Stations are queues (FIFO with equal exponential service, or processor sharing) or pure
delays. Means only; tails need a simulation. Times in seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_MOST_ROUNDS = 10_000


@dataclass(frozen=True, slots=True)
class Station:
    """Where requests queue for one of `servers`; `demands` per request by class.

    A share of a server may be gone to others, so `servers` need not be whole.
    """

    name: str
    demands: Mapping[str, float]
    servers: float = 1.0

    @property
    def queued(self) -> dict[str, float]:
        """The demands at the one fast server that stands for all (Seidmann, see `delayed`)."""
        return {name: demand / max(1.0, self.servers) for name, demand in self._stretched.items()}

    @property
    def delayed(self) -> dict[str, float]:
        """What a request still spends when nobody is before it.

        A station of m servers is taken as one m times as fast, D / m, and a delay of
        D (m - 1) / m: Seidmann, Schweitzer & Shalev-Oren 1987, Large Scale Systems 12:91.
        """
        extra = 1 - 1 / max(1.0, self.servers)
        return {name: demand * extra for name, demand in self._stretched.items()}

    @property
    def _stretched(self) -> dict[str, float]:
        """Demands as less than one server takes them: half a core needs twice as long."""
        part = min(1.0, self.servers)
        return {name: demand / part for name, demand in self.demands.items()}


@dataclass(frozen=True, slots=True)
class Solution:
    """What a closed network does, by class: requests per second and seconds in it.

    `queue` is the mean number at each station, by station name; `waits_s` the seconds each
    class spends at each station beyond its own service there.
    """

    rate: dict[str, float]
    response_s: dict[str, float]
    waits_s: dict[str, dict[str, float]]
    queue: dict[str, float]

    @property
    def throughput(self) -> float:
        """Requests per second of all classes."""
        return sum(self.rate.values())


def exact(users: int, think_s: float, stations: Sequence[Station], delay_s: float = 0) -> Solution:
    """Exact mean value analysis of one class with `users` customers.

    Reiser & Lavenberg 1980, JACM 27:313: R_k(n) = D_k (1 + Q_k(n - 1)),
    X(n) = n / (Z + sum R_k), Q_k(n) = X(n) R_k(n). Stations of several servers are
    Seidmann's, which is no longer exact. Every station names one class, the same.
    """
    (name,) = {name for station in stations for name in station.demands}
    queued = [station.queued[name] for station in stations]
    fixed = delay_s + sum(station.delayed[name] for station in stations)
    service = fixed + sum(queued)
    if users < 1 or think_s < 0 or think_s + service <= 0:
        raise ValueError("mean value analysis needs users and some time")
    queue = [0.0] * len(queued)
    rate = response = 0.0
    residence: list[float] = []
    for population in range(1, users + 1):
        residence = [demand * (1 + waiting) for demand, waiting in zip(queued, queue, strict=True)]
        response = fixed + sum(residence)
        rate = population / (think_s + response)
        queue = [rate * time for time in residence]
    return Solution(
        rate={name: rate},
        response_s={name: response},
        waits_s={
            station.name: {name: time - demand}
            for station, time, demand in zip(stations, residence, queued, strict=True)
        },
        queue=_lengths(stations, queue, {name: rate}),
    )


def approximate(
    users: Mapping[str, float],
    think_s: Mapping[str, float],
    stations: Sequence[Station],
    delay_s: Mapping[str, float] | None = None,
    tolerance: float = 1e-9,
) -> Solution:
    """Approximate mean value analysis of several classes, each with its own `users`.

    Bard 1979 and Schweitzer 1979: an arriving customer of class c is taken to find
    Q_k - Q_ck / N_c at station k; solved by iteration from equal queues. Raises
    `ValueError` when it does not settle.
    """
    names = [name for name, population in users.items() if population > 0]
    delays = delay_s or {}
    queued = [station.queued for station in stations]
    fixed = {
        name: delays.get(name, 0.0) + sum(one.delayed.get(name, 0.0) for one in stations)
        for name in names
    }
    if not names or any(think_s[name] < 0 for name in names):
        raise ValueError("mean value analysis needs users and some time")
    queue = [{name: users[name] / max(1, len(stations)) for name in names} for _ in stations]
    for _ in range(_MOST_ROUNDS):
        rate, residence = _round(names, users, think_s, queued, fixed, queue)
        fresh = [{name: rate[name] * here[name] for name in names} for here in residence]
        change = max(
            (
                abs(new[name] - old[name]) / users[name]
                for new, old in zip(fresh, queue, strict=True)
                for name in names
            ),
            default=0.0,
        )
        queue = fresh
        if change < tolerance:
            break
    else:
        raise ValueError("the approximate mean value analysis did not settle")
    response = {name: fixed[name] + sum(here[name] for here in residence) for name in names}
    return Solution(
        rate=rate,
        response_s=response,
        waits_s={
            station.name: {name: here[name] - demand.get(name, 0.0) for name in names}
            for station, here, demand in zip(stations, residence, queued, strict=True)
        },
        queue=_lengths(stations, [sum(here.values()) for here in queue], rate),
    )


def _round(
    names: Sequence[str],
    users: Mapping[str, float],
    think_s: Mapping[str, float],
    queued: Sequence[Mapping[str, float]],
    fixed: Mapping[str, float],
    queue: Sequence[Mapping[str, float]],
) -> tuple[dict[str, float], list[dict[str, float]]]:
    """Rates and residences as the queues of the round before imply them."""
    residence = []
    for demand, here in zip(queued, queue, strict=True):
        length = sum(here.values())
        residence.append(
            {
                name: demand.get(name, 0.0) * (1 + length - min(1.0, 1 / users[name]) * here[name])
                for name in names
            }
        )
    rate = {
        name: users[name] / (think_s[name] + fixed[name] + sum(here[name] for here in residence))
        for name in names
    }
    return rate, residence


def _lengths(
    stations: Sequence[Station], queue: Sequence[float], rate: Mapping[str, float]
) -> dict[str, float]:
    """The mean number at each station, those in Seidmann's delay included."""
    return {
        station.name: length + sum(rate[name] * station.delayed.get(name, 0.0) for name in rate)
        for station, length in zip(stations, queue, strict=True)
    }
