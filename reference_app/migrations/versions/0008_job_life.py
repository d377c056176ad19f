"""Expiry, featured and boosted jobs, saved searches, views.

Revision ID: 0008
Revises: 0007
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_PUBLISHED = "status = 'published'"
_PLACE = (
    "((timezone('UTC'::text, COALESCE(boosted_until, published_at)) + "
    "((head_start_days)::double precision * '1 day'::interval)) AT TIME ZONE 'UTC'::text)"
)
_LISTS = {"": None, "island_": "island", "category_": "category"}
_LISTS |= {"company_": "company_id", "type_": "employment_type"}


def _number(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _now(name: str) -> sa.Column[Any]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _zero(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)


def _points(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE"
    )


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _list_indexes(suffix: str, order: str, *, counted: bool) -> None:
    """One index per way to list published jobs."""
    for name, column in _LISTS.items():
        op.create_index(
            f"ix_jobs_{name}{suffix}",
            "jobs",
            [*([column] if column else []), sa.text(f"{order} DESC"), sa.text("id DESC")],
            postgresql_include=(
                ["expires_at"] if counted and column in ("island", "category") else None
            ),
            postgresql_where=sa.text(_PUBLISHED),
        )


def _drop_list_indexes(suffix: str) -> None:
    for name in _LISTS:
        op.drop_index(f"ix_jobs_{name}{suffix}", table_name="jobs")


def _index_published(name: str, *columns: str, more: str = "") -> None:
    where = sa.text(_PUBLISHED + more)
    op.create_index(f"ix_jobs_{name}", "jobs", list(columns), postgresql_where=where)


def upgrade() -> None:
    _jobs()
    _views()
    _searches()


def _jobs() -> None:
    _drop_list_indexes("newest")
    op.drop_index("ix_jobs_salary", table_name="jobs")
    op.drop_constraint(op.f("ck_jobs_status"), "jobs")
    op.create_check_constraint(
        op.f("ck_jobs_status"), "jobs", "status IN ('draft', 'published', 'expired', 'closed')"
    )
    op.add_column(
        "jobs",
        sa.Column(
            "head_start_days", sa.SmallInteger(), server_default=sa.text("0"), nullable=False
        ),
    )
    for name in ("boosted_until", "featured_until", "announced_at"):
        op.add_column("jobs", _moment(name))
    op.create_check_constraint(op.f("ck_jobs_head_start"), "jobs", "head_start_days >= 0")
    op.add_column(
        "jobs",
        sa.Column(
            "ranked_at",
            sa.DateTime(timezone=True),
            sa.Computed(_PLACE, persisted=True),
            nullable=True,
        ),
    )
    # What is there is no news to anyone.
    op.execute("UPDATE jobs SET announced_at = published_at WHERE published_at IS NOT NULL")
    op.execute(
        "UPDATE jobs SET status = 'expired' WHERE status = 'published' AND expires_at <= now()"
    )
    _list_indexes("ranked", "ranked_at", counted=True)
    _index_published("salary", "salary_top_cents", "id")
    _index_published("head_start", "employer_id", "head_start_days")
    _index_published("expiring", "expires_at")
    _index_published("unannounced", "id", more=" AND announced_at IS NULL")
    _index_published("boosted", "boosted_until", more=" AND boosted_until IS NOT NULL")
    _index_published("featured", "featured_until", more=" AND featured_until IS NOT NULL")
    op.create_table(
        "job_trends",
        _number("job_id"),
        sa.Column("heat", sa.Double(), nullable=False),
        _points("job_trends", "job_id", "jobs"),
        _key("job_trends", "job_id"),
    )


def _views() -> None:
    op.create_table(
        "job_views",
        _number("job_id"),
        sa.Column("day", sa.Date(), nullable=False),
        _number("views"),
        _points("job_views", "job_id", "jobs"),
        _key("job_views", "job_id", "day"),
    )
    op.create_index(
        "ix_job_views_day", "job_views", ["day", "job_id"], postgresql_include=["views"]
    )
    op.create_table(
        "profile_views",
        _number("user_id"),
        _number("viewer_id"),
        _number("views"),
        _moment("viewed_at", nullable=False),
        _points("profile_views", "user_id", "users"),
        _points("profile_views", "viewer_id", "users"),
        _key("profile_views", "user_id", "viewer_id"),
    )
    op.create_index(
        "ix_profile_views_newest",
        "profile_views",
        ["user_id", sa.text("viewed_at DESC"), sa.text("viewer_id DESC")],
        postgresql_include=["views"],
    )
    op.create_index("ix_profile_views_viewer", "profile_views", ["viewer_id"])
    op.create_table(
        "tally_batches",
        sa.Column("id", sa.Text(), nullable=False),
        _now("written_at"),
        _key("tally_batches", "id"),
    )


def _searches() -> None:
    op.create_table(
        "saved_searches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _number("user_id"),
        sa.Column("name", sa.Text(), nullable=False),
        _text("q"),
        _text("island"),
        _text("category"),
        _text("employment_type"),
        _number("salary_min_cents", nullable=True),
        sa.Column("alerts", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        _zero("found"),
        _zero("unmailed"),
        _number("newest_job_id", nullable=True),
        _now("created_at"),
        _now("updated_at"),
        sa.Column(
            "words",
            postgresql.TSQUERY(),
            sa.Computed("websearch_to_tsquery('english'::regconfig, q)", persisted=True),
            nullable=False,
        ),
        sa.CheckConstraint(
            "q <> '' OR island <> '' OR category <> '' OR employment_type <> ''"
            " OR salary_min_cents IS NOT NULL",
            name=op.f("ck_saved_searches_some_condition"),
        ),
        _points("saved_searches", "user_id", "users"),
        _key("saved_searches", "id"),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_saved_searches_user_id_name")),
    )
    op.create_index(
        "ix_saved_searches_watched",
        "saved_searches",
        ["category", "island"],
        postgresql_where=sa.text("alerts"),
    )
    for name in ("found", "unmailed"):
        op.create_index(
            f"ix_saved_searches_{name}",
            "saved_searches",
            ["user_id"],
            postgresql_where=sa.text(f"{name} > 0"),
        )
    op.create_table(
        "alert_letters",
        _number("user_id"),
        _moment("sent_at", nullable=False),
        _points("alert_letters", "user_id", "users"),
        _key("alert_letters", "user_id"),
    )


def downgrade() -> None:
    for table in (
        "alert_letters",
        "saved_searches",
        "tally_batches",
        "profile_views",
        "job_views",
        "job_trends",
    ):
        op.drop_table(table)
    _drop_list_indexes("ranked")
    op.drop_index("ix_jobs_salary", table_name="jobs")
    # The other indexes go with their columns, but for these two.
    op.drop_index("ix_jobs_expiring", table_name="jobs")
    op.drop_index("ix_jobs_unannounced", table_name="jobs")
    for name in ("ranked_at", "announced_at", "featured_until", "boosted_until", "head_start_days"):
        op.drop_column("jobs", name)
    op.execute("UPDATE jobs SET status = 'published' WHERE status = 'expired'")
    op.drop_constraint(op.f("ck_jobs_status"), "jobs")
    op.create_check_constraint(
        op.f("ck_jobs_status"), "jobs", "status IN ('draft', 'published', 'closed')"
    )
    _list_indexes("newest", "published_at", counted=False)
    _index_published("salary", "salary_top_cents")
