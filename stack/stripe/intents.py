"""Payment intents as the API creates and confirms them."""

from stack.stripe import cards, collection, payments
from stack.stripe.calls import Call, listed, matching, metadata
from stack.stripe.customers import card_of, living
from stack.stripe.errors import invalid
from stack.stripe.events import emit
from stack.stripe.objects import Json, public
from stack.stripe.state import State

MIN_AMOUNT = 50
MAX_AMOUNT = 99_999_999


def create(call: Call) -> Json:
    """POST /v1/payment_intents; with `confirm` it is charged at once"""
    state, asked = call.state, call.params
    if not MIN_AMOUNT <= asked["amount"] <= MAX_AMOUNT:
        raise invalid(
            "Amount must convert to at least 50 cents and at most $999,999.99.",
            code="amount_too_small" if asked["amount"] < MIN_AMOUNT else "amount_too_large",
            param="amount",
        )
    customer = living(state, asked["customer"]) if call.get("customer") else None
    intent = payments.new_intent(
        state,
        amount=asked["amount"],
        currency=asked["currency"],
        customer=customer,
        now=state.now_for(customer) if customer else state.now(),
        description=call.get("description"),
    )
    intent["metadata"] = metadata(None, asked.get("metadata"))
    intent["setup_future_usage"] = call.get("setup_future_usage")
    if asked.get("confirm"):
        _confirm(state, intent, call.get("payment_method"))
    elif call.get("payment_method"):
        method = _method(state, intent, asked["payment_method"])
        intent.update(payment_method=method["id"], status="requires_confirmation")
    return intent


def _method(state: State, intent: Json, identifier: str) -> Json:
    """The card to charge: an own one, one nobody has, or a fresh `pm_card_...`. 404 otherwise."""
    known = cards.by_token(identifier)
    if known is not None:
        return card_of(state, known, state.now_for(intent))
    method = state.get("payment_method", identifier, "payment_method")
    if method["customer"] not in (None, intent["customer"]):
        raise invalid("The payment method belongs to another customer.", param="payment_method")
    return method


def _confirm(state: State, intent: Json, identifier: str | None) -> None:
    name = identifier or intent["payment_method"]
    if name is None:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    method = _method(state, intent, name)
    refusal = payments.attempt(state, intent, method)
    if refusal is not None:
        raise refusal.failure(charge=intent["latest_charge"], payment_intent=public(intent))
    if intent["customer"] is not None and method["customer"] is None:
        method["customer"] = intent["customer"]
        emit(state, "payment_method.attached", method)
    for payment in state.every("invoice_payment", status="open"):
        if payment["payment"]["payment_intent"] == intent["id"]:
            collection.settle_payment(state, payment)


def confirm(call: Call) -> Json:
    """POST /v1/payment_intents/{id}/confirm: 402 where the card is refused"""
    intent = call.state.get("payment_intent", call.ids["id"])
    if intent["status"] in ("succeeded", "canceled"):
        raise invalid(
            f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    _confirm(call.state, intent, call.get("payment_method"))
    return intent


def cancel(call: Call) -> Json:
    """POST /v1/payment_intents/{id}/cancel"""
    intent = call.state.get("payment_intent", call.ids["id"])
    if intent["status"] in ("succeeded", "canceled"):
        raise invalid(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    intent.update(
        status="canceled",
        canceled_at=call.state.now_for(intent),
        cancellation_reason=call.get("cancellation_reason"),
    )
    emit(call.state, "payment_intent.canceled", intent)
    return intent


def list_intents(call: Call) -> Json:
    """GET /v1/payment_intents"""
    return listed(call, matching(call, call.state.every("payment_intent"), "customer"))
