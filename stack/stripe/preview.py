"""The invoice that would come: worked out on a scratch copy by the code that makes real ones."""

import copy

from stack.stripe import cycles, discounts
from stack.stripe.calls import Call
from stack.stripe.changes import update
from stack.stripe.customers import living
from stack.stripe.errors import invalid
from stack.stripe.invoices import draft, pending_items
from stack.stripe.objects import Json, public
from stack.stripe.prorations import credit
from stack.stripe.state import State

_SHARED = ("price", "product", "coupon", "promotion_code")
_OWN = ("subscription", "invoiceitem", "payment_method", "discount")


def create_preview(call: Call) -> Json:
    """POST /v1/invoices/create_preview. 404 `invoice_upcoming_none` where nothing will come."""
    state = call.state
    subscription = None
    if call.get("subscription"):
        subscription = state.get("subscription", call.params["subscription"], "subscription")
    if subscription is None and not call.get("customer"):
        raise invalid(
            "You must pass customer or subscription.", code="parameter_missing", param="customer"
        )
    owner = subscription["customer"] if subscription else call.params["customer"]
    customer = living(state, owner)
    if subscription is None:
        running = state.every("subscription", customer=customer["id"], status="active")
        subscription = next(running, None)
    asked = dict(call.get("subscription_details") or {})
    if "discounts" in call.params:
        asked["discounts"] = call.params["discounts"]
    return upcoming(state, customer, subscription, asked)


def upcoming(state: State, customer: Json, subscription: Json | None, asked: Json) -> Json:
    """The next invoice of a subscription if it were changed as asked; nothing is changed."""
    scratch = _scratch(state, customer)
    owner = scratch.get("customer", customer["id"])
    before = set(scratch.objects["invoice"])
    if subscription is None:
        invoice = _loose(scratch, owner)
    else:
        invoice = _next(scratch, scratch.get("subscription", subscription["id"]), asked)
    fresh = [name for name in scratch.objects["invoice"] if name not in before]
    if invoice is None and not fresh:
        failure = invalid("No upcoming invoices for customer", code="invoice_upcoming_none")
        failure.status = 404
        raise failure
    found = invoice or scratch.get("invoice", fresh[0])
    answer: Json = public(found)
    at = asked.get("proration_date", state.now_for(customer))
    if answer["parent"]:
        answer["parent"]["subscription_details"]["subscription_proration_date"] = at
    return answer | {
        "id": "upcoming_" + found["id"],
        "status": "draft",
        "number": None,
        "attempted": False,
        "attempt_count": 0,
        "amount_paid": 0,
        "amount_remaining": found["amount_due"],
        "auto_advance": False,
    }


def _next(scratch: State, subscription: Json, asked: Json) -> Json | None:
    """The renewal after the change; None where the change itself makes an invoice, or no more."""
    if subscription["status"] not in ("active", "trialing", "past_due"):
        return None
    cancels = asked.pop("cancel_now", False)
    before = len(scratch.objects["invoice"])
    if asked:
        update(scratch, subscription, asked)
    if len(scratch.objects["invoice"]) > before:
        return None
    if cancels:
        at = asked.get("proration_date", scratch.now_for(subscription))
        for item in cycles.items_of(subscription):
            credit(scratch, subscription, item, at)
        return cycles.bill(scratch, subscription, "subscription_update", lines=False)
    former = cycles.period_of(subscription)
    clock = subscription["test_clock"]
    with scratch.at(clock, former[1]):
        if subscription["cancel_at"] is not None and subscription["cancel_at"] <= former[1]:
            if not pending_items(scratch, subscription["customer"], subscription):
                return None
            return cycles.bill(scratch, subscription, "upcoming", lines=False)
        subscription["discounts"] = discounts.running(scratch, subscription, former[1])
        cycles.start_period(subscription, former[1])
        invoice = cycles.draft_renewal(scratch, subscription, former)
    return invoice | {"billing_reason": "upcoming"}


def _loose(scratch: State, customer: Json) -> Json | None:
    """What waits for a customer without a subscription."""
    if not pending_items(scratch, customer["id"], None):
        return None
    now = scratch.now_for(customer)
    return draft(
        scratch, customer, subscription=None, lines=[], reason="upcoming", period=(now, now)
    )


def _scratch(state: State, customer: Json) -> State:
    """A state nobody listens to, with copies of what this customer's billing reads and writes."""
    scratch = State()
    scratch.offset = state.offset
    for kind in _SHARED:
        scratch.objects[kind] = copy.deepcopy(state.objects[kind])
    for kind in _OWN:
        for thing in state.every(kind, customer=customer["id"]):
            scratch.put(copy.deepcopy(thing))
    scratch.put(copy.deepcopy(customer))
    if customer["test_clock"] is not None:
        scratch.put(copy.deepcopy(state.get("test_helpers.test_clock", customer["test_clock"])))
    return scratch
