"""Billing portal sessions: a customer's own page to cancel, switch, pay and change the card."""

from stack.stripe import changes, collection, cycles, preview, standing
from stack.stripe.calls import Call
from stack.stripe.checkout import Payer
from stack.stripe.customers import attach_card, card_from_number, living
from stack.stripe.errors import invalid, missing
from stack.stripe.events import change
from stack.stripe.objects import Json, make, new_id
from stack.stripe.state import State

OPEN_FOR = 3600


def create(call: Call) -> Json:
    """POST /v1/billing_portal/sessions"""
    state = call.state
    customer = living(state, call.params["customer"])
    identifier = new_id("bps_", 40)
    session = make(
        "billing_portal.session",
        id=identifier,
        created=state.now(),
        customer=customer["id"],
        locale=call.get("locale"),
        return_url=call.get("return_url"),
        url=f"{call.base_url}/portal/{identifier}",
    )
    return state.put(session)


def opened(state: State, identifier: str) -> Json:
    """The session behind a page. 404 once its hour is over."""
    session = state.get("billing_portal.session", identifier)
    if state.now() >= session["created"] + OPEN_FOR:
        raise missing("billing_portal.session", identifier)
    return session


def subscriptions_of(state: State, customer: str) -> list[Json]:
    """The customer's subscriptions, running ones first."""
    found = list(state.every("subscription", customer=customer))
    return sorted(found, key=lambda one: (one["status"] in standing.ENDED, -one["created"]))


def _own(state: State, session: Json, identifier: str) -> Json:
    subscription = state.get("subscription", identifier)
    if subscription["customer"] != session["customer"]:
        raise missing("subscription", identifier)
    return subscription


def other_prices(state: State, subscription: Json) -> list[Json]:
    """The active recurring prices it could switch to."""
    current = cycles.items_of(subscription)[0]["price"]
    return [
        price
        for price in state.every("price", active=True, currency=current["currency"])
        if price["recurring"] is not None and price["id"] != current["id"]
    ]


def _switch(subscription: Json, price: str) -> Json:
    item = cycles.items_of(subscription)[0]
    return {"items": [{"id": item["id"], "price": price}]}


def previewed(state: State, session: Json, subscription: str, price: str) -> Json:
    """The next invoice if the plan were switched now."""
    own = _own(state, session, subscription)
    customer = state.get("customer", session["customer"])
    return preview.upcoming(state, customer, own, _switch(own, price))


def act(state: State, session: Json, action: str, form: dict[str, str], payer: Payer) -> str:
    """Do what a person asked on the page; a sentence that says what was done. 400/402/404."""
    if action == "card":
        return _change_card(state, session, payer)
    if action == "pay":
        return _pay(state, session, form.get("invoice", ""))
    own = _own(state, session, form.get("subscription", ""))
    if action == "cancel":
        changes.update(state, own, {"cancel_at_period_end": True})
        return "Your plan ends with the period you have paid for."
    if action == "resume":
        changes.update(state, own, {"cancel_at_period_end": False})
        return "Your plan goes on."
    if action == "switch":
        changes.update(state, own, _switch(own, form.get("price", "")))
        return "Your plan was changed."
    raise invalid(f"There is no action {action!r}.")


def _change_card(state: State, session: Json, payer: Payer) -> str:
    customer = living(state, session["customer"])
    method = card_from_number(state, payer.number, payer.month, payer.year)
    attach_card(state, customer, method["id"])
    with change(state, customer, "customer.updated"):
        settings = customer["invoice_settings"]
        customer["invoice_settings"] = {**settings, "default_payment_method": method["id"]}
    for subscription in state.every("subscription", customer=customer["id"]):
        if subscription["status"] not in standing.ENDED:
            with change(state, subscription, "customer.subscription.updated"):
                subscription["default_payment_method"] = method["id"]
    return f"Your card ending in {method['card']['last4']} is saved."


def _pay(state: State, session: Json, identifier: str) -> str:
    invoice = state.get("invoice", identifier)
    if invoice["customer"] != session["customer"] or invoice["status"] != "open":
        raise missing("invoice", identifier)
    refusal = collection.collect(state, invoice, by_hand=True)
    if refusal is not None:
        raise refusal.failure()
    return f"Invoice {invoice['number']} is paid."
