"""Invoices and invoice items as the API answers them."""

from stack.stripe import collection, discounts, invoices, standing
from stack.stripe.calls import Call, listed, matching, metadata
from stack.stripe.customers import living
from stack.stripe.errors import invalid
from stack.stripe.events import emit
from stack.stripe.objects import Json, make


def create(call: Call) -> Json:
    """POST /v1/invoices: a draft by hand, of pending items unless told otherwise"""
    state, asked = call.state, call.params
    customer = living(state, asked["customer"])
    coupons = discounts.chosen(state, call.get("discounts"), customer["id"])
    now = state.now_for(customer)
    invoice = invoices.draft(
        state,
        customer,
        subscription=None,
        lines=[],
        reason="manual",
        period=(now, now),
        pending=asked.get("pending_invoice_items_behavior", "exclude") == "include",
        auto_advance=asked.get("auto_advance", False),
        description=call.get("description"),
        metadata=metadata(None, asked.get("metadata")),
    )
    invoice["discounts"] = discounts.redeem(state, coupons, invoice, now=now)
    invoices.total_up(state, invoice)
    return invoice


def _of_status(invoice: Json, *statuses: str) -> Json:
    if invoice["status"] not in statuses:
        raise invalid(
            f"This invoice is {invoice['status']}: it must be {' or '.join(statuses)}.",
            code="invoice_not_editable",
        )
    return invoice


def finalize(call: Call) -> Json:
    """POST /v1/invoices/{id}/finalize"""
    invoice = _of_status(call.state.get("invoice", call.ids["id"]), "draft")
    if "auto_advance" in call.params:
        invoice["auto_advance"] = call.params["auto_advance"]
    collection.finalize(call.state, invoice)
    return invoice


def pay(call: Call) -> Json:
    """POST /v1/invoices/{id}/pay: 402 where the card is refused"""
    state = call.state
    invoice = state.get("invoice", call.ids["id"])
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid", code="invoice_already_paid")
    _of_status(invoice, "draft", "open")
    if invoice["status"] == "draft":
        collection.finalize(state, invoice)
    if call.get("paid_out_of_band"):
        collection.mark_paid_elsewhere(state, invoice)
        return invoice
    refusal = collection.collect(state, invoice, call.get("payment_method"), by_hand=True)
    if refusal is not None:
        raise refusal.failure()
    return invoice


def void(call: Call) -> Json:
    """POST /v1/invoices/{id}/void"""
    invoice = _of_status(call.state.get("invoice", call.ids["id"]), "open", "uncollectible")
    standing.void(call.state, invoice)
    return invoice


def list_invoices(call: Call) -> Json:
    """GET /v1/invoices"""
    found = matching(call, call.state.every("invoice"), "customer", "status")
    wanted = call.get("subscription")
    rows = [
        one
        for one in found
        if wanted is None or (standing.subscription_of(call.state, one) or {}).get("id") == wanted
    ]
    return listed(call, rows)


def list_lines(call: Call) -> Json:
    """GET /v1/invoices/{id}/lines"""
    invoice = call.state.get("invoice", call.ids["id"])
    return listed(call, invoice["lines"]["data"], newest_first=False)


def create_item(call: Call) -> Json:
    """POST /v1/invoiceitems: onto a draft, or pending until the next invoice"""
    state, asked = call.state, call.params
    customer = living(state, asked["customer"])
    now = state.now_for(customer)
    quantity = asked.get("quantity", 1)
    price = None
    if call.get("pricing"):
        price = state.get("price", asked["pricing"].get("price", ""), "pricing[price]")
    elif "amount" not in asked or "currency" not in asked:
        raise invalid("Missing required param: amount.", code="parameter_missing", param="amount")
    amount = price["unit_amount"] * quantity if price else asked["amount"]
    subscription = call.get("subscription")
    if subscription is not None:
        state.get("subscription", subscription, "subscription")
    item = make(
        "invoiceitem",
        amount=amount,
        net_amount=amount,
        currency=price["currency"] if price else asked["currency"],
        customer=customer["id"],
        date=now,
        description=call.get("description") or (price and invoices.product_name(state, price)),
        discountable=asked.get("discountable", amount > 0),
        metadata=metadata(None, asked.get("metadata")),
        period=call.get("period") or {"start": now, "end": now},
        pricing=price and invoices.pricing_of(price),
        quantity=quantity,
        quantity_decimal=str(quantity),
        parent=subscription
        and {
            "type": "subscription_details",
            "subscription_details": {"subscription": subscription, "subscription_item": None},
        },
        test_clock=customer["test_clock"],
    )
    invoice = call.get("invoice")
    if invoice is not None:
        _add(call, item, _of_status(state.get("invoice", invoice, "invoice"), "draft"))
    state.put(item)
    emit(state, "invoiceitem.created", item)
    return item


def _add(call: Call, item: Json, invoice: Json) -> None:
    item["invoice"] = invoice["id"]
    line = invoices.item_line(item)
    line["invoice"] = invoice["id"]
    invoice["lines"]["data"].append(line)
    invoices.total_up(call.state, invoice)


def delete_item(call: Call) -> Json:
    """DELETE /v1/invoiceitems/{id}, while it waits or its invoice is a draft"""
    state = call.state
    item = state.get("invoiceitem", call.ids["id"])
    if item["invoice"] is not None:
        invoice = _of_status(state.get("invoice", item["invoice"]), "draft")
        invoice["lines"]["data"] = [
            line
            for line in invoice["lines"]["data"]
            if (line["parent"]["invoice_item_details"] or {}).get("invoice_item") != item["id"]
        ]
        invoices.total_up(state, invoice)
    state.drop("invoiceitem", item["id"])
    emit(state, "invoiceitem.deleted", item)
    return {"id": item["id"], "object": "invoiceitem", "deleted": True}


def list_items(call: Call) -> Json:
    """GET /v1/invoiceitems"""
    found = matching(call, call.state.every("invoiceitem"), "customer", "invoice")
    pending = call.get("pending")
    rows = [one for one in found if pending is None or (one["invoice"] is None) == pending]
    return listed(call, rows)


def list_payments(call: Call) -> Json:
    """GET /v1/invoice_payments, by invoice or by payment intent"""
    found = matching(call, call.state.every("invoice_payment"), "invoice", "status")
    intent = (call.get("payment") or {}).get("payment_intent")
    rows = [one for one in found if intent in (None, one["payment"]["payment_intent"])]
    return listed(call, rows)
