"""Campaigns, and what was shown and clicked."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.base import Changed, Made, Model, PrimaryKey


class CampaignStatus(StrEnum):
    """Where a campaign stands. Only a running one is shown; an ended one never again."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


class Placement(StrEnum):
    """Where on the board an advertisement stands."""

    FEED = "feed"
    JOBS = "jobs"
    JOB = "job"


class Audience(StrEnum):
    """Who is shown advertisements."""

    ANONYMOUS = "anonymous"
    FREE = "free"


class Campaign(Model):
    """One advertisement, for a time.

    Where `placement`, `island` or `category` is null it is shown everywhere. Budgets are
    numbers of impressions, days those of UTC; `cpm_cents` is what a thousand of them are
    worth to its owner. What was submitted is not changed unless it is rejected, so that what
    people see is what an administrator saw.
    """

    __tablename__ = "campaigns"
    __table_args__ = (
        UniqueConstraint("owner_id", "title"),
        CheckConstraint(
            "status IN"
            " ('draft', 'submitted', 'approved', 'rejected', 'running', 'paused', 'ended')",
            name="status",
        ),
        CheckConstraint("placement IN ('feed', 'jobs', 'job')", name="placement"),
        CheckConstraint("target_url LIKE 'https://%'", name="target_url"),
        CheckConstraint("starts_at < ends_at", name="time"),
        CheckConstraint("daily_impressions BETWEEN 1 AND total_impressions", name="budget"),
        CheckConstraint("cpm_cents > 0", name="cpm_cents"),
        CheckConstraint("(status = 'rejected') = (rejection IS NOT NULL)", name="rejection"),
        Index("ix_campaigns_owner", "owner_id", text("id DESC")),
        Index("ix_campaigns_submitted", "id", postgresql_where=text("status = 'submitted'")),
        Index("ix_campaigns_running", "cpm_cents", postgresql_where=text("status = 'running'")),
    )

    id: Mapped[PrimaryKey]
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str]
    body: Mapped[str]
    target_url: Mapped[str]
    placement: Mapped[str | None]
    island: Mapped[str | None]
    category: Mapped[str | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    daily_impressions: Mapped[int]
    total_impressions: Mapped[int]
    cpm_cents: Mapped[int]
    status: Mapped[str] = mapped_column(server_default="draft")
    rejection: Mapped[str | None]
    created_at: Mapped[Made]
    updated_at: Mapped[Changed]


class CampaignDay(Model):
    """What a campaign came to on one day (UTC)."""

    __tablename__ = "campaign_days"

    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    impressions: Mapped[int] = mapped_column(server_default=text("0"))
    clicks: Mapped[int] = mapped_column(server_default=text("0"))


class AudienceDay(Model):
    """What all campaigns together came to with one audience on one day (UTC).

    `people` is how many different ones asked for advertisements, shown any or not, to
    about one in a hundred; who is anonymous is not counted.
    """

    __tablename__ = "ad_audience_days"
    __table_args__ = (CheckConstraint("audience IN ('anonymous', 'free')", name="audience"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    audience: Mapped[str] = mapped_column(primary_key=True)
    impressions: Mapped[int] = mapped_column(server_default=text("0"))
    clicks: Mapped[int] = mapped_column(server_default=text("0"))
    people: Mapped[int] = mapped_column(server_default=text("0"))


class AdBatch(Model):
    """A batch of counts that is in the statistics: written with them, so it counts once."""

    __tablename__ = "ad_batches"
    __table_args__ = (Index("ix_ad_batches_booked", "booked_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    booked_at: Mapped[Made]
