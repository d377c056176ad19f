"""Where a subscription stands: active, past due, ended; and what each step tells."""

from stack.stripe.events import change, emit
from stack.stripe.objects import Json
from stack.stripe.state import State

ENDED = ("canceled", "incomplete_expired")


def subscription_of(state: State, invoice: Json) -> Json | None:
    """The subscription an invoice bills, if it bills one."""
    details = (invoice["parent"] or {}).get("subscription_details")
    return state.objects["subscription"].get(details["subscription"]) if details else None


def open_invoices(state: State, subscription: Json) -> list[Json]:
    """Its finalised, unpaid invoices."""
    return [
        invoice
        for invoice in state.every("invoice", status="open", customer=subscription["customer"])
        if subscription_of(state, invoice) is subscription
    ]


def paid(state: State, subscription: Json, invoice: Json) -> None:
    """An invoice was paid: what waited for it goes on."""
    if subscription["status"] == "past_due" and open_invoices(state, subscription):
        return
    if subscription["status"] not in ("incomplete", "past_due", "unpaid"):
        return
    if subscription["status"] == "incomplete" and subscription["latest_invoice"] != invoice["id"]:
        return
    with change(state, subscription, "customer.subscription.updated"):
        subscription["status"] = "active"


def unpaid(state: State, subscription: Json) -> None:
    """An invoice could not be collected. One that never was active stays incomplete."""
    if subscription["status"] in ("active", "trialing"):
        with change(state, subscription, "customer.subscription.updated"):
            subscription["status"] = "past_due"


def end(state: State, subscription: Json, reason: str, status: str = "canceled") -> None:
    """End it now. Its invoices are no longer collected by themselves."""
    now = state.now_for(subscription)
    subscription.update(status=status, ended_at=now)
    if status == "canceled":
        subscription["canceled_at"] = subscription["canceled_at"] or now
        details = subscription["cancellation_details"]
        subscription["cancellation_details"] = {
            **details,
            "reason": details["reason"] or reason,
        }
    for invoice in state.every("invoice", customer=subscription["customer"]):
        if invoice["status"] in ("draft", "open") and (
            subscription_of(state, invoice) is subscription
        ):
            invoice.update(auto_advance=False, next_payment_attempt=None)
            if status == "incomplete_expired" and invoice["status"] == "open":
                void(state, invoice)
    kind = "deleted" if status == "canceled" else "updated"
    emit(state, f"customer.subscription.{kind}", subscription)


def void(state: State, invoice: Json) -> None:
    """Cancel an open invoice: nothing of it is owed any more."""
    now = state.now_for(invoice)
    with change(state, invoice, "invoice.voided"):
        invoice["status"] = "void"
        invoice["status_transitions"]["voided_at"] = now
