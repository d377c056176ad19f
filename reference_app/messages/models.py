"""Conversations, who is in them, and what they said."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.base import Made, Model, PrimaryKey


class Conversation(Model):
    """All that two people write to each other. There is one for each pair.

    Its row is locked by whoever adds a message or reads: so in a conversation
    ids grow in the order of commits, and what comes after an id is all that is new.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("low_user_id", "high_user_id"),
        CheckConstraint("low_user_id < high_user_id", name="pair"),
        Index("ix_conversations_high_user", "high_user_id"),
    )

    id: Mapped[PrimaryKey]
    low_user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    high_user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[Made]


class Participant(Model):
    """One side of a conversation.

    `unread` counts the other's messages after `read_up_to`; `has_written` says
    whether this side ever wrote.
    """

    __tablename__ = "conversation_participants"
    __table_args__ = (
        Index("ix_participants_latest", "user_id", text("last_message_id DESC")),
        Index("ix_participants_unread", "user_id", postgresql_where=text("unread > 0")),
        Index("ix_participants_other", "other_id"),
    )

    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    other_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    last_message_id: Mapped[int] = mapped_column(server_default=text("0"))
    read_up_to: Mapped[int] = mapped_column(server_default=text("0"))
    unread: Mapped[int] = mapped_column(server_default=text("0"))
    has_written: Mapped[bool] = mapped_column(server_default=text("false"))


class Message(Model):
    """One message. Its sender's `key` is unique: sent again, it is the same message."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("sender_id", "key"),
        Index("ix_messages_conversation", "conversation_id", "id"),
    )

    id: Mapped[PrimaryKey]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    sender_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    key: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[Made]
