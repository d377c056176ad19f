"""Skills and availability for hire.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_AVAILABLE = sa.text("available_since IS NOT NULL")
_NEWEST = (sa.text("available_since DESC"), sa.text("id DESC"))


def upgrade() -> None:
    op.add_column(
        "users",
        sa.Column(
            "skills", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.add_column("users", sa.Column("available_since", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_users_skills"), "users", "cardinality(skills) <= 20")
    op.create_index("ix_users_available_newest", "users", [*_NEWEST], postgresql_where=_AVAILABLE)
    op.create_index(
        "ix_users_available_island", "users", ["island", *_NEWEST], postgresql_where=_AVAILABLE
    )
    op.create_index(
        "ix_users_available_skills",
        "users",
        ["skills"],
        postgresql_using="gin",
        postgresql_where=_AVAILABLE,
    )
    op.create_index(
        "ix_users_available_words",
        "users",
        [sa.text("to_tsvector('english', full_name || ' ' || headline || ' ' || bio)")],
        postgresql_using="gin",
        postgresql_where=_AVAILABLE,
    )


def downgrade() -> None:
    for index in ("words", "skills", "island", "newest"):
        op.drop_index(f"ix_users_available_{index}", "users")
    op.drop_constraint(op.f("ck_users_skills"), "users")
    op.drop_column("users", "available_since")
    op.drop_column("users", "skills")
