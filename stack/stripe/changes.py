"""Changing a running subscription: plan, quantity, trial, cancellation, discounts."""

from dataclasses import dataclass

from stack.stripe import cycles, discounts, payments, standing
from stack.stripe.calls import metadata
from stack.stripe.collection import card_for
from stack.stripe.customers import own_card
from stack.stripe.errors import invalid, missing
from stack.stripe.events import change
from stack.stripe.objects import Json
from stack.stripe.prorations import charge, credit
from stack.stripe.state import State
from stack.stripe.subscriptions import new_item, one_rhythm, recurring_price, trial_end_of

_PLAIN = ("description", "default_payment_method")
_AFTER_END = {"metadata", "cancellation_details"}


@dataclass(slots=True)
class Plan:
    """What a change of items comes to, before anything is done."""

    items: list[Json]
    """The items as they will be; a changed one is a new object under its old id."""

    replaced: list[Json]
    """Former items that are credited: changed or removed."""

    added: list[Json]
    """Items that are charged: changed or new."""

    resets: bool
    """Whether the billing date moves to now: another interval, or free becomes paid."""


def update(state: State, subscription: Json, asked: Json) -> Json:
    """Carry out an update (the parameters of POST /v1/subscriptions/{id}). 400/402/404."""
    if subscription["status"] in standing.ENDED and not asked.keys() <= _AFTER_END:
        raise invalid(
            "A canceled subscription can only update its cancellation_details and metadata.",
            param=next(iter(asked.keys() - _AFTER_END)),
        )
    now = state.now_for(subscription)
    if asked.get("default_payment_method"):
        own_card(state, subscription["customer"], asked["default_payment_method"])
    coupons = discounts.chosen(
        state,
        [one for one in asked.get("discounts") or [] if "discount" not in one],
        subscription["customer"],
    )
    plan = _planned(state, subscription, asked, now)
    trial_end = trial_end_of(asked, now)
    at = _proration_moment(subscription, asked, now)
    _card_accepts(state, subscription, asked, plan)
    with change(state, subscription, "customer.subscription.updated"):
        _set_plain(subscription, asked)
        if "discounts" in asked:
            kept = [one["discount"] for one in asked["discounts"] or [] if "discount" in one]
            made = discounts.redeem(state, coupons, subscription, now=now)
            subscription["discounts"] = kept + made
        _change_items(state, subscription, asked, plan, trial_end, at)
        _set_cancellation(subscription, asked, now)
    return subscription


def _set_plain(subscription: Json, asked: Json) -> None:
    for name in _PLAIN:
        if name in asked:
            subscription[name] = asked[name] or None
    if "metadata" in asked:
        subscription["metadata"] = metadata(subscription["metadata"], asked["metadata"])
    if "trial_settings" in asked:
        subscription["trial_settings"] = asked["trial_settings"]
    subscription["payment_settings"].update(asked.get("payment_settings", {}))
    for name, value in asked.get("cancellation_details", {}).items():
        subscription["cancellation_details"][name] = value or None


def _planned(state: State, subscription: Json, asked: Json, now: int) -> Plan:
    current = {item["id"]: item for item in cycles.items_of(subscription)}
    plan = Plan(items=[], replaced=[], added=[], resets=False)
    touched: dict[str, Json | None] = {}
    for place, one in enumerate(asked.get("items") or []):
        item = _planned_item(state, subscription, current, one, place, now)
        former = current.get(one.get("id", ""))
        if former is not None:
            touched[former["id"]] = item
        if former is not None and item is not None and _same(former, item):
            continue
        if former is not None:
            plan.replaced.append(former)
        if item is not None:
            plan.added.append(item)
    plan.items = [kept for kept in (touched.get(n, i) for n, i in current.items()) if kept]
    plan.items += [item for item in plan.added if item["id"] not in current]
    one_rhythm(plan.items)
    before, after = _rhythm(list(current.values())), _rhythm(plan.items)
    becomes_paid = _cost(list(current.values())) == 0 < _cost(plan.items)
    moved = bool(plan.added) and (before != after or becomes_paid)
    plan.resets = moved or asked.get("billing_cycle_anchor") == "now"
    return plan


def _planned_item(
    state: State, subscription: Json, current: dict[str, Json], one: Json, place: int, now: int
) -> Json | None:
    """The item as it will be, None where it is to go."""
    former = None
    if "id" in one:
        former = current.get(one["id"])
        if former is None:
            raise missing("subscription_item", one["id"], f"items[{place}][id]")
    if one.get("deleted"):
        return None
    if former is None and "price" not in one:
        raise invalid(
            f"Missing required param: items[{place}][price].",
            code="parameter_missing",
            param=f"items[{place}][price]",
        )
    if former is None:
        price = recurring_price(state, one["price"], f"items[{place}][price]")
        item = new_item(subscription["id"], price, one.get("quantity", 1), now)
        start, end = cycles.period_of(subscription)
        return item | {"current_period_start": start, "current_period_end": end}
    price = former["price"]
    if "price" in one:
        price = recurring_price(state, one["price"], f"items[{place}][price]")
    quantity = one["quantity"] if "quantity" in one else former["quantity"]
    fresh = new_item(subscription["id"], price, quantity, now)
    return former | {
        "price": fresh["price"],
        "plan": fresh["plan"],
        "quantity": fresh["quantity"],
        "metadata": metadata(former["metadata"], one.get("metadata")),
    }


def _same(former: Json, item: Json) -> bool:
    return (former["price"]["id"], former["quantity"]) == (item["price"]["id"], item["quantity"])


def _rhythm(items: list[Json]) -> tuple[str, int]:
    recurring = items[0]["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]


def _cost(items: list[Json]) -> int:
    return sum(item["price"]["unit_amount"] * item["quantity"] for item in items)


def _proration_moment(subscription: Json, asked: Json, now: int) -> int:
    at: int = asked.get("proration_date", now)
    start, end = cycles.period_of(subscription)
    if "proration_date" in asked and not start <= at <= end:
        raise invalid("Invalid proration_date: not in the current period.", param="proration_date")
    return at


def _card_accepts(state: State, subscription: Json, asked: Json, plan: Plan) -> None:
    """With `error_if_incomplete`: 402 before anything changes, where the charge would fail."""
    charged = plan.resets or asked.get("proration_behavior") == "always_invoice"
    if not charged or asked.get("payment_behavior") != "error_if_incomplete":
        return
    stand_in = {
        "customer": subscription["customer"],
        "parent": {"subscription_details": {"subscription": subscription["id"]}},
    }
    refusal = payments.refusal_of(
        card_for(state, stand_in, asked.get("default_payment_method") or None)
    )
    if refusal is not None:
        raise refusal.failure()


def _change_items(
    state: State, subscription: Json, asked: Json, plan: Plan, trial_end: int | None, at: int
) -> None:
    """Put the new items in place and settle the difference."""
    behaviour = asked.get("proration_behavior", "create_prorations")
    now = state.now_for(subscription)
    unbilled = subscription["status"] in ("trialing", "paused")
    ends_trial = subscription["status"] == "trialing" and asked.get("trial_end") == "now"
    resets = ends_trial or (plan.resets and not unbilled and trial_end is None)
    whole = resets or trial_end is not None
    if behaviour != "none":
        credited = cycles.items_of(subscription) if whole else plan.replaced
        for item in credited:
            credit(state, subscription, item, at)
    replaced = {item["id"]: item for item in plan.replaced}
    for item in plan.items:
        if item["id"] in replaced and behaviour != "none":
            item["_billed"] = None
    subscription["items"]["data"] = plan.items
    if trial_end is not None:
        _begin_trial(subscription, trial_end, now)
    elif resets:
        _begin_period(subscription, now)
        cycles.bill_now(state, subscription, "subscription_update")
    elif not unbilled and behaviour != "none":
        for item in plan.added:
            charge(state, subscription, item, at)
        if behaviour == "always_invoice" and (plan.added or plan.replaced):
            cycles.bill_now(state, subscription, "subscription_update", lines=False)


def _begin_trial(subscription: Json, trial_end: int, now: int) -> None:
    if subscription["status"] != "trialing":
        subscription["trial_start"] = now
    start = cycles.period_of(subscription)[0] if subscription["status"] == "trialing" else now
    subscription.update(status="trialing", trial_end=trial_end, billing_cycle_anchor=trial_end)
    cycles.set_period(subscription, start, trial_end)


def _begin_period(subscription: Json, now: int) -> None:
    if subscription["status"] == "trialing":
        subscription.update(status="active", trial_end=now)
    subscription["billing_cycle_anchor"] = now
    cycles.start_period(subscription, now)


def _set_cancellation(subscription: Json, asked: Json, now: int) -> None:
    """The two ways of asking for an end later, and of taking that back."""
    if "cancel_at" in asked:
        end = asked["cancel_at"] or None
        if end is not None and end <= now:
            raise invalid("cancel_at must be in the future.", param="cancel_at")
        _end_at(subscription, end, now, at_period_end=False)
    elif asked.get("cancel_at_period_end") is True:
        _end_at(subscription, cycles.period_of(subscription)[1], now, at_period_end=True)
    elif asked.get("cancel_at_period_end") is False and subscription["cancel_at_period_end"]:
        _end_at(subscription, None, now, at_period_end=False)
    elif subscription["cancel_at_period_end"]:
        subscription["cancel_at"] = cycles.period_of(subscription)[1]


def _end_at(subscription: Json, end: int | None, now: int, *, at_period_end: bool) -> None:
    details = subscription["cancellation_details"]
    subscription.update(
        cancel_at=end,
        cancel_at_period_end=at_period_end,
        canceled_at=now if end is not None else None,
        cancellation_details={
            **details,
            "reason": "cancellation_requested" if end is not None else None,
        },
    )
