"""Tiers, subscriptions and payments as the API shows and takes them. Money is in cents."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from reference_app.kit.pagination import Page
from reference_app.subscriptions.tiers import Feature, Interval, Tier
from reference_app.texts import Entered

PaidTier = Literal[Tier.PRO, Tier.BUSINESS, Tier.ENTERPRISE]
ReferralCode = Annotated[str, Field(max_length=32, pattern="^[0-9A-Za-z]+$", examples=["7QK2M9XD"])]


class TierDetail(BaseModel):
    """One tier."""

    tier: Tier
    name: str
    prices: dict[Interval, int] = Field(description="Cents per interval it can be bought by.")
    limits: dict[Feature, int | None] = Field(
        description="Messages, posts and inmail a month, the rest at any one time;"
        " null is unlimited."
    )
    features: list[Feature]
    perks: list[str]


class TierList(BaseModel):
    """All tiers, the cheapest first."""

    currency: str
    trial_days: int = Field(description="Nothing is charged for so long, once per person.")
    tiers: list[TierDetail]


class PlanChoice(Entered):
    """A tier, and how often to pay for it."""

    tier: PaidTier
    interval: Interval = Interval.MONTH


class CheckoutRequest(PlanChoice):
    """What to buy."""

    referral_code: ReferralCode | None = Field(
        default=None, description="Of who brought you here; both get a month's credit."
    )


class PageAddress(BaseModel):
    """Where to send the person next."""

    url: str = Field(description="A page of the payment service, good for a while.")


class Use(BaseModel):
    """How much of a limit is used."""

    feature: Feature
    limit: int | None = Field(description="Null is unlimited.")
    used: int | None = Field(description="Null where it is not counted, being unlimited.")
    resets_at: datetime | None = Field(description="Null for what is held, not counted a month.")


class OwnSubscription(BaseModel):
    """What one subscribes to, and what is used of it."""

    tier: Tier = Field(description="What one is entitled to now.")
    status: str | None = Field(
        description="Of the subscription: trialing, active, past_due, incomplete or canceled;"
        " null for those who never had one.",
        examples=["active"],
    )
    interval: Interval | None
    current_period_start: datetime | None
    current_period_end: datetime | None
    cancel_at_period_end: bool
    trial_end: datetime | None
    next_tier: Tier | None = Field(description="What follows at the period's end, if another.")
    grace_until: datetime | None = Field(
        description="Paid late, the tier is kept until then; null unless past due."
    )
    trial_available: bool
    referral_code: str | None = Field(description="Null until one asks for one.")
    features: list[Feature]
    usage: list[Use]


class OwnReferralCode(BaseModel):
    """A code to hand on."""

    code: ReferralCode


class PaymentItem(BaseModel):
    """One invoice."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    stripe_invoice_id: str
    tier: Tier | None
    billing_interval: Interval | None
    status: str = Field(examples=["paid"])
    amount_total_cents: int = Field(description="Before credit one had.")
    amount_due_cents: int
    amount_paid_cents: int
    amount_refunded_cents: int
    currency: str
    period_start: datetime | None
    period_end: datetime | None
    paid_at: datetime | None
    created_at: datetime


PaymentPage = Page[PaymentItem]


class Received(BaseModel):
    """An event was taken."""

    received: Literal[True] = True
