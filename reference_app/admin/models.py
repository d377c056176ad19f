"""What people report, and the record of what administrators do."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.base import Made, Model, PrimaryKey

_OPEN = text("resolved_at IS NULL")


class Report(Model):
    """One person's report of one thing; each reports a thing once.

    `author_id` is whose the thing is. All open reports of a thing are resolved together.
    """

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("reporter_id", "kind", "thing_id"),
        CheckConstraint(
            "kind IN ('job', 'post', 'comment', 'review', 'user', 'message')", name="kind"
        ),
        CheckConstraint("reason IN ('spam', 'fraud', 'abuse', 'illegal', 'other')", name="reason"),
        CheckConstraint("resolution IN ('dismiss', 'hide', 'suspend')", name="resolution"),
        CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name="resolved"),
        Index("ix_reports_open", "kind", "thing_id", "id", postgresql_where=_OPEN),
        Index("ix_reports_thing", "kind", "thing_id", text("id DESC")),
        Index("ix_reports_author", "author_id"),
    )

    id: Mapped[PrimaryKey]
    reporter_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str]
    thing_id: Mapped[int]
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    reason: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[Made]
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[str | None]


class AuditEntry(Model):
    """Something an administrator did. The database lets nobody change or delete a row.

    It points at no other table, so that it outlives whom and what it tells of.
    Without `admin_id` it was done by a command on the server. `before` and
    `after` are what was changed of the subject.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        CheckConstraint("action ~ '^[a-z_.]{1,40}$'", name="action"),
        Index("ix_audit_log_admin", "admin_id", text("id DESC")),
        Index("ix_audit_log_subject", "subject_kind", "subject", text("id DESC")),
    )

    id: Mapped[PrimaryKey]
    admin_id: Mapped[int | None]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    after: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(server_default="")
    request_id: Mapped[str]
    created_at: Mapped[Made]
