"""The other way round: how many users a budget carries, and what breaks first there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from capacity.cost.catalogue import Catalogue, Layer
from capacity.cost.choosing import UnsoldError, cheapest, least_bills
from capacity.cost.curve import cost_curve
from capacity.errors import UsageError
from capacity.evidence import Evidence
from capacity.inputs import Array, Values
from capacity.plan.assumed import Assumed
from capacity.plan.designing import designed
from capacity.plan.regret import HopelessError
from capacity.plan.shapes import Figure
from capacity.plan.worlds import repeated, world
from capacity.population.traffic import FEWEST, MOST
from capacity.revenue.income import total

_STEPS = 14
"""Halvings of the range between 1,000 and 100 million, in logarithms: to 0.07 %."""
BUDGET_DRAWS, _ALONE = 600, 100
"""Draws a design is made for, and how many of them buy for themselves."""
_PRICED = Evidence.PRICED
_BEYOND = 4.0
"""How many times the users afforded the next step is looked for."""


@dataclass(frozen=True, slots=True)
class Afforded:
    """What `budget` USD a month carries.

    `users` over all draws, each buying for itself alone (those that carry fewer than 1,000
    count as none); `middle` those of a plan with its reserves, every assumption in the middle;
    `next_step` is what costs more just beyond it.
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
    values = given.inputs.draws(BUDGET_DRAWS, seed)
    least = _bill(given, FEWEST, values, catalogues, providers)
    if least > budget:
        raise UsageError(
            f"${budget:,.2f} a month does not carry {FEWEST:,.0f} users: they cost ${least:,.2f}"
        )
    low, high = np.log(FEWEST), np.log(MOST)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        try:
            bill = _bill(given, float(np.exp(middle)), values, catalogues, providers)
        except (UnsoldError, HopelessError):
            bill = np.inf
        low, high = (middle, high) if bill <= budget else (low, middle)
    users = float(np.floor(np.exp(low)))
    alone = {name: value[:_ALONE] for name, value in values.items()}
    return Afforded(
        budget=budget,
        users=Figure.over(_most(given, budget, alone, catalogues, providers), "users", _PRICED),
        middle=users,
        middle_usd=_bill(given, users, values, catalogues, providers),
        next_step=next_step(given, users, catalogues, providers),
    )


def _bill(
    given: Assumed,
    users: float,
    values: Values,
    catalogues: Sequence[Catalogue],
    providers: Sequence[str],
) -> float:
    """What a plan for `users` costs, every assumption in the middle.

    Raises `UnsoldError` when nobody sells it, `HopelessError` when nothing holds the targets.
    """
    middle = designed(given, users, values).middle
    return cheapest(catalogues, middle.amounts, providers).usd


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
    fits_any = bills(given, np.exp(low), values, catalogues, providers) <= budget
    for _ in range(_STEPS):
        middle = (low + high) / 2
        fits = bills(given, np.exp(middle), values, catalogues, providers) <= budget
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return np.where(fits_any, np.exp(low), 0.0)


def bills(
    given: Assumed,
    users: Array,
    values: Values,
    catalogues: Sequence[Catalogue],
    providers: Sequence[str],
) -> Array:
    """The cheapest bill in every draw, infinite where a layer cannot be carried."""
    seen = world(given.model, users, values, given.rules)
    layers = least_bills(catalogues, seen.amounts, providers)
    return total({layer: usd for layer, usd in layers.items() if layer is not Layer.PAYMENTS})


def next_step(
    given: Assumed,
    users: float,
    catalogues: Sequence[Catalogue],
    providers: Sequence[str],
) -> str:
    """The first plan or machine that changes with more users."""
    more = np.geomspace(users, min(users * _BEYOND, MOST), 40)
    seen = world(given.model, more, repeated(given.inputs.mids(), len(more)), given.rules)
    for point in cost_curve(catalogues, seen.amounts, providers):
        if point.problem:
            return f"at {point.users:,.0f} users {point.problem}"
        if point.steps:
            return f"at {point.users:,.0f} users {point.steps[0]}, then ${point.usd:,.0f} a month"
    return f"no plan or machine changes up to {more[-1]:,.0f} users; the bill grows with use"
