"""API keys."""

from datetime import date

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.base import Made, Model, PrimaryKey


class ApiKey(Model):
    """One key of one person; a key that is revoked is gone.

    Of the key itself only its SHA-256 (32 bytes, `kit.tokens.api_key_hash`) and its first
    characters are stored. `last_used_on` is a day (UTC), written once a day at most.
    """

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[Made]
    last_used_on: Mapped[date | None]
