"""Month by month along a growth path: revenue, cash, break-even, runway."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.inputs import Values
from capacity.population.growth import GrowthPath
from capacity.population.traffic import PAID
from capacity.revenue.income import Income


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


Earning = Callable[[float], tuple[Income, float]]
"""Users -> the income (of one draw), and all costs of a month, fees included."""


def course(path: GrowthPath, earning: Earning, values: Values) -> Course:
    """The course of the months of `path`, in one draw of `values`."""
    annual = float(values["pay.annual_share"][0])
    cash = float(values["off.cash"][0])
    yearly = {tier: float(values[f"price_year.{tier}"][0]) for tier in PAID}
    months: list[Month] = []
    before = dict.fromkeys(PAID, 0.0)
    for number in range(1, int(np.ceil(path.last_month)) + 1):
        users = float(path.at(float(number)))
        earned, costs = earning(users)
        mrr = float(earned.subscriptions[0])
        payers = {tier: float(earned.payers[tier][0]) for tier in PAID}
        # who joins by the year pays it all at once; nobody's second year falls into the first
        joined = sum(
            annual * max(0.0, payers[tier] - before[tier]) * yearly[tier] for tier in PAID
        )
        spread = sum(annual * payers[tier] * yearly[tier] / 12 for tier in PAID)
        advertising = float(earned.advertising[0])
        cash_in = mrr - spread + joined + advertising
        cash += cash_in - costs
        months.append(
            Month(
                month=number,
                users=users,
                mrr=mrr,
                advertising=advertising,
                costs=costs,
                profit=mrr + advertising - costs,
                cash_in=cash_in,
                cash=cash,
            )
        )
        before = payers
    return _told(months)


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

