"""Subscriptions and advertising: monthly recurring revenue by tier, and the payments behind it.

All figures are arrays over the draws, USD a month.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from capacity.inputs import Array, Values
from capacity.population.traffic import DAYS_PER_MONTH, PAID, tier_users

_TRIAL_MONTHS = 7 / DAYS_PER_MONTH


@dataclass(frozen=True, slots=True)
class Income:
    """A month's revenue.

    `mrr` by paid tier: a yearly price counts a twelfth a month. `advertising` stands apart,
    as nobody has sold any. `payers` by tier leave out those still on trial. The card figures
    are of an average month: a yearly payment comes once in twelve.
    """

    users: dict[str, Array]
    payers: dict[str, Array]
    mrr: dict[str, Array]
    advertising: Array
    charges: dict[str, Array]
    refunds: dict[str, Array]

    @property
    def subscriptions(self) -> Array:
        """Monthly recurring revenue, all tiers."""
        return total(self.mrr)

    @property
    def arr(self) -> Array:
        """Twelve times the monthly recurring revenue: a rate, not a year's takings."""
        return 12 * self.subscriptions


def income(users: Array, sessions_per_month: Array, values: Values) -> Income:
    """What `users` registered users bring in a month, were their number to stay."""
    counts = tier_users(users, values)
    annual = values["pay.annual_share"]
    # in a steady state trials begin as fast as payers leave, over the share that pays
    on_trial = values["pay.churn"] / values["pay.trial_paid"] * _TRIAL_MONTHS
    payers, mrr, charges, refunds = {}, {}, {}, {}
    for tier in PAID:
        payers[tier] = counts[tier] / (1 + on_trial)
        monthly, yearly = values[f"price.{tier}"], values[f"price_year.{tier}"]
        mrr[tier] = payers[tier] * ((1 - annual) * monthly + annual * yearly / 12)
        charges[tier] = payers[tier] * ((1 - annual) + annual / 12)
        refunds[tier] = mrr[tier] * values["pay.refunds"]
    free_share = counts["free"] / np.maximum(users, 1)
    impressions = sessions_per_month * free_share * values["ads.per_session"]
    advertising = impressions * values["ads.sold"] * values["ads.cpm"] / 1000
    return Income(counts, payers, mrr, advertising, charges, refunds)


def card_quantities(usd: Array, charges: Array, values: Values) -> dict[str, Array]:
    """Payments of `usd` in so many `charges`, as quantities a payment provider bills for."""
    return {
        "card_charges": charges,
        "card_usd": usd,
        "card_usd_abroad": usd * values["pay.abroad"],
        "card_usd_converted": usd * values["pay.converted"],
        "disputes": charges * values["pay.disputes"],
    }


def total(parts: Mapping[str, Array]) -> Array:
    """The sum over tiers."""
    return np.asarray(np.sum(list(parts.values()), axis=0))
