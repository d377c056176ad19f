"""Our plans as Stripe's prices: found by lookup key, made when first needed.

A lookup key names tier, interval and amount; so a price changed in
`tiers.toml` becomes a new price at Stripe, and those who subscribed before
keep the old one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import stripe

from reference_app.errors import InvalidError
from reference_app.subscriptions.stripe_calls import Json, Stripe, StripeRefusedError
from reference_app.subscriptions.tiers import CURRENCY, TERMS, Interval, Tier


@dataclass(frozen=True, slots=True)
class Plan:
    """A tier, how often it is paid, and what it costs each time, in cents."""

    tier: Tier
    interval: Interval
    cents: int


def plan_of(tier: Tier, interval: Interval) -> Plan:
    """The plan on sale. Raises `InvalidError` for one that is not."""
    cents = TERMS[tier].price(interval)
    if cents is None:
        raise InvalidError(
            "not_for_sale", f"{TERMS[tier].name} cannot be bought by the {interval}."
        )
    return Plan(tier, interval, cents)


class Prices:
    """Which Stripe price is which plan."""

    def __init__(self, stripe: Stripe) -> None:
        self._stripe = stripe
        self._ids: dict[Plan, str] = {}
        self._plans: dict[str, Plan | None] = {}

    async def id_of(self, plan: Plan) -> str:
        """The price of `plan`, made with its product if Stripe has none yet."""
        known = self._ids.get(plan)
        if known is not None:
            return known
        key = _lookup_key(plan)
        found = await self._stripe.ask(
            lambda client: client.v1.prices.list({"lookup_keys": [key], "active": True})
        )
        price = found["data"][0] if found["data"] else await self._make(plan, key)
        self.plan(price)
        return str(price["id"])

    async def using(self, plan: Plan, call: Callable[[str], Awaitable[Json]]) -> Json:
        """What `call` answers, given the price of `plan`; once more if Stripe has lost that."""
        try:
            return await call(await self.id_of(plan))
        except StripeRefusedError as refusal:
            if not (refusal.is_missing and "price" in refusal.param):
                raise
        self._ids.clear()
        self._plans.clear()
        return await call(await self.id_of(plan))

    async def by_id(self, price_id: str) -> Plan | None:
        """The plan behind a price; None when the price is not one of ours."""
        if price_id not in self._plans:
            price = await self._stripe.ask(lambda client: client.v1.prices.retrieve(price_id))
            self.plan(price)
        return self._plans[price_id]

    def plan(self, price: Json) -> Plan | None:
        """The plan that `price` (Stripe's object) is; None when it is not one of ours."""
        told = price.get("metadata") or {}
        plan = None
        if told.get("tier") in set(Tier) and price.get("recurring"):
            interval = Interval(price["recurring"]["interval"])
            plan = Plan(Tier(told["tier"]), interval, int(price["unit_amount"]))
            self._ids.setdefault(plan, str(price["id"]))
        self._plans[str(price["id"])] = plan
        return plan

    async def _make(self, plan: Plan, key: str) -> Json:
        product = f"hmb-{plan.tier}"
        try:
            await self._stripe.ask(lambda client: client.v1.products.retrieve(product))
        except StripeRefusedError as refusal:
            if not refusal.is_missing:
                raise
            name = f"HireMeBahamas {TERMS[plan.tier].name}"
            await self._stripe.ask(
                lambda client: client.v1.products.create(
                    {"id": product, "name": name}, {"idempotency_key": product}
                )
            )
        wanted: stripe.params.PriceCreateParams = {
            "product": product,
            "currency": CURRENCY,
            "unit_amount": plan.cents,
            "recurring": {"interval": plan.interval.value},
            "lookup_key": key,
            "metadata": {"tier": plan.tier},
        }
        return await self._stripe.ask(
            lambda client: client.v1.prices.create(wanted, {"idempotency_key": f"price:{key}"})
        )


def _lookup_key(plan: Plan) -> str:
    return f"hmb_{plan.tier}_{plan.interval}_{plan.cents}_{CURRENCY}"
