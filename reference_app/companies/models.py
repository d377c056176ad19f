"""Companies, who owns them, who acts for them, and who is invited to."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reference_app.base import Changed, Made, Model, PrimaryKey
from reference_app.users.models import User


class Company(Model):
    """One company. An owner's two companies cannot share a name: a double click makes one."""

    __tablename__ = "companies"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)

    id: Mapped[PrimaryKey]
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    island: Mapped[str | None]
    website: Mapped[str | None]
    created_at: Mapped[Made]
    updated_at: Mapped[Changed]

    owner: Mapped[User] = relationship(lazy="raise")


class CompanyProfile(Model):
    """What a company tells of itself beyond the basics; shown while the owner's tier has it."""

    __tablename__ = "company_profiles"
    __table_args__ = (
        CheckConstraint("size IN ('1-10', '11-50', '51-200', '201-1000', '1001+')", name="size"),
        CheckConstraint("cardinality(benefits) <= 20", name="benefits"),
    )

    company_id: Mapped[int] = mapped_column(
        ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True
    )
    cover_text: Mapped[str] = mapped_column(server_default="")
    about: Mapped[str] = mapped_column(server_default="")
    size: Mapped[str | None]
    benefits: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    updated_at: Mapped[Changed]


class MemberRole(StrEnum):
    """What a member does for a company; `access` says what that includes."""

    MANAGER = "manager"
    RECRUITER = "recruiter"


class CompanyMember(Model):
    """Someone who acts for a company they do not own.

    The order of ids is the order of joining: when the owner's tier allows fewer
    seats than there are members, the first to join keep theirs.
    """

    __tablename__ = "company_members"
    __table_args__ = (
        UniqueConstraint("company_id", "user_id"),
        CheckConstraint("role IN ('manager', 'recruiter')", name="role"),
        Index("ix_company_members_user", "user_id"),
    )

    id: Mapped[PrimaryKey]
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    role: Mapped[str]
    created_at: Mapped[Made]


class InvitationStatus(StrEnum):
    """What became of an invitation."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REVOKED = "revoked"


class CompanyInvitation(Model):
    """An invitation to act for a company, sent to an e-mail address (lower case).

    Only the token's hash is stored. Of pending ones an address has at most one
    from a company; one whose `expires_at` has passed is as good as none.
    """

    __tablename__ = "company_invitations"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower_case"),
        CheckConstraint("role IN ('manager', 'recruiter')", name="role"),
        CheckConstraint("status IN ('pending', 'accepted', 'declined', 'revoked')", name="status"),
        CheckConstraint("(status = 'pending') = (decided_at IS NULL)", name="decided_at"),
        Index(
            "uq_company_invitations_pending",
            "company_id",
            "email",
            unique=True,
            postgresql_where=text("status = 'pending'"),
        ),
        Index("ix_company_invitations_company", "company_id", text("id DESC")),
        Index("ix_company_invitations_created", "created_at"),
    )

    id: Mapped[PrimaryKey]
    company_id: Mapped[int] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))
    email: Mapped[str]
    role: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(server_default="pending")
    expires_at: Mapped[datetime]
    created_at: Mapped[Made]
    decided_at: Mapped[datetime | None]
