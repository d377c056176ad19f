"""What Stripe's objects mean in our tables. Pure: nothing is asked or written here."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from reference_app.subscriptions.models import PaymentStatus, SubscriptionStatus
from reference_app.subscriptions.prices import Plan
from reference_app.subscriptions.stripe_calls import Json
from reference_app.subscriptions.tiers import Tier, rank

KEEPS_TIER = "keeps_tier"
KEEPS_UNTIL = "keeps_until"
"""Metadata of a subscription that was changed to a lower plan: what it keeps, and until when
(Unix seconds, the end of the period paid for)."""

_STATUSES = {
    "trialing": SubscriptionStatus.TRIALING,
    "active": SubscriptionStatus.ACTIVE,
    "past_due": SubscriptionStatus.PAST_DUE,
    "unpaid": SubscriptionStatus.PAST_DUE,
    "incomplete": SubscriptionStatus.INCOMPLETE,
    "paused": SubscriptionStatus.INCOMPLETE,
    "incomplete_expired": SubscriptionStatus.CANCELED,
    "canceled": SubscriptionStatus.CANCELED,
}
_INVOICE_STATUSES = {
    "paid": PaymentStatus.PAID,
    "open": PaymentStatus.OPEN,
    "void": PaymentStatus.VOID,
    "uncollectible": PaymentStatus.VOID,
}


def moment(seconds: int | None) -> datetime | None:
    """Unix seconds as a time."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def subscription_values(
    subscription: Json,
    plan: Plan,
    *,
    past_due_since: datetime | None,
    now: datetime,
    grace: timedelta,
) -> dict[str, Any]:
    """The columns of `subscription`, whose item is of `plan`.

    `past_due_since` is when it was first seen unpaid, if it was. A living one
    counts for `grace` after its period, or after it was first unpaid, unless it
    was to end with the period.
    """
    item = subscription["items"]["data"][0]
    start, end = moment(item["current_period_start"]), moment(item["current_period_end"])
    status = _STATUSES[subscription["status"]]
    tier, next_tier = _tiers(subscription, plan, item["current_period_end"])
    late = (past_due_since or now) if status == SubscriptionStatus.PAST_DUE else None
    ends = bool(subscription["cancel_at_period_end"])
    until = late or end
    return {
        "stripe_subscription_id": subscription["id"],
        "stripe_item_id": item["id"],
        "tier": tier,
        "billing_interval": plan.interval,
        "status": status,
        "current_period_start": start,
        "current_period_end": end,
        "cancel_at_period_end": ends,
        "trial_end": moment(subscription["trial_end"]),
        "canceled_at": moment(subscription["canceled_at"]),
        "next_tier": next_tier,
        "past_due_since": late,
        "entitled_until": until if until is None or (ends and late is None) else until + grace,
    }


def _tiers(subscription: Json, plan: Plan, period_end: int) -> tuple[Tier, Tier | None]:
    """The tier it has now, and the one that follows if another."""
    told: Mapping[str, str] = subscription["metadata"]
    if told.get(KEEPS_UNTIL) != str(period_end) or told.get(KEEPS_TIER) not in set(Tier):
        return plan.tier, None
    kept = Tier(told[KEEPS_TIER])
    return (kept, plan.tier) if rank(kept) > rank(plan.tier) else (plan.tier, None)


def is_payment(invoice: Json) -> bool:
    """Whether an invoice belongs in the ledger: it is final, and it asks for something."""
    return invoice["status"] in _INVOICE_STATUSES and invoice["total"] != 0


def priced_line(invoice: Json) -> Json | None:
    """The line that says what an invoice pays for: the last that costs something."""
    lines: Sequence[Json] = invoice["lines"]["data"]
    costing = [line for line in lines if line["amount"] > 0 and line["pricing"] is not None]
    return costing[-1] if costing else None


def price_of_line(line: Json) -> str:
    """The id of the price a line bills."""
    return str(line["pricing"]["price_details"]["price"])


def payment_values(invoice: Json, plan: Plan | None) -> dict[str, Any]:
    """The columns of `invoice`, which pays for `plan`."""
    line = priced_line(invoice)
    period = line["period"] if line is not None else {"start": None, "end": None}
    status = _INVOICE_STATUSES[invoice["status"]]
    if status == PaymentStatus.OPEN and invoice["attempted"]:
        status = PaymentStatus.FAILED
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return {
        "stripe_invoice_id": invoice["id"],
        "stripe_payment_intent_id": _intent(invoice),
        "stripe_subscription_id": details.get("subscription"),
        "tier": None if plan is None else plan.tier,
        "billing_interval": None if plan is None else plan.interval,
        "recurring_cents": None if plan is None else plan.cents,
        "status": status,
        "reason": invoice["billing_reason"],
        "amount_total_cents": invoice["total"],
        "amount_due_cents": invoice["amount_due"],
        "amount_paid_cents": invoice["amount_paid"],
        "currency": invoice["currency"],
        "attempts": invoice["attempt_count"],
        "period_start": moment(period["start"]),
        "period_end": moment(period["end"]),
        "paid_at": moment(invoice["status_transitions"]["paid_at"]),
        "created_at": moment(invoice["created"]),
    }


def _intent(invoice: Json) -> str | None:
    payments: Sequence[Json] = (invoice.get("payments") or {}).get("data") or []
    intents = [each["payment"].get("payment_intent") for each in payments]
    return str(intents[0]) if intents and intents[0] else None
