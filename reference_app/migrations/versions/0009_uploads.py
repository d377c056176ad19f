"""Uploads, and the résumé of an application.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('avatar', 'resume', 'portfolio')", name=op.f("ck_uploads_kind")
        ),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_uploads_size")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_uploads_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        sa.UniqueConstraint("object_key", name=op.f("uq_uploads_object_key")),
    )
    op.create_index("ix_uploads_owner_newest", "uploads", ["owner_id", sa.text("id DESC")])
    op.create_index(
        "uq_uploads_avatar",
        "uploads",
        ["owner_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'avatar' AND confirmed_at IS NOT NULL"),
    )
    op.create_index(
        "ix_uploads_unconfirmed",
        "uploads",
        ["created_at"],
        postgresql_where=sa.text("confirmed_at IS NULL"),
    )
    op.create_table(
        "doomed_objects",
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("object_key", name=op.f("pk_doomed_objects")),
    )
    op.create_index("ix_doomed_objects_due_at", "doomed_objects", ["due_at"])
    op.add_column("applications", sa.Column("resume_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_applications_resume_id"),
        "applications",
        "uploads",
        ["resume_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_index(
        "ix_applications_resume",
        "applications",
        ["resume_id"],
        postgresql_where=sa.text("resume_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_column("applications", "resume_id")
    op.drop_table("doomed_objects")
    op.drop_table("uploads")
