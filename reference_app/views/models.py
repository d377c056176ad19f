"""Views, as counted in batches. Nothing is written for a single view."""

from datetime import date, datetime

from sqlalchemy import ColumnElement, Date, ForeignKey, Index, cast, func, text
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.base import Made, Model


class JobView(Model):
    """How often a job's page was seen on one day (UTC), but by its employer."""

    __tablename__ = "job_views"
    __table_args__ = (Index("ix_job_views_day", "day", "job_id", postgresql_include=["views"]),)

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    views: Mapped[int]


class ProfileView(Model):
    """`viewer_id` has seen the profile of `user_id`: how often, and when last."""

    __tablename__ = "profile_views"
    __table_args__ = (
        Index(
            "ix_profile_views_newest",
            "user_id",
            text("viewed_at DESC"),
            text("viewer_id DESC"),
            postgresql_include=["views"],
        ),
        Index("ix_profile_views_viewer", "viewer_id"),
    )

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    viewer_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    views: Mapped[int]
    viewed_at: Mapped[datetime]


class TallyBatch(Model):
    """A batch of views that has been written; kept a while, so that none is written twice."""

    __tablename__ = "tally_batches"

    id: Mapped[str] = mapped_column(primary_key=True)
    written_at: Mapped[Made]


def today() -> ColumnElement[date]:
    """The day it is in UTC, whatever the database's own time zone."""
    return cast(func.timezone(text("'UTC'"), func.now()), Date)
