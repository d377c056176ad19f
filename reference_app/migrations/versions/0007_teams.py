"""Company profiles, members and invitations; an application's steps and notes.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# A step stays as it was taken. Only who took it may go, with their account, and all steps with
# their application: then it is a foreign key that deletes, from within its own trigger.
_KEEP = """
CREATE FUNCTION keep_application_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF pg_trigger_depth() > 1 THEN RETURN OLD; END IF;
  ELSIF NEW.actor_id IS NULL
    AND (NEW.id, NEW.application_id, NEW.from_status, NEW.to_status, NEW.created_at)
      = (OLD.id, OLD.application_id, OLD.from_status, OLD.to_status, OLD.created_at) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'application_events is only ever added to' USING ERRCODE = 'restrict_violation';
END $$
"""
_KEPT = """
CREATE TRIGGER keep_events BEFORE UPDATE OR DELETE ON application_events
FOR EACH ROW EXECUTE FUNCTION keep_application_events()
"""


def upgrade() -> None:
    _companies()
    _applications()
    op.execute(_KEEP)
    op.execute(_KEPT)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _companies() -> None:
    op.create_table(
        "company_profiles",
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.Column("cover_text", sa.Text(), server_default="", nullable=False),
        sa.Column("about", sa.Text(), server_default="", nullable=False),
        sa.Column("size", sa.Text(), nullable=True),
        sa.Column(
            "benefits", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        _moment("updated_at"),
        sa.CheckConstraint(
            "size IN ('1-10', '11-50', '51-200', '201-1000', '1001+')",
            name=op.f("ck_company_profiles_size"),
        ),
        sa.CheckConstraint(
            "cardinality(benefits) <= 20", name=op.f("ck_company_profiles_benefits")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_company_profiles_company_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_company_profiles")),
    )
    op.create_table(
        "company_members",
        _id(),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        _moment("created_at"),
        sa.CheckConstraint(
            "role IN ('manager', 'recruiter')", name=op.f("ck_company_members_role")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_company_members_company_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_company_members_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_members")),
        sa.UniqueConstraint(
            "company_id", "user_id", name=op.f("uq_company_members_company_id_user_id")
        ),
    )
    op.create_index("ix_company_members_user", "company_members", ["user_id"])
    op.create_table(
        "company_invitations",
        _id(),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _moment("created_at"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "email = lower(email)", name=op.f("ck_company_invitations_email_lower_case")
        ),
        sa.CheckConstraint(
            "role IN ('manager', 'recruiter')", name=op.f("ck_company_invitations_role")
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'accepted', 'declined', 'revoked')",
            name=op.f("ck_company_invitations_status"),
        ),
        sa.CheckConstraint(
            "(status = 'pending') = (decided_at IS NULL)",
            name=op.f("ck_company_invitations_decided_at"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_company_invitations_company_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_company_invitations_token_hash")),
    )
    op.create_index(
        "uq_company_invitations_pending",
        "company_invitations",
        ["company_id", "email"],
        unique=True,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_company_invitations_company",
        "company_invitations",
        ["company_id", sa.text("id DESC")],
    )
    op.create_index("ix_company_invitations_created", "company_invitations", ["created_at"])


def _applications() -> None:
    op.create_index(
        "ix_applications_job_status", "applications", ["job_id", "status", sa.text("id DESC")]
    )
    op.create_table(
        "application_events",
        _id(),
        sa.Column("application_id", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("from_status", sa.Text(), nullable=False),
        sa.Column("to_status", sa.Text(), nullable=False),
        _moment("created_at"),
        sa.CheckConstraint("from_status <> to_status", name=op.f("ck_application_events_a_step")),
        *_keys("application_events", "actor_id"),
    )
    op.create_table(
        "application_notes",
        _id(),
        sa.Column("application_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        _moment("created_at"),
        *_keys("application_notes", "author_id"),
    )
    for table, person in (("application_events", "actor"), ("application_notes", "author")):
        op.create_index(f"ix_{table}_application", table, ["application_id", sa.text("id DESC")])
        op.create_index(f"ix_{table}_{person}", table, [f"{person}_id"])


def _keys(table: str, person: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
            name=op.f(f"fk_{table}_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            [person], ["users.id"], name=op.f(f"fk_{table}_{person}"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def downgrade() -> None:
    for table in (
        "application_notes",
        "application_events",
        "company_invitations",
        "company_members",
        "company_profiles",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION keep_application_events")
    op.drop_index("ix_applications_job_status", "applications")
