"""Subscriptions, use, payments, and the events Stripe sends.

Stripe knows what is true of a subscription or an invoice; the rows here are
what it said last. All rows of one person change together, under the `version`
of their billing account (see `repository.claim`).
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.base import Changed, Made, Model, PrimaryKey


class SubscriptionStatus(StrEnum):
    """Where a subscription stands. Only the first three are alive."""

    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    INCOMPLETE = "incomplete"
    CANCELED = "canceled"


ALIVE = (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)


class PaymentStatus(StrEnum):
    """What became of an invoice."""

    PAID = "paid"
    FAILED = "failed"
    OPEN = "open"
    VOID = "void"


class BillingAccount(Model):
    """A person as a payer.

    `version` counts what was written from Stripe's answers; `trial_used_at` is
    when their one trial began; `checkout_id` is the checkout they have open.
    """

    __tablename__ = "billing_accounts"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    stripe_customer_id: Mapped[str | None] = mapped_column(unique=True)
    checkout_id: Mapped[str | None]
    trial_used_at: Mapped[datetime | None]
    referral_code: Mapped[str] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[Made]
    updated_at: Mapped[Changed]


class Subscription(Model):
    """One subscription.

    Without `stripe_subscription_id` it was given, not sold. `entitled_until` is
    when a living one stops counting without further news, null for never: it
    carries the grace for late payments. `next_tier` takes over at the period's end.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        CheckConstraint("tier IN ('pro', 'business', 'enterprise')", name="tier"),
        CheckConstraint("next_tier IN ('free', 'pro', 'business', 'enterprise')", name="next_tier"),
        CheckConstraint("billing_interval IN ('month', 'year')", name="billing_interval"),
        CheckConstraint(
            "status IN ('trialing', 'active', 'past_due', 'incomplete', 'canceled')", name="status"
        ),
        Index(
            "ix_subscriptions_alive",
            "user_id",
            postgresql_where=text("status IN ('trialing', 'active', 'past_due')"),
        ),
        Index("ix_subscriptions_user", "user_id", text("id DESC")),
    )

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    stripe_subscription_id: Mapped[str | None] = mapped_column(unique=True)
    stripe_item_id: Mapped[str | None]
    tier: Mapped[str]
    billing_interval: Mapped[str]
    status: Mapped[str]
    current_period_start: Mapped[datetime | None]
    current_period_end: Mapped[datetime | None]
    cancel_at_period_end: Mapped[bool] = mapped_column(server_default=text("false"))
    trial_end: Mapped[datetime | None]
    canceled_at: Mapped[datetime | None]
    next_tier: Mapped[str | None]
    past_due_since: Mapped[datetime | None]
    entitled_until: Mapped[datetime | None]
    created_at: Mapped[Made]
    updated_at: Mapped[Changed]


class FeatureUsage(Model):
    """How much of a monthly quota a person has used in the month that began at `period_start`."""

    __tablename__ = "feature_usage"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    feature: Mapped[str] = mapped_column(primary_key=True)
    period_start: Mapped[datetime] = mapped_column(primary_key=True)
    used: Mapped[int]


class Payment(Model):
    """One invoice and what was paid of it, in cents. Outlives the account it belongs to.

    `amount_total_cents` is what was asked before credit the payer had, `amount_due_cents`
    after it. `recurring_cents` is the full price, by `billing_interval`, of the plan it
    pays for from `period_start` to `period_end`: of the last paid row of a subscription
    that covers a moment, this is the recurring revenue at that moment.
    """

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("status IN ('paid', 'failed', 'open', 'void')", name="status"),
        Index("ix_payments_user", "user_id", text("created_at DESC"), text("id DESC")),
        Index("ix_payments_paid_at", "paid_at"),
        Index("ix_payments_period", "period_end", postgresql_where=text("status = 'paid'")),
    )

    id: Mapped[PrimaryKey]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    stripe_invoice_id: Mapped[str] = mapped_column(unique=True)
    stripe_payment_intent_id: Mapped[str | None] = mapped_column(unique=True)
    stripe_subscription_id: Mapped[str | None]
    tier: Mapped[str | None]
    billing_interval: Mapped[str | None]
    status: Mapped[str]
    reason: Mapped[str]
    recurring_cents: Mapped[int | None]
    amount_total_cents: Mapped[int]
    amount_due_cents: Mapped[int]
    amount_paid_cents: Mapped[int]
    amount_refunded_cents: Mapped[int] = mapped_column(server_default=text("0"))
    currency: Mapped[str]
    attempts: Mapped[int]
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class StripeEvent(Model):
    """An event Stripe sent: the inbox. Without `processed_at` it is still to be dealt with."""

    __tablename__ = "stripe_events"

    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    created_at: Mapped[datetime]
    received_at: Mapped[Made]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    processed_at: Mapped[datetime | None]


class Referral(Model):
    """`referrer_id` brought `referee_id` here. Each is credited once, after the first payment."""

    __tablename__ = "referrals"
    __table_args__ = (
        CheckConstraint("referrer_id <> referee_id", name="not_oneself"),
        Index("ix_referrals_referrer", "referrer_id"),
    )

    referee_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    referrer_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[Made]
    referee_credited_at: Mapped[datetime | None]
    referrer_credited_at: Mapped[datetime | None]
