"""What a change in mid-period costs: a credit for the time not used, a charge for the rest."""

from stack.stripe import billing, discounts
from stack.stripe.invoices import day, pricing_of, product_name
from stack.stripe.objects import Json, make
from stack.stripe.state import State


def credit(state: State, subscription: Json, item: Json, at: int) -> Json | None:
    """A pending credit for what was billed of the item and not used by `at`.

    It refers to what the period really cost after discounts; nothing billed, no credit.
    """
    billed = item.get("_billed")
    if billed is None:
        return None
    amount = -billing.prorate(billed["amount"], billed["start"], billed["end"], at)
    item["_billed"] = None
    if amount == 0:
        return None
    return _pending(state, subscription, item, "Unused time on", amount, (at, billed["end"]))


def charge(state: State, subscription: Json, item: Json, at: int) -> Json | None:
    """A pending charge for the item from `at` to the end of the running period."""
    start, end = item["current_period_start"], item["current_period_end"]
    whole = discounted_price(state, subscription, item, at)
    item["_billed"] = {"amount": whole, "start": start, "end": end}
    amount = billing.prorate(whole, start, end, at)
    if amount == 0:
        return None
    return _pending(state, subscription, item, "Remaining time on", amount, (at, end))


def discounted_price(state: State, subscription: Json, item: Json, at: int) -> int:
    """An item's price for a whole period, less the lasting percentages off it."""
    amount: int = item["price"]["unit_amount"] * item["quantity"]
    for name in discounts.running(state, subscription, at):
        coupon = state.get("discount", name)["_coupon"]
        if coupon["duration"] != "once" and coupon["percent_off"] is not None:
            amount -= discounts.reduction(coupon).off([amount])[0]
    return amount


def _pending(
    state: State, subscription: Json, item: Json, what: str, amount: int, span: tuple[int, int]
) -> Json:
    price = item["price"]
    made = make(
        "invoiceitem",
        amount=amount,
        net_amount=amount,
        currency=price["currency"],
        customer=subscription["customer"],
        date=span[0],
        description=f"{what} {product_name(state, price)} after {day(span[0])}",
        discountable=False,
        proration=True,
        period={"start": span[0], "end": span[1]},
        pricing=pricing_of(price),
        quantity=item["quantity"],
        quantity_decimal=str(item["quantity"]),
        parent={
            "type": "subscription_details",
            "subscription_details": {
                "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
        },
        test_clock=subscription["test_clock"],
    )
    return state.put(made)
