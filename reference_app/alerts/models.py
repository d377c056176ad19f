"""Saved searches, and when a person was last written to about theirs."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Mapped, Unmapped, mapped_column, unmapped_column

from reference_app.base import Changed, Made, Model, PrimaryKey


class SavedSearch(Model):
    """What a person looks for again and again; an empty condition is none.

    `found` new jobs they have not been told of, `unmailed` ones they have not
    been written to about; `newest_job_id` is the last of them.
    """

    __tablename__ = "saved_searches"
    __table_args__ = (
        UniqueConstraint("user_id", "name"),
        CheckConstraint(
            "q <> '' OR island <> '' OR category <> '' OR employment_type <> ''"
            " OR salary_min_cents IS NOT NULL",
            name="some_condition",
        ),
        # What a new job is held against first.
        Index("ix_saved_searches_watched", "category", "island", postgresql_where=text("alerts")),
        Index("ix_saved_searches_found", "user_id", postgresql_where=text("found > 0")),
        Index("ix_saved_searches_unmailed", "user_id", postgresql_where=text("unmailed > 0")),
    )

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    q: Mapped[str] = mapped_column(server_default="")
    island: Mapped[str] = mapped_column(server_default="")
    category: Mapped[str] = mapped_column(server_default="")
    employment_type: Mapped[str] = mapped_column(server_default="")
    salary_min_cents: Mapped[int | None]
    alerts: Mapped[bool] = mapped_column(server_default=text("true"))
    found: Mapped[int] = mapped_column(server_default=text("0"))
    unmailed: Mapped[int] = mapped_column(server_default=text("0"))
    newest_job_id: Mapped[int | None]
    created_at: Mapped[Made]
    updated_at: Mapped[Changed]
    words: Unmapped[str] = unmapped_column(
        TSQUERY, Computed("websearch_to_tsquery('english'::regconfig, q)", persisted=True)
    )


class AlertLetter(Model):
    """When a person was last written to about their saved searches."""

    __tablename__ = "alert_letters"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    sent_at: Mapped[datetime]
