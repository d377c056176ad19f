"""Subscriptions as the API creates, reads and ends them. Changing one is `changes.py`."""

from typing import Any

from stack.stripe import billing, collection, cycles, discounts, payments, standing
from stack.stripe.calls import Call, listed, matching, metadata
from stack.stripe.customers import living, own_card
from stack.stripe.errors import invalid, missing
from stack.stripe.events import change, emit
from stack.stripe.objects import Json, make, new_id, page, template
from stack.stripe.prorations import credit
from stack.stripe.state import State

MAX_ITEMS = 20
MAX_TRIAL_DAYS = 730


def recurring_price(state: State, identifier: str, param: str) -> Json:
    """An active recurring price. 404 where there is none, 400 where it cannot be subscribed to."""
    price = state.get("price", identifier, param)
    if price["recurring"] is None:
        raise invalid(
            f"The price {identifier} is set to `type=one_time` but this field only accepts "
            "prices with `type=recurring`.",
            param=param,
        )
    if not price["active"]:
        raise invalid(f"The price {identifier} is inactive.", param=param)
    return price


def new_item(subscription: str, price: Json, quantity: int, now: int, **fields: Any) -> Json:
    """A subscription item with the price and its older twin, the plan."""
    recurring = price["recurring"]
    plan = template("plan") | {
        "id": price["id"],
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "nickname": price["nickname"],
        "product": price["product"],
    }
    return make(
        "subscription_item",
        id=new_id("si_", 14),
        created=now,
        price=dict(price),
        plan=plan,
        quantity=quantity,
        subscription=subscription,
        **fields,
    )


def one_rhythm(items: list[Json]) -> None:
    """400 unless all items bill together: one currency, one interval, each price once."""
    if not 1 <= len(items) <= MAX_ITEMS:
        raise invalid(f"A subscription has 1 to {MAX_ITEMS} items.", param="items")
    prices = [item["price"] for item in items]
    rhythms = {
        (one["currency"], one["recurring"]["interval"], one["recurring"]["interval_count"])
        for one in prices
    }
    if len(rhythms) > 1:
        raise invalid(
            "All prices of a subscription must have the same currency and interval.", param="items"
        )
    if len({one["id"] for one in prices}) < len(prices):
        raise invalid("Cannot add multiple subscription items with the same price.", param="items")


def trial_end_of(asked: Json, now: int) -> int | None:
    """When a trial asked for ends; None where none was. 400 for one that makes no sense."""
    end = asked.get("trial_end")
    days = asked.get("trial_period_days")
    if end is not None and days is not None:
        raise invalid("Pass trial_end or trial_period_days, not both.", param="trial_period_days")
    if days is not None:
        if not 1 <= days <= MAX_TRIAL_DAYS:
            raise invalid(
                f"Invalid trial_period_days: 1 to {MAX_TRIAL_DAYS}.", param="trial_period_days"
            )
        return now + int(days) * billing.DAY
    if end is None or end == "now":
        return None
    if end <= now:
        raise invalid("trial_end must be in the future.", param="trial_end")
    return int(end)


def create(call: Call) -> Json:
    """POST /v1/subscriptions"""
    state, asked = call.state, call.params
    customer = living(state, asked["customer"])
    if not call.get("items"):
        raise invalid("Missing required param: items.", code="parameter_missing", param="items")
    card = call.get("default_payment_method")
    if card is not None:
        own_card(state, customer["id"], card)
    now = state.now_for(customer)
    identifier = new_id("sub_")
    items = [
        new_item(
            identifier,
            recurring_price(state, one["price"], f"items[{place}][price]"),
            one.get("quantity", 1),
            now,
            metadata=one.get("metadata", {}),
        )
        for place, one in enumerate(asked["items"])
    ]
    coupons = discounts.chosen(state, call.get("discounts"), customer["id"])
    subscription = _assemble(call, identifier, customer, items, now)
    behaviour = asked.get("payment_behavior", "allow_incomplete")
    _card_ready(state, subscription, customer, coupons, behaviour)
    return begin(state, subscription, coupons, charge=behaviour != "default_incomplete")


def _assemble(call: Call, identifier: str, customer: Json, items: list[Json], now: int) -> Json:
    asked = call.params
    one_rhythm(items)
    trial_end = trial_end_of(asked, now)
    subscription = make(
        "subscription",
        id=identifier,
        billing_cycle_anchor=trial_end or now,
        created=now,
        start_date=now,
        currency=items[0]["price"]["currency"],
        customer=customer["id"],
        default_payment_method=call.get("default_payment_method"),
        description=call.get("description"),
        items=page(items, f"/v1/subscription_items?subscription={identifier}"),
        metadata=metadata(None, asked.get("metadata")),
        test_clock=customer["test_clock"],
        trial_start=now if trial_end else None,
        trial_end=trial_end,
        cancel_at=call.get("cancel_at"),
        cancel_at_period_end=asked.get("cancel_at_period_end", False),
    )
    if "trial_settings" in asked:
        subscription["trial_settings"] = asked["trial_settings"]
    subscription["payment_settings"].update(asked.get("payment_settings", {}))
    return subscription


def first_amount(subscription: Json, coupons: list[tuple[Json, str | None]]) -> int:
    """Cents of the first period after discounts, were there no trial."""
    amounts: list[int] = [
        item["price"]["unit_amount"] * item["quantity"] for item in cycles.items_of(subscription)
    ]
    reductions = [discounts.reduction(coupon) for coupon, _ in coupons]
    return sum(amounts) - sum(sum(cuts) for cuts in billing.discounted(amounts, reductions))


def _card_ready(
    state: State,
    subscription: Json,
    customer: Json,
    coupons: list[tuple[Json, str | None]],
    behaviour: str,
) -> None:
    """400/402 before anything is made, where a charge is due and cannot even be tried."""
    owed = first_amount(subscription, coupons) + customer["balance"]
    if behaviour == "default_incomplete" or subscription["trial_end"] or owed <= 0:
        return
    identifier = (
        subscription["default_payment_method"]
        or (customer["invoice_settings"]["default_payment_method"])
    )
    if identifier is None:
        raise invalid(
            "This customer has no attached payment source or default payment method. Please "
            "consider adding a default payment method.",
            code="resource_missing",
        )
    refusal = payments.refusal_of(state.get("payment_method", identifier))
    if behaviour == "error_if_incomplete" and refusal is not None:
        raise refusal.failure()


def begin(
    state: State,
    subscription: Json,
    coupons: list[tuple[Json, str | None]],
    *,
    charge: bool = True,
) -> Json:
    """Start a subscription that is assembled: its first period, its first invoice."""
    now = subscription["created"]
    state.put(subscription)
    subscription["discounts"] = discounts.redeem(state, coupons, subscription, now=now)
    trial = subscription["trial_end"] is not None
    if trial:
        subscription["status"] = "trialing"
        cycles.set_period(subscription, now, subscription["trial_end"])
    else:
        cycles.start_period(subscription, now)
    if subscription["cancel_at_period_end"]:
        subscription["cancel_at"] = cycles.period_of(subscription)[1]
    emit(state, "customer.subscription.created", subscription)
    if trial and subscription["trial_end"] - now <= cycles.TRIAL_WARNING:
        cycles.warn_of_trial_end(state, subscription)
    invoice = cycles.bill(state, subscription, "subscription_create", trial=trial)
    collection.finalize(state, invoice)
    if charge:
        collection.collect(state, invoice)
    return subscription


def list_subscriptions(call: Call) -> Json:
    """GET /v1/subscriptions; without a status the ended ones are left out"""
    found = matching(call, call.state.every("subscription"), "customer", "test_clock")
    status, price = call.get("status"), call.get("price")
    rows = [
        one
        for one in found
        if _has_status(one, status)
        and (price is None or any(i["price"]["id"] == price for i in cycles.items_of(one)))
    ]
    return listed(call, rows)


def _has_status(subscription: Json, status: str | None) -> bool:
    ended = subscription["status"] in standing.ENDED
    if status is None:
        return not ended
    if status == "ended":
        return ended
    return status in ("all", subscription["status"])


def cancel(call: Call) -> Json:
    """DELETE /v1/subscriptions/{id}: ends it now"""
    state = call.state
    subscription = state.get("subscription", call.ids["id"])
    if subscription["status"] in standing.ENDED:
        raise missing("subscription", subscription["id"])
    details = subscription["cancellation_details"]
    details.update(call.get("cancellation_details") or {})
    details["reason"] = "cancellation_requested"
    now = state.now_for(subscription)
    if call.get("prorate"):
        for item in cycles.items_of(subscription):
            credit(state, subscription, item, now)
    if call.get("invoice_now"):
        cycles.bill_now(state, subscription, "subscription_update", lines=False)
    standing.end(state, subscription, "cancellation_requested")
    return subscription


def resume(call: Call) -> Json:
    """POST /v1/subscriptions/{id}/resume: a paused one begins a new period and is charged"""
    state = call.state
    subscription = state.get("subscription", call.ids["id"])
    if subscription["status"] != "paused":
        raise invalid("Only a paused subscription can be resumed.", code="subscription_not_paused")
    now = state.now_for(subscription)
    with change(state, subscription, "customer.subscription.updated"):
        subscription.update(status="active", billing_cycle_anchor=now)
        cycles.start_period(subscription, now)
        cycles.bill_now(state, subscription, "subscription_update")
    emit(state, "customer.subscription.resumed", subscription)
    return subscription


def list_items(call: Call) -> Json:
    """GET /v1/subscription_items"""
    subscription = call.state.get("subscription", call.params["subscription"], "subscription")
    return listed(call, cycles.items_of(subscription), newest_first=False)


def retrieve_item(call: Call) -> Json:
    """GET /v1/subscription_items/{id}"""
    for subscription in call.state.every("subscription"):
        for item in cycles.items_of(subscription):
            if item["id"] == call.ids["id"]:
                return item
    return call.state.get("subscription_item", call.ids["id"])
