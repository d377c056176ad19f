"""The bill and the money of a plan: invoice, alternatives, curve, margin, growth paths."""

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np

from capacity.bought import HOURS_PER_MONTH
from capacity.cost.catalogue import Catalogue, Layer
from capacity.cost.choosing import Choice, cheapest, spread_cost
from capacity.cost.curve import cost_curve
from capacity.cost.invoice import invoice
from capacity.cost.quantities import derived
from capacity.cost.units import per_class
from capacity.errors import UsageError
from capacity.evidence import Evidence
from capacity.inputs import Array, Values
from capacity.plan.assumed import Assumed
from capacity.plan.shapes import Alternative, Combination, Cost, Figure, Money, TierMoney
from capacity.plan.worlds import World, repeated, world
from capacity.population.growth import paths
from capacity.population.traffic import PAID, TIERS
from capacity.revenue.income import Income, card_quantities, total
from capacity.revenue.margin import Margin, margin
from capacity.revenue.path import Course, course

COMBINATIONS: dict[str, tuple[str, ...]] = {
    "the blueprint's": (
        "Vercel",
        "Render",
        "Neon",
        "Upstash",
        "Cloudflare",
        "Sentry",
        "Grafana Cloud",
        "Stripe",
    ),
    "one large cloud": ("AWS",),
    "plain machines": ("DigitalOcean",),
}
"""Ways to buy everything that stand beside the cheapest; a layer they lack is taken from others."""
_CURVE = np.geomspace(1e3, 1e7, 17)


def cost_of(
    given: Assumed,
    middle: World,
    all_worlds: World,
    catalogues: Sequence[Catalogue],
    providers: Sequence[str],
    start: date,
) -> tuple[Cost, Choice]:
    """The bill of the design in the middle draw, its interval over all draws, and alternatives."""
    choice = cheapest(catalogues, middle.amounts, providers)
    usd, uncarried = _spread(catalogues, all_worlds.amounts, choice)
    people = all_worlds.amounts
    served = np.isfinite(usd)
    requests = float(middle.amounts["requests"][0])

    def per(quantity: str, each: float = 1.0) -> Figure:
        of_one = each * usd[served] / people[quantity][served]
        return Figure.over(of_one, "USD a month", Evidence.PRICED)

    return Cost(
        usd=Figure.over(usd[served], "USD a month", Evidence.PRICED),
        mid_usd=choice.usd,
        uncarried=uncarried,
        by_layer={layer: float(offer.priced.usd[0]) for layer, offer in choice.taken.items()},
        per_user=per("users"),
        per_active_user=per("active_users"),
        per_1000_requests=per("requests", 1000),
        per_class=per_class(choice, given.model, requests),
        invoice=invoice(choice, start.replace(day=1)),
        rejected=tuple(
            Alternative(name=one.name, layer=one.layer, usd=one.usd, why=one.why)
            for one in choice.rejected
        ),
        combinations=_combinations(catalogues, middle.amounts),
        curve=cost_curve(catalogues, _over(given, _CURVE).amounts, providers),
    ), choice


def _over(given: Assumed, users: Array) -> World:
    """The middle of all assumptions at each of so many `users`."""
    return world(given.model, users, repeated(given.inputs.mids(), len(users)), given.rules)


def _spread(
    catalogues: Sequence[Catalogue], amounts: Values, choice: Choice
) -> tuple[Array, float]:
    """Infrastructure in every draw with the chosen providers, infinite where they do not carry
    it; and the share of such draws.

    Raises `UsageError` when that is every draw.
    """
    usd = infrastructure(catalogues, amounts, choice.providers)
    share = float(np.mean(~np.isfinite(usd)))
    if share == 1:
        raise UsageError("the chosen providers carry this plan in no draw; choose others")
    return usd, share


def infrastructure(
    catalogues: Sequence[Catalogue], amounts: Values, providers: dict[Layer, str]
) -> Array:
    """What all layers but payments cost in every draw."""
    layers = spread_cost(catalogues, amounts, providers)
    return total({layer: usd for layer, usd in layers.items() if layer is not Layer.PAYMENTS})


def kept_up_usd(
    catalogues: Sequence[Catalogue], amounts: Values, choice: Choice, pods: int
) -> float:
    """What `pods` at all hours of a month cost more than the hours in `amounts`."""
    all_hours = derived({**amounts, "pod_hours": np.array([pods * HOURS_PER_MONTH])})
    more, now = (
        float(infrastructure(catalogues, one, choice.providers)[0]) for one in (all_hours, amounts)
    )
    return more - now


def _combinations(catalogues: Sequence[Catalogue], amounts: Values) -> tuple[Combination, ...]:
    found = []
    for name, providers in {"the cheapest of sure prices": (), **COMBINATIONS}.items():
        known = {one.provider for one in catalogues}
        if not known.issuperset(providers):
            continue
        try:
            choice = cheapest(catalogues, amounts, providers)
        except UsageError as error:
            found.append(Combination(name=name, usd=None, layers={}, problem=str(error)))
            continue
        layers = {layer: offer.name for layer, offer in choice.taken.items()}
        unsure = any(offer.doubtful for offer in choice.taken.values())
        words = f"{name} (some prices of low confidence)" if unsure else name
        bills: dict[str, float] = {}
        for layer, offer in choice.taken.items():
            if layer is not Layer.PAYMENTS:
                provider = offer.catalogue.provider
                bills[provider] = bills.get(provider, 0.0) + float(offer.priced.usd[0])
        found.append(Combination(name=words, usd=choice.usd, layers=layers, bills=bills))
    return tuple(found)


def fees_by_tier(
    catalogues: Sequence[Catalogue],
    amounts: Values,
    earned: Income,
    values: Values,
    provider: str | None,
) -> dict[str, Array]:
    """What the payment provider keeps of each paid tier's payments; nothing without one."""
    if provider is None:
        return {tier: np.zeros_like(earned.mrr[tier]) for tier in PAID}
    return {
        tier: spread_cost(
            catalogues,
            {**amounts, **card_quantities(earned.mrr[tier], earned.charges[tier], values)},
            {Layer.PAYMENTS: provider},
        )[Layer.PAYMENTS]
        for tier in PAID
    }


def margin_of(
    catalogues: Sequence[Catalogue], seen: World, values: Values, choice: Choice
) -> Margin:
    """The margin in every draw; infinitely negative where the servers cannot be had."""
    provider = choice.providers.get(Layer.PAYMENTS)
    fees = fees_by_tier(catalogues, seen.amounts, seen.earned, values, provider)
    usd = infrastructure(catalogues, seen.amounts, choice.providers)
    return margin(seen.earned, usd, fees, seen.needs.traffic.monthly_active, values)


def money_of(
    given: Assumed,
    all_worlds: World,
    values: Values,
    catalogues: Sequence[Catalogue],
    choice: Choice,
) -> Money:
    """A month's money over all draws, and the growth paths in the middle one."""
    kept = margin_of(catalogues, all_worlds, values, choice)
    served = np.isfinite(kept.contributed)
    earned = all_worlds.earned
    fees, mrr = total(kept.fees), earned.subscriptions
    without_ads = (kept.contributed - earned.advertising) / np.maximum(mrr, 1e-9)

    def usd(draws: Array, evidence: Evidence = Evidence.ASSUMED) -> Figure:
        return Figure.over(draws[served], "USD a month", evidence)

    def share(draws: Array) -> Figure:
        return Figure.over(draws[served], "share", Evidence.ASSUMED)

    return Money(
        mrr=usd(mrr),
        arr=Figure.over(earned.arr[served], "USD a year", Evidence.ASSUMED),
        advertising=usd(earned.advertising),
        advertising_per_free_user=usd(earned.advertising / np.maximum(earned.users["free"], 1)),
        payment_fees=usd(fees, Evidence.PRICED),
        contribution=usd(kept.contributed),
        profit=usd(kept.profit),
        margin=share(kept.share),
        margin_without_ads=share(without_ads),
        fees_only_margin=share(1 - fees / np.maximum(mrr, 1e-9)),
        tiers=tuple(_tier(tier, kept, earned, usd) for tier in TIERS),
        paths=_courses(given, catalogues, choice),
    )


def _tier(tier: str, kept: Margin, earned: Income, usd: Callable[[Array], Figure]) -> TierMoney:
    users = earned.users[tier]
    served, left = usd(kept.served[tier]), usd(kept.contribution(tier))
    count = max(float(np.median(users)), 1e-9)
    worth = kept.lifetime_value(tier, earned)
    return TierMoney(
        tier=tier,
        users=Figure.over(users, "users", Evidence.ASSUMED),
        revenue=usd(kept.revenue[tier]),
        fees=usd(kept.fees[tier]),
        lost=usd(kept.lost[tier]),
        served=served,
        contribution=left,
        served_per_user=served.mid / count,
        contribution_per_user=left.mid / count,
        lifetime_value=Figure.over(worth[np.isfinite(worth)], "USD", Evidence.ASSUMED),
    )


def _courses(given: Assumed, catalogues: Sequence[Catalogue], choice: Choice) -> dict[str, Course]:
    """Every growth path, month by month, with the plan's providers and the middle of all else."""
    mids = given.inputs.mids()
    found = {}
    for path in paths().values():
        months = np.arange(1, np.ceil(path.last_month) + 1)
        seen = _over(given, np.asarray(path.at(months)))
        kept = margin_of(catalogues, seen, repeated(mids, len(months)), choice)
        costs = kept.takings - kept.profit
        found[path.name] = course(path, seen.earned, costs, mids)
    return found
