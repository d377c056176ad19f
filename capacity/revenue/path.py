"""Month by month along a growth path: revenue, cash, break-even, runway."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.inputs import Array, Values
from capacity.population.growth import GrowthPath
from capacity.population.traffic import PAID
from capacity.revenue.income import Income, total


@dataclass(frozen=True, slots=True)
class Month:
    """One month, USD: the users at its end, what it earns and costs, and the cash after it.

    `profit` counts yearly payments over their twelve months; `cash_in` when they are made.
    """

    month: int
    users: float
    mrr: float
    advertising: float
    costs: float
    profit: float
    cash_in: float
    cash: float


@dataclass(frozen=True, slots=True)
class Course:
    """The months of a path, and what they come to.

    `break_even` is the first month with a profit after which none makes a loss, `paid_back`
    the first in which all earlier losses are made good; None when the path ends before.
    `revenue` is what the year earned: less than twelve times the last month's.
    `lowest_cash` is negative by what has to be raised; `runway` the first month in which
    the cash is gone.
    """

    months: tuple[Month, ...]
    break_even: int | None
    paid_back: int | None
    revenue: float
    subscription_revenue: float
    cash_received: float
    lowest_cash: float
    runway: int | None


def course(path: GrowthPath, earned: Income, costs: Array, values: Values) -> Course:
    """The course of `path`, in one draw of `values`.

    `earned` and `costs` (all of a month's, fees included) hold one value per month of the path.
    """
    annual, cash = float(values["pay.annual_share"][0]), float(values["off.cash"][0])
    yearly = {tier: annual * float(values[f"price_year.{tier}"][0]) for tier in PAID}
    # who joins by the year pays it all at once; no second year falls into the first
    joined = total(
        {
            tier: np.maximum(0.0, np.diff(earned.payers[tier], prepend=0.0)) * price
            for tier, price in yearly.items()
        }
    )
    spread = total({tier: earned.payers[tier] * price / 12 for tier, price in yearly.items()})
    mrr, advertising = earned.subscriptions, earned.advertising
    cash_in = mrr - spread + joined + advertising
    held = cash + np.cumsum(cash_in - costs)
    months = np.arange(1, len(costs) + 1)
    return _told(
        [
            Month(
                month=int(month),
                users=float(path.at(float(month))),
                mrr=float(mrr[at]),
                advertising=float(advertising[at]),
                costs=float(costs[at]),
                profit=float(mrr[at] + advertising[at] - costs[at]),
                cash_in=float(cash_in[at]),
                cash=float(held[at]),
            )
            for at, month in enumerate(months)
        ]
    )


def _told(months: list[Month]) -> Course:
    profits = np.array([one.profit for one in months])
    sums = np.cumsum(profits)
    cash = np.array([one.cash for one in months])
    return Course(
        months=tuple(months),
        break_even=_from_here_on(profits >= 0),
        paid_back=_from_here_on(sums >= 0),
        revenue=sum(one.mrr + one.advertising for one in months),
        subscription_revenue=sum(one.mrr for one in months),
        cash_received=sum(one.cash_in for one in months),
        lowest_cash=float(cash.min()),
        runway=int(np.argmax(cash < 0)) + 1 if (cash < 0).any() else None,
    )


def _from_here_on(good: NDArray[np.bool_]) -> int | None:
    """The first month from which on all are good."""
    bad = np.flatnonzero(~good)
    first = 1 if bad.size == 0 else int(bad[-1]) + 2
    return first if first <= good.size else None
