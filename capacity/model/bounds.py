"""What holds whatever the details: Little's law, the response time law, asymptotic bounds.

Operational laws need no distribution and no independence: Denning & Buzen 1978,
"The Operational Analysis of Queueing Network Models", ACM Computing Surveys 10:225.
Times in seconds, rates per second.
"""

from collections.abc import Sequence
from dataclasses import dataclass


def in_system(rate: float, residence_s: float) -> float:
    """How many are inside on average, L = X R (Little 1961, Operations Research 9:383)."""
    return rate * residence_s


def response_time(users: float, rate: float, think_s: float) -> float:
    """R = N / X - Z (the interactive response time law)."""
    if rate <= 0:
        raise ValueError("the response time law needs a throughput")
    return users / rate - think_s


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between what throughput and mean response of a closed system lie.

    `saturation_rate` is what the busiest station passes at most, `knee_users` the number of
    users at which the two asymptotes meet.
    """

    least_rate: float
    most_rate: float
    least_response_s: float
    most_response_s: float
    saturation_rate: float
    knee_users: float


def asymptotic(
    users: float, think_s: float, demands: Sequence[float], delay_s: float = 0
) -> Bounds:
    """Asymptotic bounds of a closed system with stations of one server each.

    X <= min(1 / Dmax, N / (D + Z)) and X >= N / (N D + Z); R = N / X - Z. Lazowska,
    Zahorjan, Graham & Sevcik 1984, Quantitative System Performance, table 5.2. A station
    with m servers counts as demand D / m and (1 - 1 / m) D of `delay_s`, time that waits for
    nobody. Raises `ValueError` unless some station has a demand.
    """
    busiest, total = max(demands, default=0.0), sum(demands)
    if users <= 0 or think_s < 0 or busiest <= 0:
        raise ValueError("bounds need users and a station with a demand")
    alone = total + delay_s
    most = min(1 / busiest, users / (alone + think_s))
    least = users / (users * total + delay_s + think_s)
    return Bounds(
        least_rate=least,
        most_rate=most,
        least_response_s=max(alone, users * busiest - think_s),
        most_response_s=users * total + delay_s,
        saturation_rate=1 / busiest,
        knee_users=(alone + think_s) / busiest,
    )
