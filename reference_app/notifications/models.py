"""What a person is told, until they have seen it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.base import Made, Model, PrimaryKey


class Kind(StrEnum):
    """What happened."""

    APPLICATION_RECEIVED = "application_received"
    APPLICATION_STATUS = "application_status"
    MESSAGE_RECEIVED = "message_received"
    FOLLOWED = "followed"
    CONNECTION_REQUESTED = "connection_requested"
    CONNECTION_ACCEPTED = "connection_accepted"
    POST_LIKED = "post_liked"
    POST_COMMENTED = "post_commented"
    JOB_EXPIRED = "job_expired"
    SEARCH_FOUND = "search_found"
    MEMBER_JOINED = "member_joined"
    CONTENT_HIDDEN = "content_hidden"


class Notification(Model):
    """One notification.

    `data` holds ids, never texts that may change. Of one kind `about` one
    thing there is at most one unread. Only a person's newest are kept.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        Index("ix_notifications_newest", "user_id", text("id DESC")),
        Index("ix_notifications_unread", "user_id", postgresql_where=text("read_at IS NULL")),
        Index(
            "uq_notifications_unread_about",
            "user_id",
            "kind",
            "about",
            unique=True,
            postgresql_where=text("read_at IS NULL AND about IS NOT NULL"),
        ),
        CheckConstraint("kind ~ '^[a-z_]{1,40}$'", name="kind"),
    )

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str]
    about: Mapped[str | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[Made]
    read_at: Mapped[datetime | None]
