"""Money moving: charges on cards, the payment intents they belong to, refunds."""

from stack.stripe import cards
from stack.stripe.calls import Call, listed, matching, metadata, required
from stack.stripe.cards import Refusal
from stack.stripe.errors import invalid
from stack.stripe.events import change, emit
from stack.stripe.objects import Json, make, new_id, public
from stack.stripe.state import State

NO_CARD = Refusal(
    code="payment_intent_payment_attempt_failed",
    decline_code="no_payment_method",
    message="There is no payment method to charge.",
)


def refusal_of(method: Json | None) -> Refusal | None:
    """What a charge on this card would be refused for; None if it would succeed."""
    if method is None:
        return NO_CARD
    card = cards.by_token(method["_token"])
    return card.charge if card is not None else None


def new_intent(
    state: State,
    *,
    amount: int,
    currency: str,
    customer: Json | None,
    now: int,
    description: str | None = None,
) -> Json:
    """A payment intent that waits for a card. `amount` in cents."""
    identifier = new_id("pi_")
    intent = make(
        "payment_intent",
        id=identifier,
        amount=amount,
        client_secret=f"{identifier}_secret_{new_id('')}",
        created=now,
        currency=currency,
        customer=customer["id"] if customer else None,
        description=description,
    )
    state.put(intent)
    emit(state, "payment_intent.created", intent)
    return intent


def attempt(state: State, intent: Json, method: Json | None) -> Refusal | None:
    """Charge the intent to a card. The refusal, or None when the money came in."""
    refusal = refusal_of(method)
    if method is None:
        intent["status"] = "requires_payment_method"
        return refusal
    charge = _charge(state, intent, method, refusal)
    intent["latest_charge"] = charge["id"]
    if refusal is None:
        intent.update(
            status="succeeded",
            amount_received=intent["amount"],
            payment_method=method["id"],
            last_payment_error=None,
        )
        emit(state, "charge.succeeded", charge)
        emit(state, "payment_intent.succeeded", intent)
        return None
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        last_payment_error=refusal.failure(charge=charge["id"]).body["error"]
        | {"payment_method": public(method)},
    )
    emit(state, "charge.failed", charge)
    emit(state, "payment_intent.payment_failed", intent)
    return refusal


def _charge(state: State, intent: Json, method: Json, refusal: Refusal | None) -> Json:
    card = method["card"]
    fine = refusal is None
    charge = make(
        "charge",
        amount=intent["amount"],
        amount_captured=intent["amount"] if fine else 0,
        billing_details=dict(method["billing_details"]),
        captured=fine,
        created=state.now_for(intent),
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        failure_code=refusal.code if refusal else None,
        failure_message=refusal.message if refusal else None,
        metadata=dict(intent["metadata"]),
        outcome={
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "approved_by_network" if fine else "declined_by_network",
            "reason": refusal.decline_code if refusal else None,
            "seller_message": "Payment complete." if fine else "The bank declined the payment.",
            "type": "authorized" if fine else "issuer_declined",
        },
        paid=fine,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details={
            "type": "card",
            "card": {
                name: card[name]
                for name in (
                    "brand",
                    "checks",
                    "country",
                    "exp_month",
                    "exp_year",
                    "fingerprint",
                    "funding",
                    "last4",
                    "wallet",
                )
            },
        },
        status="succeeded" if fine else "failed",
    )
    return state.put(charge)


def list_charges(call: Call) -> Json:
    """GET /v1/charges"""
    return listed(call, matching(call, call.state.every("charge"), "customer", "payment_intent"))


def create_refund(call: Call) -> Json:
    """POST /v1/refunds, whole or in part"""
    state = call.state
    required(call, "charge", "payment_intent")
    identifier = call.get("charge")
    if identifier is None:
        intent = state.get("payment_intent", call.params["payment_intent"], "payment_intent")
        identifier = intent["latest_charge"]
    charge = state.get("charge", identifier or "", "charge")
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = call.get("amount") or left
    if left <= 0:
        raise invalid(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if not 0 < amount <= left:
        raise invalid(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    refund = make(
        "refund",
        amount=amount,
        charge=charge["id"],
        created=state.now_for(charge),
        currency=charge["currency"],
        customer=charge["customer"],
        metadata=metadata(None, call.params.get("metadata")),
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        reason=call.get("reason"),
    )
    state.put(refund)
    with change(state, charge, "charge.refunded"):
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    emit(state, "refund.created", refund)
    return refund


def list_refunds(call: Call) -> Json:
    """GET /v1/refunds"""
    return listed(call, matching(call, call.state.every("refund"), "charge", "payment_intent"))
