"""Follows and connections."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.base import Made, Model, PrimaryKey


class UserFollow(Model):
    """A person follows another. The pair is the key: following twice is following once.

    Followers are counted in the index by who is followed; no row holds their
    number, so the many who follow one person never wait for each other.
    """

    __tablename__ = "user_follows"
    __table_args__ = (
        CheckConstraint("follower_id <> user_id", name="not_oneself"),
        Index("ix_user_follows_followers", "user_id", text("follower_id DESC")),
    )

    follower_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    created_at: Mapped[Made]


class CompanyFollow(Model):
    """A person follows a company; as with people."""

    __tablename__ = "company_follows"
    __table_args__ = (
        Index("ix_company_follows_followers", "company_id", text("follower_id DESC")),
    )

    follower_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    company_id: Mapped[int] = mapped_column(
        ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True
    )
    created_at: Mapped[Made]


class ConnectionStatus(StrEnum):
    """What became of asking someone to connect."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Connection(Model):
    """What is between two people, one row for each pair, whoever asked.

    A declined row stays: who was declined cannot ask again, who declined can.
    `decided_at` is null while it is pending and only then.
    """

    __tablename__ = "connections"
    __table_args__ = (
        UniqueConstraint("low_user_id", "high_user_id"),
        CheckConstraint("low_user_id < high_user_id", name="pair"),
        CheckConstraint("asked_by IN (low_user_id, high_user_id)", name="asked_by"),
        CheckConstraint("status IN ('pending', 'accepted', 'declined')", name="status"),
        CheckConstraint("(status = 'pending') = (decided_at IS NULL)", name="decided_at"),
        Index("ix_connections_low", "low_user_id", "status", text("id DESC")),
        Index("ix_connections_high", "high_user_id", "status", text("id DESC")),
    )

    id: Mapped[PrimaryKey]
    low_user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    high_user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    asked_by: Mapped[int]
    status: Mapped[str] = mapped_column(server_default="pending")
    created_at: Mapped[Made]
    decided_at: Mapped[datetime | None]

    def other(self, user_id: int) -> int:
        """The one who is not `user_id`."""
        return self.high_user_id if user_id == self.low_user_id else self.low_user_id
