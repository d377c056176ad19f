"""Jobs, and which jobs a person keeps."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Computed,
    DateTime,
    Double,
    ForeignKey,
    Index,
    SmallInteger,
    TextClause,
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

# Spelled as the database spells it, so that the two can be compared.
_PLACE = (
    "((timezone('UTC'::text, COALESCE(boosted_until, published_at)) + "
    "((head_start_days)::double precision * '1 day'::interval)) AT TIME ZONE 'UTC'::text)"
)

_PUBLISHED = text("status = 'published'")


def _is_set(column: str) -> TextClause:
    return text(f"status = 'published' AND {column} IS NOT NULL")


class JobStatus(StrEnum):
    """A draft is its employer's alone, a published job everyone's.

    One that is closed takes no more for good, one that has expired until it is given a later end.
    """

    DRAFT = "draft"
    PUBLISHED = "published"
    EXPIRED = "expired"
    CLOSED = "closed"


class Promotion(StrEnum):
    """A way to have a job seen more, for a time; the value is the column that says until when."""

    BOOST = "boosted_until"
    FEATURE = "featured_until"


class Job(Model):
    """One job offer. `employer_id` is the owner of the company, whoever of its team wrote it.

    `published_at` is null for drafts and only for them. A published job whose
    `expires_at` has passed is no longer listed, and is soon said to be expired;
    null means it does not expire. Salaries are in cents a month. With `hidden_at`
    nobody sees it but its employer (see `admin`).

    Lists are in the order of `ranked_at`: a job stands as if it was published
    `head_start_days` later than it was (its employer's tier gives them), and
    one that is boosted as if it was published when the boost ends.
    `announced_at` is null until people who wait for such a job are told of it.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'published', 'expired', 'closed')", name="status"),
        CheckConstraint(
            "employment_type IN ('full_time', 'part_time', 'contract', 'temporary', 'gig')",
            name="employment_type",
        ),
        CheckConstraint("(status = 'draft') = (published_at IS NULL)", name="published_at"),
        CheckConstraint("salary_min_cents <= salary_max_cents", name="salary"),
        CheckConstraint("head_start_days >= 0", name="head_start"),
        # One index per way to list what is published, each in list order so that a page is a scan.
        Index(
            "ix_jobs_ranked",
            text("ranked_at DESC"),
            text("id DESC"),
            postgresql_where=_PUBLISHED,
        ),
        Index(
            "ix_jobs_island_ranked",
            "island",
            text("ranked_at DESC"),
            text("id DESC"),
            # with it, open jobs are counted from the index alone
            postgresql_include=["expires_at", "hidden_at"],
            postgresql_where=_PUBLISHED,
        ),
        Index(
            "ix_jobs_category_ranked",
            "category",
            text("ranked_at DESC"),
            text("id DESC"),
            # with it, open jobs are counted from the index alone
            postgresql_include=["expires_at", "hidden_at"],
            postgresql_where=_PUBLISHED,
        ),
        Index(
            "ix_jobs_company_ranked",
            "company_id",
            text("ranked_at DESC"),
            text("id DESC"),
            postgresql_where=_PUBLISHED,
        ),
        Index(
            "ix_jobs_type_ranked",
            "employment_type",
            text("ranked_at DESC"),
            text("id DESC"),
            postgresql_where=_PUBLISHED,
        ),
        Index("ix_jobs_salary", "salary_top_cents", "id", postgresql_where=_PUBLISHED),
        Index("ix_jobs_head_start", "employer_id", "head_start_days", postgresql_where=_PUBLISHED),
        # What chores look for: few at any one time.
        Index("ix_jobs_expiring", "expires_at", postgresql_where=_PUBLISHED),
        Index(
            "ix_jobs_unannounced",
            "id",
            postgresql_where=text("status = 'published' AND announced_at IS NULL"),
        ),
        Index("ix_jobs_boosted", "boosted_until", postgresql_where=_is_set("boosted_until")),
        Index("ix_jobs_featured", "featured_until", postgresql_where=_is_set("featured_until")),
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
    head_start_days: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    boosted_until: Mapped[datetime | None]
    featured_until: Mapped[datetime | None]
    announced_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    created_at: Mapped[Made]
    updated_at: Mapped[Changed]
    # In the table but not in the class: nobody reads these, and every write would bring them back.
    salary_top_cents: Unmapped[int | None] = unmapped_column(
        Computed("coalesce(salary_max_cents, salary_min_cents)", persisted=True)
    )
    ranked_at: Unmapped[datetime | None] = unmapped_column(
        DateTime(timezone=True), Computed(_PLACE, persisted=True)
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


class JobTrend(Model):
    """A job much sought after, and how much, when that was last reckoned."""

    __tablename__ = "job_trends"

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    heat: Mapped[float] = mapped_column(Double)
