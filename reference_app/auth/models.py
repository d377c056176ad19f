"""Signed-in sessions and their refresh tokens; tokens in letters; sign-ins elsewhere.

A session is one sign-in, the family of all refresh tokens that descend from it
by rotation. A refresh token is 43 characters of url-safe randomness; only its
SHA-256 (32 bytes, `kit.tokens.refresh_token_hash`) is stored.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.base import Made, Model


class AuthSession(Model):
    """One sign-in. `ended_at` is set by whatever signs out, or by a spent token coming back."""

    __tablename__ = "auth_sessions"
    __table_args__ = (Index("ix_auth_sessions_user", "user_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[Made]
    ended_at: Mapped[datetime | None]


class RefreshToken(Model):
    """One refresh token. `used_at` is set by the one refresh that it pays for."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("ix_refresh_tokens_session", "session_id"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("auth_sessions.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[Made]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Purpose(StrEnum):
    """What a token in a letter is for."""

    RESET_PASSWORD = "reset_password"  # noqa: S105 - the name of a kind of token
    VERIFY_EMAIL = "verify_email"


class LetterToken(Model):
    """A token sent by letter, stored like a refresh token. Of each purpose the last one counts."""

    __tablename__ = "letter_tokens"
    __table_args__ = (
        CheckConstraint("purpose IN ('reset_password', 'verify_email')", name="purpose"),
    )

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    purpose: Mapped[str] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[Made]
    expires_at: Mapped[datetime]


class ExternalIdentity(Model):
    """Who a person is at an OpenID provider: `subject`, which unlike an address never changes."""

    __tablename__ = "external_identities"
    __table_args__ = (UniqueConstraint("user_id", "issuer"),)

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[Made]
