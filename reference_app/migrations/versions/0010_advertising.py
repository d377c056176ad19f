"""Advertising campaigns and what they come to; API keys.

Revision ID: 0010
Revises: 0009
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _zero(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _now(name: str) -> sa.Column[Any]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _day(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=nullable)


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _points(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE"
    )


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _once(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def upgrade() -> None:
    _campaigns()
    _statistics()
    op.create_table(
        "api_keys",
        _id(),
        _number("user_id"),
        _text("name"),
        _text("prefix"),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        _now("created_at"),
        _day("last_used_on", nullable=True),
        _points("api_keys", "user_id", "users"),
        _key("api_keys", "id"),
        _once("api_keys", "key_hash"),
        _once("api_keys", "user_id", "name"),
    )


def _campaigns() -> None:
    op.create_table(
        "campaigns",
        _id(),
        _number("owner_id"),
        _text("title"),
        _text("body"),
        _text("target_url"),
        _text("placement", nullable=True),
        _text("island", nullable=True),
        _text("category", nullable=True),
        _moment("starts_at"),
        _moment("ends_at"),
        _number("daily_impressions"),
        _number("total_impressions"),
        _number("cpm_cents"),
        sa.Column("status", sa.Text(), server_default=sa.text("'draft'"), nullable=False),
        _text("rejection", nullable=True),
        _now("created_at"),
        _now("updated_at"),
        _check(
            "campaigns",
            "status",
            "status IN"
            " ('draft', 'submitted', 'approved', 'rejected', 'running', 'paused', 'ended')",
        ),
        _check("campaigns", "placement", "placement IN ('feed', 'jobs', 'job')"),
        _check("campaigns", "target_url", "target_url LIKE 'https://%'"),
        _check("campaigns", "time", "starts_at < ends_at"),
        _check("campaigns", "budget", "daily_impressions BETWEEN 1 AND total_impressions"),
        _check("campaigns", "cpm_cents", "cpm_cents > 0"),
        _check("campaigns", "rejection", "(status = 'rejected') = (rejection IS NOT NULL)"),
        _points("campaigns", "owner_id", "users"),
        _key("campaigns", "id"),
        _once("campaigns", "owner_id", "title"),
    )
    op.create_index("ix_campaigns_owner", "campaigns", ["owner_id", sa.text("id DESC")])
    op.create_index(
        "ix_campaigns_submitted",
        "campaigns",
        ["id"],
        postgresql_where=sa.text("status = 'submitted'"),
    )
    op.create_index(
        "ix_campaigns_running",
        "campaigns",
        ["cpm_cents"],
        postgresql_where=sa.text("status = 'running'"),
    )


def _statistics() -> None:
    op.create_table(
        "campaign_days",
        _number("campaign_id"),
        _day("day"),
        _zero("impressions"),
        _zero("clicks"),
        _points("campaign_days", "campaign_id", "campaigns"),
        _key("campaign_days", "campaign_id", "day"),
    )
    op.create_table(
        "ad_audience_days",
        _day("day"),
        _text("audience"),
        _zero("impressions"),
        _zero("clicks"),
        _zero("people"),
        _check("ad_audience_days", "audience", "audience IN ('anonymous', 'free')"),
        _key("ad_audience_days", "day", "audience"),
    )
    op.create_table(
        "ad_batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        _now("booked_at"),
        _key("ad_batches", "id"),
    )
    op.create_index("ix_ad_batches_booked", "ad_batches", ["booked_at"])


def downgrade() -> None:
    for table in ("api_keys", "ad_batches", "ad_audience_days", "campaign_days", "campaigns"):
        op.drop_table(table)
