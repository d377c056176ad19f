"""Posts and what people make of them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from reference_app.base import Made, Model, PrimaryKey

_POPULAR = text("popular_since IS NOT NULL")


class Post(Model):
    """A post, by a person or in the name of their company.

    `key` is the author's own name for it, if any, so that sending it again
    posts it once. Once popular, a post stays so: whoever pages through a feed of popular
    posts neither loses one nor meets one again. With `hidden_at` nobody sees it any more
    (see `admin`).
    """

    __tablename__ = "posts"
    __table_args__ = (
        UniqueConstraint("author_id", "key"),
        CheckConstraint("char_length(body) BETWEEN 1 AND 2000", name="body"),
        # Feeds are put together from the newest of each author, company, and of the popular.
        Index("ix_posts_author_newest", "author_id", text("id DESC")),
        Index(
            "ix_posts_company_newest",
            "company_id",
            text("id DESC"),
            postgresql_where=text("company_id IS NOT NULL"),
        ),
        Index("ix_posts_popular_newest", text("id DESC"), postgresql_where=_POPULAR),
        Index("ix_posts_made", "created_at"),
        Index("ix_posts_job", "job_id", postgresql_where=text("job_id IS NOT NULL")),
    )

    id: Mapped[PrimaryKey]
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"))
    key: Mapped[str | None]
    body: Mapped[str]
    popular_since: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    created_at: Mapped[Made]


class PostTally(Model):
    """How many like a post and have commented on it, exactly.

    Apart from the post, so that a like rewrites a few bytes, not the text. Who
    adds a like or comment adds it here; a trigger takes away those that go,
    also with an account.
    """

    __tablename__ = "post_tallies"
    __table_args__ = (
        CheckConstraint("likes >= 0 AND comments >= 0", name="not_negative"),
        # Room on the page for the next version of a row, so that no index is touched.
        {"postgresql_with": {"fillfactor": 70}},
    )

    post_id: Mapped[int] = mapped_column(
        ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    likes: Mapped[int] = mapped_column(server_default=text("0"))
    comments: Mapped[int] = mapped_column(server_default=text("0"))


class PostLike(Model):
    """A person likes a post. The pair is the key: liking twice is liking once."""

    __tablename__ = "post_likes"
    __table_args__ = (Index("ix_post_likes_user", "user_id"),)

    post_id: Mapped[int] = mapped_column(
        ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    created_at: Mapped[Made]


class PostComment(Model):
    """A comment on a post; `key` and `hidden_at` as of posts."""

    __tablename__ = "post_comments"
    __table_args__ = (
        UniqueConstraint("author_id", "key"),
        CheckConstraint("char_length(body) BETWEEN 1 AND 2000", name="body"),
        Index("ix_post_comments_newest", "post_id", text("id DESC")),
    )

    id: Mapped[PrimaryKey]
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    key: Mapped[str | None]
    body: Mapped[str]
    hidden_at: Mapped[datetime | None]
    created_at: Mapped[Made]
