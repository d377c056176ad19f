"""People: seekers, employers and admins."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.base import Changed, Made, Model, PrimaryKey

WORDS = "to_tsvector('english', (((full_name || ' ') || headline) || ' ') || bio)"
"""What is searched of those available for hire; spelled as the database spells its index."""

_AVAILABLE = text("available_since IS NOT NULL")


class Role(StrEnum):
    """What a person may do: look for work, offer it, or look after the board."""

    SEEKER = "seeker"
    EMPLOYER = "employer"
    ADMIN = "admin"


class User(Model):
    """One person.

    `email` is held in lower case, so that one address is one account, and so
    are `skills`. `available_since` is null for who is not available for hire,
    `suspended_at` for whoever may use the board. Without `password_hash` one signs in
    elsewhere, until one sets a password. `deleted_at` is set where an account was:
    the row stays for what others have of it, and says nothing of the person any more.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role IN ('seeker', 'employer', 'admin')", name="role"),
        CheckConstraint("email = lower(email)", name="email_lower_case"),
        CheckConstraint("cardinality(skills) <= 20", name="skills"),
        # For the list of those available, who are few: each index holds only them.
        Index(
            "ix_users_available_newest",
            text("available_since DESC"),
            text("id DESC"),
            postgresql_where=_AVAILABLE,
        ),
        Index(
            "ix_users_available_island",
            "island",
            text("available_since DESC"),
            text("id DESC"),
            postgresql_where=_AVAILABLE,
        ),
        Index(
            "ix_users_available_skills",
            "skills",
            postgresql_using="gin",
            postgresql_where=_AVAILABLE,
        ),
        Index(
            "ix_users_available_words",
            text(WORDS),
            postgresql_using="gin",
            postgresql_where=_AVAILABLE,
        ),
        Index("ix_users_made", "created_at"),
        Index(
            "ix_users_email_trigram",
            "email",
            postgresql_using="gin",
            postgresql_ops={"email": "gin_trgm_ops"},
        ),
        Index(
            "ix_users_name_trigram",
            "full_name",
            postgresql_using="gin",
            postgresql_ops={"full_name": "gin_trgm_ops"},
        ),
    )

    id: Mapped[PrimaryKey]
    email: Mapped[str] = mapped_column(unique=True)
    email_verified_at: Mapped[datetime | None]
    password_hash: Mapped[str | None]
    role: Mapped[str]
    full_name: Mapped[str]
    headline: Mapped[str] = mapped_column(server_default="")
    bio: Mapped[str] = mapped_column(server_default="")
    island: Mapped[str | None]
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    available_since: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[Made]
    updated_at: Mapped[Changed]

    @property
    def email_verified(self) -> bool:
        """Whether whoever holds the mailbox has shown that the account is theirs."""
        return self.email_verified_at is not None

    @property
    def available_for_hire(self) -> bool:
        """Whether employers find this person in the list of available workers."""
        return self.available_since is not None
