"""What stands on an invoice: its lines, discounts and totals. Collecting is `collection.py`."""

from datetime import UTC, datetime
from typing import Any

from stack.stripe import billing, discounts
from stack.stripe.catalog import described_interval
from stack.stripe.events import emit
from stack.stripe.objects import Json, make, new_id, page
from stack.stripe.state import State


def pricing_of(price: Json) -> Json:
    """A price as invoice lines quote it."""
    return {
        "type": "price_details",
        "price_details": {"price": price["id"], "product": price["product"]},
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def product_name(state: State, price: Json) -> str:
    """What a person calls the thing priced."""
    name: str = state.get("product", price["product"])["name"]
    return name


def dollars(cents: int) -> str:
    """Cents as a person reads them, e.g. `$9.99`."""
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def day(moment: int) -> str:
    """A date as a person reads it, e.g. `12 Nov 2026` (UTC)."""
    return f"{datetime.fromtimestamp(moment, UTC):%d %b %Y}"


def period_line(state: State, subscription: Json, item: Json, *, trial: bool = False) -> Json:
    """The line that bills one item for its current period; nothing is owed for a trial."""
    price, quantity = item["price"], item["quantity"]
    name = product_name(state, price)
    cost = dollars(price["unit_amount"])
    text = f"{quantity} × {name} (at {cost} / {described_interval(price)})"  # noqa: RUF001
    if trial:
        text = f"Trial period for {name}"
    amount = 0 if trial else price["unit_amount"] * quantity
    return make(
        "line_item",
        amount=amount,
        subtotal=amount,
        currency=price["currency"],
        description=text,
        quantity=quantity,
        quantity_decimal=str(quantity),
        period={"start": item["current_period_start"], "end": item["current_period_end"]},
        pricing=pricing_of(price),
        subscription=subscription["id"],
        metadata=dict(subscription["metadata"]),
        parent={
            "type": "subscription_item_details",
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": False,
                "proration_details": {"credited_items": None},
                "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
        },
    )


def pending_items(state: State, customer: str, subscription: Json | None) -> list[Json]:
    """Invoice items that wait for the next invoice: the subscription's, and the loose ones."""
    name = subscription["id"] if subscription else None
    found = []
    for item in state.every("invoiceitem", customer=customer, invoice=None):
        details = (item["parent"] or {}).get("subscription_details") or {}
        if details.get("subscription") in (None, name):
            found.append(item)
    return found


def item_line(item: Json) -> Json:
    """An invoice item as the line it becomes."""
    details = (item["parent"] or {}).get("subscription_details") or {}
    return make(
        "line_item",
        amount=item["amount"],
        subtotal=item["amount"],
        currency=item["currency"],
        description=item["description"],
        discountable=item["discountable"],
        quantity=item["quantity"],
        quantity_decimal=item["quantity_decimal"],
        period=dict(item["period"]),
        pricing=item["pricing"],
        subscription=details.get("subscription"),
        metadata=dict(item["metadata"]),
        parent={
            "type": "invoice_item_details",
            "subscription_item_details": None,
            "invoice_item_details": {
                "invoice_item": item["id"],
                "proration": item["proration"],
                "proration_details": {"credited_items": None},
                "subscription": details.get("subscription"),
            },
        },
    )


def draft(
    state: State,
    customer: Json,
    *,
    subscription: Json | None,
    lines: list[Json],
    reason: str,
    period: tuple[int, int],
    pending: bool = True,
    **fields: Any,
) -> Json:
    """A draft invoice of these lines, and of what was pending unless told otherwise."""
    identifier = new_id("in_")
    now = state.now_for(customer)
    waiting = pending_items(state, customer["id"], subscription) if pending else []
    for item in waiting:
        item["invoice"] = identifier
    every = [item_line(item) for item in waiting] + lines
    for line in every:
        line["invoice"] = identifier
    currency = every[0]["currency"] if every else customer["currency"] or "usd"
    customer["currency"] = customer["currency"] or currency
    invoice = make(
        "invoice",
        id=identifier,
        auto_advance=subscription is not None,
        billing_reason=reason,
        created=now,
        currency=currency,
        customer=customer["id"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_phone=customer["phone"],
        effective_at=None,
        lines=page(every, f"/v1/invoices/{identifier}/lines"),
        parent=subscription and _parent(subscription),
        period_start=period[0],
        period_end=period[1],
        test_clock=customer["test_clock"],
        discounts=discounts.running(state, subscription, now) if subscription else [],
    )
    invoice.update(fields)
    state.put(invoice)
    total_up(state, invoice)
    if subscription is not None:
        subscription["latest_invoice"] = identifier
        _note_billed(subscription, every)
        used = [one["discount"] for one in invoice["total_discount_amounts"] if one["amount"]]
        discounts.consume(state, subscription, used, now)
    emit(state, "invoice.created", invoice)
    return invoice


def _parent(subscription: Json) -> Json:
    return {
        "type": "subscription_details",
        "quote_details": None,
        "subscription_details": {
            "metadata": dict(subscription["metadata"]),
            "subscription": subscription["id"],
        },
    }


def total_up(state: State, invoice: Json) -> None:
    """Work discounts and totals out again from the lines; the customer's balance not yet."""
    lines = invoice["lines"]["data"]
    running = [state.get("discount", name) for name in invoice["discounts"]]
    amounts = [line["amount"] if line["discountable"] else 0 for line in lines]
    taken = billing.discounted(amounts, [discounts.reduction(one["_coupon"]) for one in running])
    for place, line in enumerate(lines):
        line["discount_amounts"] = [
            {"amount": cuts[place], "discount": one["id"]}
            for one, cuts in zip(running, taken, strict=True)
            if cuts[place]
        ]
    subtotal = sum(line["amount"] for line in lines)
    total = subtotal - sum(sum(cuts) for cuts in taken)
    due = billing.settle(total, state.get("customer", invoice["customer"])["balance"]).amount_due
    invoice.update(
        total_discount_amounts=[
            {"amount": sum(cuts), "discount": one["id"]}
            for one, cuts in zip(running, taken, strict=True)
        ],
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal,
        total=total,
        total_excluding_tax=total,
        starting_balance=state.get("customer", invoice["customer"])["balance"],
        amount_due=due,
        amount_remaining=due,
    )


def _note_billed(subscription: Json, lines: list[Json]) -> None:
    """Remember on each item what its period cost after discounts: what a credit refers to."""
    items = {item["id"]: item for item in subscription["items"]["data"]}
    for line in lines:
        details = line["parent"]["subscription_item_details"]
        if details is not None and details["subscription_item"] in items:
            cut = sum(one["amount"] for one in line["discount_amounts"])
            items[details["subscription_item"]]["_billed"] = {
                "amount": line["amount"] - cut,
                "start": line["period"]["start"],
                "end": line["period"]["end"],
            }
