"""The board's figures as the API shows them. Money is in cents, rates are from 0 to 1."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from reference_app.kit.pagination import Page
from reference_app.subscriptions.tiers import Tier

COUNTED = "measured, counted"
ESTIMATED = "measured, HyperLogLog ±0.81 %"
LEDGER = "measured, from subscriptions and payments"
FROM_LIST = "measured subscriptions at the list's prices"

Since = Annotated[
    date | None, Query(description="The first day (UTC); 30 days in all if left out.")
]
Until = Annotated[date | None, Query(description="The day after the last; tomorrow if left out.")]


class Period(BaseModel):
    """Days (UTC) from `since` up to but not including `until`."""

    since: date
    until: date


class DayOfPeople(BaseModel):
    """One day."""

    day: date
    signups: int = Field(description="New accounts, administrators' apart.")
    active: int = Field(description="People who used the board signed in (DAU).")
    active_30_days: int = Field(description="The same over the 30 days to this one (MAU).")


class PeopleEvidence(BaseModel):
    """Where the figures come from, and the standard error of those that are estimates."""

    signups: str = COUNTED
    active: str = ESTIMATED
    active_30_days: str = ESTIMATED


class PeopleFigures(Period):
    """Who came and who was active, day by day; today's follow within minutes."""

    evidence: PeopleEvidence = PeopleEvidence()
    days: list[DayOfPeople]


class TierRevenue(BaseModel):
    """What one tier brings."""

    tier: Tier
    paying: int
    mrr_cents: int


class RevenueCheck(BaseModel):
    """MRR once more, from what was paid, and what explains the difference."""

    evidence: str = LEDGER
    mrr_by_payments_cents: int = Field(
        description="Over the last paid invoice of each subscription that covers this moment."
    )
    past_due_cents: int = Field(
        description="Of `mrr_cents`, subscriptions whose invoice is late but within its grace."
    )
    unexplained_cents: int = Field(
        description="`mrr_cents` less the two others: zero when every paid plan costs what the"
        " list says and Stripe's news has arrived."
    )


class Revenue(BaseModel):
    """Recurring revenue at this moment."""

    at: datetime
    evidence: str = FROM_LIST
    mrr_cents: int = Field(
        description="Monthly recurring revenue: a year's plan is a twelfth a month; trials, what"
        " was given, and those late beyond their grace are left out."
    )
    arr_cents: int = Field(description="Twelve times MRR.")
    arpu_cents: float | None = Field(description="MRR over all users.")
    arppu_cents: float | None = Field(description="MRR over paying subscriptions.")
    users: int
    paying: int
    trialing: int
    given: int = Field(description="Subscriptions nobody pays for.")
    tiers: list[TierRevenue]
    collected_30_days_cents: int = Field(
        description="What came in over the last 30 days, less what was given back of it."
    )
    check: RevenueCheck


class Rate(BaseModel):
    """A share of something."""

    part: int
    whole: int
    rate: float | None = Field(description="Null where there is nothing to be a share of.")


class Growth(Period):
    """How people became payers, and how many ceased to be."""

    evidence: str = LEDGER
    free_to_paid: Rate = Field(
        description="Of those who signed up in the period, who have paid anything since."
    )
    trial_to_paid: Rate = Field(
        description="Of the trials that ended in the period, whose subscription was then paid."
    )
    customer_churn: Rate = Field(
        description="Of those who paid when the period began, who no longer did when it ended."
    )
    revenue_churn: Rate = Field(
        description="In cents: of the MRR when it began, what those customers left or came"
        " down by (gross)."
    )
    mrr_before_cents: int = Field(description="By payments, when the period began.")
    mrr_after_cents: int = Field(description="By payments, when the period ended.")


class BoardJobs(BaseModel):
    """Jobs and applications by state."""

    evidence: str = COUNTED
    jobs: dict[str, int] = Field(examples=[{"draft": 3, "published": 12, "closed": 5}])
    hidden_jobs: int
    applications: dict[str, int] = Field(examples=[{"submitted": 40, "hired": 2}])


class JobFigures(BaseModel):
    """How one of one's jobs fares."""

    id: int
    title: str
    status: str
    published_at: datetime | None
    applications: int = Field(description="Not withdrawn.")
    by_status: dict[str, int] = Field(description="All applications by how far they got.")
    hours_to_first_application: float | None = Field(description="From when it was published.")
    hours_to_first_hire: float | None = Field(description="From when it was published.")


JobFiguresPage = Page[JobFigures]


class HiringTotals(BaseModel):
    """How all of one's jobs fare together."""

    evidence: str = COUNTED
    jobs: int
    applications: int = Field(description="Not withdrawn.")
    by_status: dict[str, int]
    mean_hours_to_first_application: float | None = Field(
        description="Over jobs that had any; null without."
    )
    mean_hours_to_first_hire: float | None = Field(
        description="Over jobs somebody was hired for; null without."
    )
