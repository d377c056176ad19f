"""From a draft invoice to money: finalising, charging, retrying, giving up."""

from stack.stripe import billing, payments, standing
from stack.stripe.cards import Refusal
from stack.stripe.customers import move_balance, own_card
from stack.stripe.events import change, emit
from stack.stripe.invoices import total_up
from stack.stripe.objects import Json, make
from stack.stripe.state import State

FINALIZE_AFTER = 3600
"""Seconds a renewal's invoice stays a draft, as at Stripe, so that an app can add to it."""

RETRY_DAYS = (3, 5, 7)
"""Days from each failed attempt to the next; after the last the subscription is cancelled."""

_PURPOSE = {
    "subscription_create": "Subscription creation",
    "subscription_update": "Subscription update",
    "subscription_cycle": "Subscription renewal",
}


def finalize(state: State, invoice: Json) -> None:
    """Number it, settle the customer's balance, open it; one with nothing due is paid."""
    customer = state.get("customer", invoice["customer"])
    now = state.now_for(customer)
    total_up(state, invoice)
    settled = billing.settle(invoice["total"], customer["balance"])
    moved = settled.ending_balance - customer["balance"]
    if moved:
        with change(state, customer, "customer.updated"):
            move_balance(state, customer, moved, kind="applied_to_invoice", invoice=invoice["id"])
    sequence = customer["next_invoice_sequence"]
    customer["next_invoice_sequence"] = sequence + 1
    invoice.update(
        number=f"{customer['invoice_prefix']}-{sequence:04d}",
        status="open",
        amount_due=settled.amount_due,
        amount_remaining=settled.amount_due,
        ending_balance=settled.ending_balance,
        effective_at=now,
        automatically_finalizes_at=None,
        next_payment_attempt=None,
    )
    invoice["status_transitions"]["finalized_at"] = now
    emit(state, "invoice.finalized", invoice)
    if settled.collectable:
        _open_payment(state, invoice, customer, now)
    else:
        _mark_paid(state, invoice)


def _open_payment(state: State, invoice: Json, customer: Json, now: int) -> None:
    intent = payments.new_intent(
        state,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=customer,
        now=now,
        description=_PURPOSE.get(invoice["billing_reason"], "Payment for Invoice"),
    )
    payment = make(
        "invoice_payment",
        amount_requested=invoice["amount_due"],
        created=now,
        currency=invoice["currency"],
        invoice=invoice["id"],
        payment={"type": "payment_intent", "payment_intent": intent["id"]},
    )
    state.put(payment)


def payment_of(state: State, invoice: Json) -> Json | None:
    """The payment that is to settle an open invoice, or that settled it."""
    return next(state.every("invoice_payment", invoice=invoice["id"]), None)


def card_for(state: State, invoice: Json, asked: str | None = None) -> Json | None:
    """The card to charge: the one asked for, the subscription's, or the customer's default."""
    if asked is not None:
        return own_card(state, invoice["customer"], asked)
    subscription = standing.subscription_of(state, invoice)
    customer = state.get("customer", invoice["customer"])
    identifier = (subscription or {}).get("default_payment_method") or (
        customer["invoice_settings"]["default_payment_method"]
    )
    return state.get("payment_method", identifier) if identifier else None


def collect(
    state: State, invoice: Json, asked: str | None = None, *, by_hand: bool = False
) -> Refusal | None:
    """Try to charge an open invoice. The refusal, or None when it was paid.

    `by_hand` attempts (the customer's own) leave the plan of retries as it is.
    """
    payment = payment_of(state, invoice)
    if payment is None or invoice["status"] != "open":
        return None
    method = card_for(state, invoice, asked)
    intent = state.get("payment_intent", payment["payment"]["payment_intent"])
    refusal = payments.attempt(state, intent, method)
    invoice["attempted"] = True
    if not by_hand:
        invoice["attempt_count"] += 1
    if refusal is None:
        settle_payment(state, payment)
    else:
        _failed(state, invoice, by_hand=by_hand)
    return refusal


def settle_payment(state: State, payment: Json) -> None:
    """The intent behind this payment succeeded: its invoice is paid."""
    invoice = state.get("invoice", payment["invoice"])
    intent = state.get("payment_intent", payment["payment"]["payment_intent"])
    now = state.now_for(invoice)
    payment.update(amount_paid=payment["amount_requested"], status="paid")
    payment["status_transitions"]["paid_at"] = now
    subscription = standing.subscription_of(state, invoice)
    if subscription is not None and intent["payment_method"]:
        saved = subscription["payment_settings"]["save_default_payment_method"]
        if saved == "on_subscription":
            subscription["default_payment_method"] = intent["payment_method"]
    emit(state, "invoice_payment.paid", payment)
    _mark_paid(state, invoice)


def mark_paid_elsewhere(state: State, invoice: Json) -> None:
    """The invoice was paid without a card of ours: by cash, by bank."""
    payment = payment_of(state, invoice)
    if payment is not None:
        payment["status"] = "canceled"
        state.get("payment_intent", payment["payment"]["payment_intent"])["status"] = "canceled"
    _mark_paid(state, invoice)


def _mark_paid(state: State, invoice: Json) -> None:
    now = state.now_for(invoice)
    invoice.update(
        status="paid",
        amount_paid=invoice["amount_due"],
        amount_remaining=0,
        attempted=True,
        auto_advance=False,
        next_payment_attempt=None,
    )
    invoice["status_transitions"]["paid_at"] = now
    customer = state.get("customer", invoice["customer"])
    if customer["delinquent"]:
        with change(state, customer, "customer.updated"):
            customer["delinquent"] = False
    emit(state, "invoice.paid", invoice)
    emit(state, "invoice.payment_succeeded", invoice)
    subscription = standing.subscription_of(state, invoice)
    if subscription is not None:
        standing.paid(state, subscription, invoice)


def _failed(state: State, invoice: Json, *, by_hand: bool) -> None:
    subscription = standing.subscription_of(state, invoice)
    retries = invoice["auto_advance"] and invoice["billing_reason"] != "subscription_create"
    exhausted = retries and invoice["attempt_count"] > len(RETRY_DAYS)
    if retries and not by_hand:
        days = None if exhausted else RETRY_DAYS[invoice["attempt_count"] - 1]
        invoice["next_payment_attempt"] = days and state.now_for(invoice) + days * billing.DAY
    emit(state, "invoice.payment_failed", invoice)
    customer = state.get("customer", invoice["customer"])
    if not customer["delinquent"]:
        with change(state, customer, "customer.updated"):
            customer["delinquent"] = True
    if subscription is None or subscription["status"] in standing.ENDED:
        return
    standing.unpaid(state, subscription)
    if exhausted and not by_hand:
        standing.end(state, subscription, "payment_failed")
