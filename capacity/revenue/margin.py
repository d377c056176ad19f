"""Contribution margin: what each tier leaves after fees, refunds and its share of the servers.

Contribution margin is revenue less what varies with the customer (Horngren et al.,
Cost Accounting, ch. 3); salaries, moderation and tax stand apart and are off by default.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from capacity.inputs import Array, Values
from capacity.population.traffic import PAID, TIERS, tier_load
from capacity.revenue.income import Income, total


@dataclass(frozen=True, slots=True)
class Margin:
    """A month's money by tier, USD, in every draw.

    `fees` are the payment provider's, `lost` refunds and disputed payments, `served` the
    tier's share of the infrastructure, by the requests it sends. `ads` are the Free tier's
    only revenue, and doubtable.
    """

    revenue: dict[str, Array]
    fees: dict[str, Array]
    lost: dict[str, Array]
    served: dict[str, Array]
    fixed: Array
    tax_share: Array
    churn: Array

    def contribution(self, tier: str) -> Array:
        """What `tier` leaves."""
        kept = self.revenue[tier] - self.fees[tier] - self.lost[tier]
        return np.asarray(kept - self.served[tier])

    def lifetime_value(self, tier: str, earned: Income) -> Array:
        """What one payer of `tier` (of the Free one, one user) leaves until they go.

        Contribution a month over churn: months stayed are geometric with that mean (Gupta &
        Lehmann 2003, Journal of Interactive Marketing 17:9, without discounting).
        """
        heads = earned.payers.get(tier, earned.users[tier])
        each = self.contribution(tier) / np.maximum(heads, 1e-9)
        return np.asarray(each / np.maximum(self.churn, 1e-6))

    @property
    def contributed(self) -> Array:
        """What all tiers leave."""
        return total({tier: self.contribution(tier) for tier in self.revenue})

    @property
    def takings(self) -> Array:
        """All revenue."""
        return total(self.revenue)

    @property
    def share(self) -> Array:
        """Contribution over revenue; -infinite where nothing is earned."""
        earned = self.takings
        left = self.contributed / np.where(earned > 0, earned, 1.0)
        return np.where(earned > 0, left, -np.inf)

    @property
    def profit(self) -> Array:
        """What is left after the lines that are off by default; tax on profits only."""
        before = self.contributed - self.fixed
        return np.asarray(before - np.maximum(before, 0) * self.tax_share)


def margin(
    earned: Income,
    infrastructure: Array,
    fees: Mapping[str, Array],
    monthly_active: Array,
    values: Values,
) -> Margin:
    """The month's margin with the servers costing `infrastructure` and payments `fees` by tier."""
    users = total(earned.users)
    load = tier_load(users, values)
    nothing = np.zeros_like(users)
    revenue = {"free": earned.advertising, **earned.mrr}
    disputed = {
        tier: earned.mrr[tier] * values["pay.disputes"] + earned.refunds[tier] for tier in PAID
    }
    return Margin(
        revenue=revenue,
        fees={"free": nothing, **fees},
        lost={"free": nothing, **disputed},
        served={tier: infrastructure * load[tier] for tier in TIERS},
        fixed=values["off.people"] + values["off.moderation"] * monthly_active / 1000,
        tax_share=values["off.tax"],
        churn=values["pay.churn"],
    )
