"""Jobs, and which jobs a person keeps."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Computed,
    ForeignKey,
    Index,
    and_,
    func,
    literal_column,
    or_,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, Unmapped, mapped_column, relationship, unmapped_column

from reference_app.base import Changed, Made, Model, PrimaryKey
from reference_app.companies.models import Company

SEARCH_VECTOR = (
    "setweight(to_tsvector('english', title), 'A') || "
    "setweight(to_tsvector('english', replace(category || ' ' || island, '-', ' ')), 'B') || "
    "setweight(to_tsvector('english', description), 'C')"
)

_PUBLISHED = text("status = 'published'")


class JobStatus(StrEnum):
    """A draft is its employer's alone, a published job everyone's; a closed one takes no more."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CLOSED = "closed"


class Job(Model):
    """One job offer.

    `published_at` is null for drafts and only for them. A published job whose
    `expires_at` has passed is no longer listed; null means it does not expire.
    Salaries are in cents a month. With `hidden_at` nobody sees it but its employer (see `admin`).
    """

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'published', 'closed')", name="status"),
        CheckConstraint(
            "employment_type IN ('full_time', 'part_time', 'contract', 'temporary', 'gig')",
            name="employment_type",
        ),
        CheckConstraint("(status = 'draft') = (published_at IS NULL)", name="published_at"),
        CheckConstraint("salary_min_cents <= salary_max_cents", name="salary"),
        # One index per way to list what is published, each in list order so that a page is a scan.
        Index(
            "ix_jobs_newest",
            text("published_at DESC"),
            text("id DESC"),
            postgresql_where=_PUBLISHED,
        ),
        Index(
            "ix_jobs_island_newest",
            "island",
            text("published_at DESC"),
            text("id DESC"),
            postgresql_where=_PUBLISHED,
        ),
        Index(
            "ix_jobs_category_newest",
            "category",
            text("published_at DESC"),
            text("id DESC"),
            postgresql_where=_PUBLISHED,
        ),
        Index(
            "ix_jobs_company_newest",
            "company_id",
            text("published_at DESC"),
            text("id DESC"),
            postgresql_where=_PUBLISHED,
        ),
        Index(
            "ix_jobs_type_newest",
            "employment_type",
            text("published_at DESC"),
            text("id DESC"),
            postgresql_where=_PUBLISHED,
        ),
        Index("ix_jobs_salary", "salary_top_cents", postgresql_where=_PUBLISHED),
        Index("ix_jobs_employer", "employer_id", text("id DESC")),
        Index("ix_jobs_company", "company_id"),
        Index("ix_jobs_search", "search", postgresql_using="gin", postgresql_where=_PUBLISHED),
        Index(
            "ix_jobs_title_trigram",
            "title",
            postgresql_using="gin",
            postgresql_ops={"title": "gin_trgm_ops"},
            postgresql_where=_PUBLISHED,
        ),
    )

    id: Mapped[PrimaryKey]
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))
    employer_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str]
    description: Mapped[str]
    category: Mapped[str]
    island: Mapped[str]
    employment_type: Mapped[str]
    salary_min_cents: Mapped[int | None]
    salary_max_cents: Mapped[int | None]
    status: Mapped[str] = mapped_column(server_default="draft")
    published_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    created_at: Mapped[Made]
    updated_at: Mapped[Changed]
    # In the table but not in the class: nobody reads these, and every write would bring them back.
    salary_top_cents: Unmapped[int | None] = unmapped_column(
        Computed("coalesce(salary_max_cents, salary_min_cents)", persisted=True)
    )
    search: Unmapped[str] = unmapped_column(TSVECTOR, Computed(SEARCH_VECTOR, persisted=True))

    company: Mapped[Company] = relationship(lazy="raise")


def is_open() -> ColumnElement[bool]:
    """Whether a job can be found and applied for.

    The status is spelled out, not bound: only so can the indexes of published jobs serve.
    """
    return and_(
        Job.status == literal_column("'published'"),
        or_(Job.expires_at.is_(None), Job.expires_at > func.now()),
        Job.hidden_at.is_(None),
    )


class SavedJob(Model):
    """A person keeps a job. The pair is the key: saving twice is saving once."""

    __tablename__ = "saved_jobs"
    __table_args__ = (
        Index("ix_saved_jobs_newest", "user_id", text("created_at DESC"), text("job_id DESC")),
        Index("ix_saved_jobs_job", "job_id"),
    )

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[Made]
