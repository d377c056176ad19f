"""Companies and who owns them."""

from sqlalchemy import ForeignKey, UniqueConstraint
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
