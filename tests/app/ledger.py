"""Subscriptions and payments written by hand, so that figures can be worked out by hand."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tests.app.life import Running
from tests.app.rows import execute

PRICES = {
    ("pro", "month"): 999,
    ("pro", "year"): 9_900,
    ("business", "month"): 4_999,
    ("business", "year"): 49_900,
    ("enterprise", "month"): 50_000,
}
_numbers = count(1)


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def person(app: Running, signed_up: datetime | None = None, role: str = "seeker") -> int:
    """The id of someone new."""
    return int(
        execute(
            app,
            "INSERT INTO users (email, password_hash, role, full_name, created_at)"
            " VALUES (%s, 'x', %s, 'Someone', %s) RETURNING id",
            f"ledger{next(_numbers)}@example.com",
            role,
            signed_up or days_ago(400),
        )[0]
    )


def subscription(app: Running, user_id: int | None = None, tier: str = "pro", **given: Any) -> str:
    """Stripe's name of a new subscription, sold and active unless said otherwise."""
    name = f"sub_{next(_numbers)}"
    values = {
        "user_id": user_id or person(app),
        "stripe_subscription_id": name,
        "tier": tier,
        "billing_interval": "month",
        "status": "active",
        "entitled_until": days_ago(-20),
        **given,
    }
    columns, places = ", ".join(values), ", ".join(["%s"] * len(values))
    execute(app, f"INSERT INTO subscriptions ({columns}) VALUES ({places})", *values.values())  # noqa: S608
    return name


def payment(
    app: Running, name: str, user_id: int | None, start: datetime, days: int = 30, **given: Any
) -> None:
    """A paid invoice of Pro by the month unless said otherwise, for so many days."""
    tier, interval = given.pop("tier", "pro"), given.pop("billing_interval", "month")
    cents = PRICES[tier, interval]
    values = {
        "user_id": user_id,
        "stripe_invoice_id": f"in_{next(_numbers)}",
        "stripe_subscription_id": name,
        "tier": tier,
        "billing_interval": interval,
        "status": "paid",
        "reason": "subscription_cycle",
        "recurring_cents": cents,
        "amount_total_cents": cents,
        "amount_due_cents": cents,
        "amount_paid_cents": cents,
        "currency": "usd",
        "attempts": 1,
        "period_start": start,
        "period_end": start + timedelta(days=days),
        "paid_at": start,
        "created_at": start,
        **given,
    }
    columns, places = ", ".join(values), ", ".join(["%s"] * len(values))
    execute(app, f"INSERT INTO payments ({columns}) VALUES ({places})", *values.values())  # noqa: S608


def customer(app: Running, tier: str = "pro", interval: str = "month", **given: Any) -> int:
    """Someone whose active subscription is paid for just now; their id."""
    user_id = person(app)
    name = subscription(app, user_id, tier, billing_interval=interval, **given)
    length = 365 if interval == "year" else 30
    payment(app, name, user_id, days_ago(10), length, tier=tier, billing_interval=interval)
    return user_id
