"""The formulas of recurring revenue, with their usual definitions. Pure.

Sums are exact and rounded to a cent once, at the end. Rates are shares from
0 to 1, and None where there is nothing to be a share of.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from reference_app.subscriptions.tiers import TERMS, Interval, Tier

MONTHS: Mapping[Interval, int] = {Interval.MONTH: 1, Interval.YEAR: 12}
"""How many months one payment of an interval pays for."""


@dataclass(frozen=True, slots=True)
class Plans:
    """So many subscriptions to one plan."""

    tier: Tier
    interval: Interval
    many: int

    @property
    def monthly(self) -> Fraction:
        """Exact cents a month at the price of the list: a year's price is a twelfth a month."""
        price = TERMS[self.tier].price(self.interval)
        # Enterprise by the year is not for sale, but may be given a price by hand: it has none.
        return Fraction(price or 0, MONTHS[self.interval]) * self.many


def mrr(plans: Iterable[Plans]) -> int:
    """Monthly recurring revenue: the sum over paying subscriptions of their price a month.

    A plan paid by the year counts a twelfth of its price. One-off charges,
    prorations, credits, trials (nothing is paid yet), what was given, and those
    past due beyond their grace are no part of it: the caller leaves them out. A
    subscription that is to end counts until it does. In cents.
    """
    return round(sum((each.monthly for each in plans), Fraction()))


def arr(mrr_cents: int) -> int:
    """Annual recurring revenue: the present MRR, held for twelve months. In cents."""
    return 12 * mrr_cents


def per_head(mrr_cents: int, heads: int) -> float | None:
    """Average revenue per user and month: MRR over all users (ARPU) or payers (ARPPU), in cents."""
    return None if heads == 0 else round(mrr_cents / heads, 2)


def rate(part: int | float, whole: int | float) -> float | None:
    """`part` as a share of `whole`.

    Conversion, free to paid: of those who signed up in a period, the share who have paid
    anything since. Conversion, trial to paid: of the trials that ended in a period, the
    share whose subscription was then paid. Churn of customers: of those who paid at
    the period's start, the share who no longer did at its end; who came meanwhile counts
    in neither. Churn of revenue (gross): of the MRR at the start, the share that those
    customers left or came down by; what others went up by does not make up for it.
    """
    return None if not whole else round(float(part) / float(whole), 6)
