"""Reports of content, audit log, daily activity, hidden things.

Revision ID: 0011
Revises: 0010
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_HIDEABLE = ("jobs", "posts", "post_comments", "reviews")

# Nobody changes the record or takes anything out of it, not even the owner of the table:
# to do so one would have to take this away first. Emptying all tables together, as a load
# of generated data does, is no change of the record: there is nothing left it tells of.
_REFUSE = """
CREATE FUNCTION refuse_change_of_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_log is only ever added to' USING ERRCODE = 'insufficient_privilege';
END $$
"""
_KEEP = """
CREATE TRIGGER keep_record BEFORE UPDATE OR DELETE ON audit_log
FOR EACH ROW EXECUTE FUNCTION refuse_change_of_record()
"""


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _text(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[Any]:
    made = None if default is None else sa.text(f"'{default}'")
    return sa.Column(name, sa.Text(), server_default=made, nullable=nullable)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def _now(name: str) -> sa.Column[Any]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _person(column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["users.id"], name=op.f(f"fk_reports_{column}"), ondelete="CASCADE"
    )


def upgrade() -> None:
    _reports()
    _record()
    op.create_table(
        "daily_activity",
        sa.Column("day", sa.Date(), nullable=False),
        _number("active"),
        _number("active_30_days"),
        sa.Column("sketch", sa.LargeBinary(), nullable=False),
        _now("updated_at"),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_daily_activity")),
    )
    for table in _HIDEABLE:
        op.add_column(table, _moment("hidden_at"))
    _reviews_indexes("stars", "hidden_at")
    _counted_jobs_indexes("expires_at", "hidden_at")
    op.create_index("ix_users_made", "users", ["created_at"])
    for name, column in (("email", "email"), ("name", "full_name")):
        op.create_index(
            f"ix_users_{name}_trigram",
            "users",
            [column],
            postgresql_using="gin",
            postgresql_ops={column: "gin_trgm_ops"},
        )


def _reports() -> None:
    op.create_table(
        "reports",
        _id(),
        _number("reporter_id"),
        _text("kind"),
        _number("thing_id"),
        _number("author_id"),
        _text("reason"),
        _text("note", default=""),
        _now("created_at"),
        _moment("resolved_at"),
        _text("resolution", nullable=True),
        sa.CheckConstraint(
            "kind IN ('job', 'post', 'comment', 'review', 'user', 'message')",
            name=op.f("ck_reports_kind"),
        ),
        sa.CheckConstraint(
            "reason IN ('spam', 'fraud', 'abuse', 'illegal', 'other')",
            name=op.f("ck_reports_reason"),
        ),
        sa.CheckConstraint(
            "resolution IN ('dismiss', 'hide', 'suspend')", name=op.f("ck_reports_resolution")
        ),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolution IS NULL)", name=op.f("ck_reports_resolved")
        ),
        _person("reporter_id"),
        _person("author_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint(
            "reporter_id", "kind", "thing_id", name=op.f("uq_reports_reporter_id_kind_thing_id")
        ),
    )
    op.create_index(
        "ix_reports_open",
        "reports",
        ["kind", "thing_id", "id"],
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_index("ix_reports_thing", "reports", ["kind", "thing_id", sa.text("id DESC")])
    op.create_index("ix_reports_author", "reports", ["author_id"])


def _record() -> None:
    op.create_table(
        "audit_log",
        _id(),
        _number("admin_id", nullable=True),
        _text("action"),
        _text("subject_kind"),
        _text("subject"),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        _text("reason", default=""),
        _text("request_id"),
        _now("created_at"),
        sa.CheckConstraint("action ~ '^[a-z_.]{1,40}$'", name=op.f("ck_audit_log_action")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    newest = sa.text("id DESC")
    op.create_index("ix_audit_log_admin", "audit_log", ["admin_id", newest])
    op.create_index("ix_audit_log_subject", "audit_log", ["subject_kind", "subject", newest])
    op.execute(_REFUSE)
    op.execute(_KEEP)


def _reviews_indexes(*included: str) -> None:
    for subject in ("company", "worker"):
        op.drop_index(f"ix_reviews_{subject}", table_name="reviews")
        op.create_index(
            f"ix_reviews_{subject}",
            "reviews",
            [f"{subject}_id", sa.text("id DESC")],
            postgresql_include=list(included),
            postgresql_where=sa.text(f"{subject}_id IS NOT NULL"),
        )


def _counted_jobs_indexes(*included: str) -> None:
    for column in ("island", "category"):
        op.drop_index(f"ix_jobs_{column}_ranked", table_name="jobs")
        op.create_index(
            f"ix_jobs_{column}_ranked",
            "jobs",
            [column, sa.text("ranked_at DESC"), sa.text("id DESC")],
            postgresql_include=list(included),
            postgresql_where=sa.text("status = 'published'"),
        )


def downgrade() -> None:
    for name in ("name_trigram", "email_trigram", "made"):
        op.drop_index(f"ix_users_{name}", table_name="users")
    _reviews_indexes("stars")
    _counted_jobs_indexes("expires_at")
    for table in _HIDEABLE:
        op.drop_column(table, "hidden_at")
    for table in ("daily_activity", "audit_log", "reports"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_change_of_record")
