"""The life of a subscription in time: periods, renewals, the end of a trial."""

from stack.stripe import billing, collection, standing
from stack.stripe.cards import Refusal
from stack.stripe.events import change, emit
from stack.stripe.invoices import draft, pending_items, period_line
from stack.stripe.objects import Json
from stack.stripe.state import State

TRIAL_WARNING = 3 * billing.DAY
INCOMPLETE_FOR = 23 * 3600


def items_of(subscription: Json) -> list[Json]:
    """Its items."""
    data: list[Json] = subscription["items"]["data"]
    return data


def period_of(subscription: Json) -> tuple[int, int]:
    """The running period, which all items share."""
    first = items_of(subscription)[0]
    return first["current_period_start"], first["current_period_end"]


def set_period(subscription: Json, start: int, end: int) -> None:
    """Give every item this period."""
    for item in items_of(subscription):
        item.update(current_period_start=start, current_period_end=end)


def start_period(subscription: Json, start: int) -> None:
    """Begin the period that starts now and ends at the next billing date."""
    recurring = items_of(subscription)[0]["price"]["recurring"]
    end = billing.period_end(
        subscription["billing_cycle_anchor"],
        start,
        recurring["interval"],
        recurring["interval_count"],
    )
    set_period(subscription, start, end)


def bill(
    state: State, subscription: Json, reason: str, *, trial: bool = False, lines: bool = True
) -> Json:
    """A draft invoice for the running period and all that was pending."""
    start = state.now_for(subscription)
    return draft(
        state,
        state.get("customer", subscription["customer"]),
        subscription=subscription,
        lines=[
            period_line(state, subscription, item, trial=trial) for item in items_of(subscription)
        ]
        if lines
        else [],
        reason=reason,
        period=(start, start),
    )


def bill_now(
    state: State, subscription: Json, reason: str, *, lines: bool = True, charge: bool = True
) -> Refusal | None:
    """Bill, finalise and (unless told not to) charge at once. The refusal, if there is one."""
    invoice = bill(state, subscription, reason, lines=lines)
    collection.finalize(state, invoice)
    return collection.collect(state, invoice) if charge else None


def renew(state: State, subscription: Json) -> None:
    """The running period is over: the next one, or the end that was asked for."""
    now = state.now_for(subscription)
    if subscription["cancel_at"] is not None and subscription["cancel_at"] <= now:
        finish(state, subscription)
        return
    if subscription["status"] == "trialing" and not _trial_over(state, subscription):
        return
    former = period_of(subscription)
    with change(state, subscription, "customer.subscription.updated"):
        subscription["status"] = (
            "active" if subscription["status"] == "trialing" else subscription["status"]
        )
        start_period(subscription, now)
        draft_renewal(state, subscription, former)


def draft_renewal(state: State, subscription: Json, former: tuple[int, int]) -> Json:
    """The renewal's invoice, a draft for an hour. It is dated by the period gone by."""
    return draft(
        state,
        state.get("customer", subscription["customer"]),
        subscription=subscription,
        lines=[period_line(state, subscription, item) for item in items_of(subscription)],
        reason="subscription_cycle",
        period=former,
        automatically_finalizes_at=state.now_for(subscription) + collection.FINALIZE_AFTER,
        next_payment_attempt=state.now_for(subscription) + collection.FINALIZE_AFTER,
    )


def _trial_over(state: State, subscription: Json) -> bool:
    """Whether the subscription goes on after its trial; without a card it may not."""
    behaviour = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    customer = state.get("customer", subscription["customer"])
    card = (
        subscription["default_payment_method"]
        or (customer["invoice_settings"]["default_payment_method"])
    )
    if card is not None or behaviour == "create_invoice":
        return True
    if behaviour == "cancel":
        standing.end(state, subscription, "payment_failed")
        return False
    with change(state, subscription, "customer.subscription.updated"):
        subscription["status"] = "paused"
    emit(state, "customer.subscription.paused", subscription)
    return False


def finish(state: State, subscription: Json) -> None:
    """The end asked for has come: bill what is still pending, then end."""
    if pending_items(state, subscription["customer"], subscription):
        bill_now(state, subscription, "subscription_cycle", lines=False)
    if subscription["status"] not in standing.ENDED:
        standing.end(state, subscription, "cancellation_requested")


def warn_of_trial_end(state: State, subscription: Json) -> None:
    """Three days before, or at once for a shorter trial."""
    subscription["_trial_warned"] = subscription["trial_end"]
    emit(state, "customer.subscription.trial_will_end", subscription)


def expire(state: State, subscription: Json) -> None:
    """The first payment never came."""
    standing.end(state, subscription, "payment_failed", status="incomplete_expired")


def finalize_and_collect(state: State, invoice: Json) -> None:
    """The hour of a draft is over."""
    collection.finalize(state, invoice)
    collection.collect(state, invoice)
