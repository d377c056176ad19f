"""Uploads, and objects of the store that are to go."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.base import Made, Model, PrimaryKey


class Upload(Model):
    """A file of someone's: announced, and once it was looked at in the store, confirmed.

    `object_key` is where it is: before it is confirmed at the address its owner may
    write to, after that at one nobody may. A person has one confirmed avatar.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint("kind IN ('avatar', 'resume', 'portfolio')", name="kind"),
        CheckConstraint("size_bytes > 0", name="size"),
        Index("ix_uploads_owner_newest", "owner_id", text("id DESC")),
        Index(
            "uq_uploads_avatar",
            "owner_id",
            unique=True,
            postgresql_where=text("kind = 'avatar' AND confirmed_at IS NOT NULL"),
        ),
        Index(
            "ix_uploads_unconfirmed",
            "created_at",
            postgresql_where=text("confirmed_at IS NULL"),
        ),
    )

    id: Mapped[PrimaryKey]
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str]
    file_name: Mapped[str]
    content_type: Mapped[str]
    size_bytes: Mapped[int]
    object_key: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[Made]
    confirmed_at: Mapped[datetime | None]


class DoomedObject(Model):
    """An object that is to be deleted from the store, if there is one, once it is `due_at`.

    Noted in the transaction that gives the object up, or before it is made; so
    none is forgotten, whatever breaks off, and nobody waits for the store.
    """

    __tablename__ = "doomed_objects"
    __table_args__ = (Index("ix_doomed_objects_due_at", "due_at"),)

    object_key: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
