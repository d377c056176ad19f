"""Reviews: of a company by who applied there, of a worker by who hired them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.base import Changed, Made, Model, PrimaryKey


class Review(Model):
    """One person's review of one company or one worker; each author has one of each.

    Averages are computed from the indexes by subject, which hold the stars; no
    row holds a sum that all authors would have to change. With `hidden_at` nobody sees it
    and it counts for nothing (see `admin`).
    """

    __tablename__ = "reviews"
    __table_args__ = (
        UniqueConstraint("author_id", "company_id"),
        UniqueConstraint("author_id", "worker_id"),
        CheckConstraint("num_nonnulls(company_id, worker_id) = 1", name="subject"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        Index(
            "ix_reviews_company",
            "company_id",
            text("id DESC"),
            postgresql_include=["stars", "hidden_at"],
            postgresql_where=text("company_id IS NOT NULL"),
        ),
        Index(
            "ix_reviews_worker",
            "worker_id",
            text("id DESC"),
            postgresql_include=["stars", "hidden_at"],
            postgresql_where=text("worker_id IS NOT NULL"),
        ),
    )

    id: Mapped[PrimaryKey]
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    stars: Mapped[int] = mapped_column(SmallInteger)
    body: Mapped[str] = mapped_column(server_default="")
    hidden_at: Mapped[datetime | None]
    created_at: Mapped[Made]
    updated_at: Mapped[Changed]
