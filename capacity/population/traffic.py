"""Users -> daily active -> sessions -> requests, at the mean and at the peak.

All figures are arrays, one value per draw.
"""

from dataclasses import dataclass

import numpy as np

from capacity.bought import HOURS_PER_MONTH
from capacity.errors import UsageError
from capacity.inputs import Array, Values

DAYS_PER_MONTH = HOURS_PER_MONTH / 24
_DAY_S = 86_400.0
PAID = ("pro", "business", "enterprise")
TIERS = ("free", *PAID)
FEWEST, MOST = 1_000.0, 100_000_000.0
"""Registered users a plan speaks of."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What people ask of the system. Rates are requests per second to the application.

    `peak_rate` is of the busiest minute, `burst_rate` of its busiest seconds; `present` are
    the people there at a time at the peak, `sockets` the WebSockets they hold.
    """

    users: Array
    daily_active: Array
    monthly_active: Array
    sessions_per_day: Array
    mean_rate: Array
    peak_rate: Array
    burst_rate: Array
    present: Array
    sockets: Array

    @property
    def sessions_per_month(self) -> Array:
        """Sessions in a month of 730 hours."""
        return self.sessions_per_day * DAYS_PER_MONTH


def checked_users(users: float) -> float:
    """`users` if a plan can be made for them.

    Raises `UsageError` for a population of nobody, and one beyond 1,000 to 100 million.
    """
    if not FEWEST <= users <= MOST:
        raise UsageError(
            f"a population of {users:,.0f} users: a plan is made for {FEWEST:,.0f} to {MOST:,.0f}"
        )
    return users


def traffic(users: float | Array, values: Values) -> Traffic:
    """The traffic of `users` registered users.

    With 15 % active, 1.3 sessions, 40 requests and a peak of 3 a million users send 90 requests
    a second on average and 271 at the peak (the blueprint's claim `load-1m`). People present at
    a time follow from Little's law (Little 1961): sessions begun per second x their length.
    """
    registered = np.broadcast_to(np.asarray(users, dtype=float), values["peak.over_mean"].shape)
    daily = registered * values["activity.daily_share"]
    sessions = daily * values["activity.sessions"]
    mean = sessions * values["activity.requests"] / _DAY_S
    peak = mean * values["peak.over_mean"]
    begun = sessions / _DAY_S * values["peak.over_mean"]
    present = begun * values["activity.session_minutes"] * 60
    return Traffic(
        users=registered,
        daily_active=daily,
        monthly_active=registered
        * np.maximum(values["activity.monthly_share"], values["activity.daily_share"]),
        sessions_per_day=sessions,
        mean_rate=mean,
        peak_rate=peak,
        burst_rate=peak * values["peak.burst"],
        present=present,
        sockets=present * values["activity.socket_share"],
    )


def tier_users(users: Array, values: Values) -> dict[str, Array]:
    """Registered users by tier of customer; the Free are those who pay nothing."""
    paying = {tier: users * values[f"tiers.{tier}_share"] for tier in PAID}
    free = np.maximum(0.0, users - sum(paying.values(), np.zeros_like(users)))
    return {"free": free, **paying}


def tier_load(users: Array, values: Values) -> dict[str, Array]:
    """Share of all requests that each tier sends: its users weighed by how active they are."""
    counts = tier_users(users, values)
    weights = {
        tier: count * (1.0 if tier == "free" else values[f"tiers.{tier}_activity"])
        for tier, count in counts.items()
    }
    whole = sum(weights.values(), np.zeros_like(users))
    return {tier: weight / whole for tier, weight in weights.items()}
