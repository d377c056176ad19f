"""The other way round: how many users a budget carries, and what breaks first there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from capacity.cost.catalogue import Catalogue, Layer
from capacity.cost.choosing import least_bills
from capacity.cost.curve import cost_curve
from capacity.errors import UsageError
from capacity.evidence import Evidence
from capacity.inputs import Array, Values
from capacity.plan.assumed import Assumed
from capacity.plan.shapes import Figure
from capacity.plan.worlds import repeated, world
from capacity.population.traffic import FEWEST, MOST
from capacity.revenue.income import total

_STEPS = 16
"""Halvings of the range between 1,000 and 100 million, in logarithms: to 0.02 % of it."""
_DRAWS = 200
_BEYOND = 4.0
"""How many times the users afforded the next step is looked for."""


@dataclass(frozen=True, slots=True)
class Afforded:
    """What `budget` USD a month carries.

    `users` over all draws (those that carry fewer than 1,000 count as none), `middle` with all
    assumptions in the middle, and `next_step`: what costs more just beyond it.
    """

    budget: float
    users: Figure
    middle: float
    middle_usd: float
    next_step: str


def afforded(
    given: Assumed,
    budget: float,
    catalogues: Sequence[Catalogue],
    providers: Sequence[str] = (),
    seed: int = 1,
) -> Afforded:
    """How many users `budget` (USD a month, payments apart) carries within the targets.

    Each draw buys the cheapest plans that carry it. Raises `UsageError` in one line for a
    budget of nothing, and one that does not carry 1,000 users.
    """
    if not budget > 0:
        raise UsageError(f"a budget of ${budget:,.2f} a month buys nothing")
    mids = given.inputs.mids()
    least = float(_bill(given, np.array([FEWEST]), mids, catalogues, providers)[0])
    if least > budget:
        raise UsageError(
            f"${budget:,.2f} a month does not carry {FEWEST:,.0f} users: they cost ${least:,.2f}"
        )
    drawn = given.inputs.draws(_DRAWS, seed)
    # the first draw is the middle of everything
    values = {name: np.append(mids[name], drawn[name]) for name in mids}
    many = _most(given, budget, values, catalogues, providers)
    middle = np.floor(many[0])
    bill = float(_bill(given, np.array([middle]), mids, catalogues, providers)[0])
    return Afforded(
        budget=budget,
        users=Figure.over(many[1:], "users", Evidence.PRICED),
        middle=float(middle),
        middle_usd=bill,
        next_step=_next(given, float(middle), mids, catalogues, providers),
    )


def _most(
    given: Assumed,
    budget: float,
    values: Values,
    catalogues: Sequence[Catalogue],
    providers: Sequence[str],
) -> Array:
    """The most users whose bill fits, in every draw; 0 where not even the fewest do."""
    shape = values["peak.over_mean"].shape
    low, high = np.full(shape, np.log(FEWEST)), np.full(shape, np.log(MOST))
    fits_any = _bill(given, np.exp(low), values, catalogues, providers) <= budget
    for _ in range(_STEPS):
        middle = (low + high) / 2
        fits = _bill(given, np.exp(middle), values, catalogues, providers) <= budget
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return np.where(fits_any, np.exp(low), 0.0)


def _bill(
    given: Assumed,
    users: Array,
    values: Values,
    catalogues: Sequence[Catalogue],
    providers: Sequence[str],
) -> Array:
    """The cheapest bill in every draw, infinite where a layer cannot be carried."""
    seen = world(given.model, users, values, given.rules)
    bills = least_bills(catalogues, seen.amounts, providers)
    return total({layer: usd for layer, usd in bills.items() if layer is not Layer.PAYMENTS})


def _next(
    given: Assumed,
    users: float,
    mids: Values,
    catalogues: Sequence[Catalogue],
    providers: Sequence[str],
) -> str:
    """The first plan or machine that changes with more users."""
    more = np.geomspace(users, min(users * _BEYOND, MOST), 40)
    seen = world(given.model, more, repeated(mids, len(more)), given.rules)
    for point in cost_curve(catalogues, seen.amounts, providers):
        if point.problem:
            return f"at {point.users:,.0f} users {point.problem}"
        if point.steps:
            return f"at {point.users:,.0f} users {point.steps[0]}, then ${point.usd:,.0f} a month"
    return f"no plan or machine changes up to {more[-1]:,.0f} users; the bill grows with use"
