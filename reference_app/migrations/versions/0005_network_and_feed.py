"""Follows, connections, reviews, posts with likes and comments.

Revision ID: 0005
Revises: 0004
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _zero(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def _now(name: str) -> sa.Column[Any]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _points(
    table: str, column: str, to: str, *, ondelete: str = "CASCADE"
) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete
    )


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _once(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


# However likes and comments go, by whoever made them or with an account: the tally follows.
_TAKE_AWAY = """
CREATE FUNCTION take_from_post_tallies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format(
    'UPDATE post_tallies SET %1$I = %1$I - gone.many'
    ' FROM (SELECT post_id, count(*) AS many FROM gone_rows GROUP BY post_id) AS gone'
    ' WHERE post_tallies.post_id = gone.post_id', TG_ARGV[0]);
  RETURN NULL;
END $$
"""
_WHEN_GONE = """
CREATE TRIGGER take_from_tallies AFTER DELETE ON {table}
REFERENCING OLD TABLE AS gone_rows
FOR EACH STATEMENT EXECUTE FUNCTION take_from_post_tallies('{column}')
"""


def upgrade() -> None:
    _network()
    _reviews()
    _posts()
    op.execute(_TAKE_AWAY)
    op.execute(_WHEN_GONE.format(table="post_likes", column="likes"))
    op.execute(_WHEN_GONE.format(table="post_comments", column="comments"))


def _network() -> None:
    op.create_table(
        "user_follows",
        _number("follower_id"),
        _number("user_id"),
        _now("created_at"),
        _check("user_follows", "not_oneself", "follower_id <> user_id"),
        _points("user_follows", "follower_id", "users"),
        _points("user_follows", "user_id", "users"),
        _key("user_follows", "follower_id", "user_id"),
    )
    op.create_index(
        "ix_user_follows_followers", "user_follows", ["user_id", sa.text("follower_id DESC")]
    )
    op.create_table(
        "company_follows",
        _number("follower_id"),
        _number("company_id"),
        _now("created_at"),
        _points("company_follows", "follower_id", "users"),
        _points("company_follows", "company_id", "companies"),
        _key("company_follows", "follower_id", "company_id"),
    )
    op.create_index(
        "ix_company_follows_followers",
        "company_follows",
        ["company_id", sa.text("follower_id DESC")],
    )
    op.create_table(
        "connections",
        _id(),
        _number("low_user_id"),
        _number("high_user_id"),
        _number("asked_by"),
        sa.Column("status", sa.Text(), server_default=sa.text("'pending'"), nullable=False),
        _now("created_at"),
        _moment("decided_at"),
        _check("connections", "pair", "low_user_id < high_user_id"),
        _check("connections", "asked_by", "asked_by IN (low_user_id, high_user_id)"),
        _check("connections", "status", "status IN ('pending', 'accepted', 'declined')"),
        _check("connections", "decided_at", "(status = 'pending') = (decided_at IS NULL)"),
        _points("connections", "low_user_id", "users"),
        _points("connections", "high_user_id", "users"),
        _key("connections", "id"),
        _once("connections", "low_user_id", "high_user_id"),
    )
    for side in ("low", "high"):
        op.create_index(
            f"ix_connections_{side}",
            "connections",
            [f"{side}_user_id", "status", sa.text("id DESC")],
        )


def _reviews() -> None:
    op.create_table(
        "reviews",
        _id(),
        _number("author_id"),
        _number("company_id", nullable=True),
        _number("worker_id", nullable=True),
        sa.Column("stars", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.Text(), server_default=sa.text("''"), nullable=False),
        _now("created_at"),
        _now("updated_at"),
        _check("reviews", "subject", "num_nonnulls(company_id, worker_id) = 1"),
        _check("reviews", "stars", "stars BETWEEN 1 AND 5"),
        _points("reviews", "author_id", "users"),
        _points("reviews", "company_id", "companies"),
        _points("reviews", "worker_id", "users"),
        _key("reviews", "id"),
        _once("reviews", "author_id", "company_id"),
        _once("reviews", "author_id", "worker_id"),
    )
    for subject in ("company", "worker"):
        op.create_index(
            f"ix_reviews_{subject}",
            "reviews",
            [f"{subject}_id", sa.text("id DESC")],
            postgresql_include=["stars"],
            postgresql_where=sa.text(f"{subject}_id IS NOT NULL"),
        )


def _posts() -> None:
    op.create_table(
        "posts",
        _id(),
        _number("author_id"),
        _number("company_id", nullable=True),
        _number("job_id", nullable=True),
        _text("key", nullable=True),
        _text("body"),
        _moment("popular_since"),
        _now("created_at"),
        _check("posts", "body", "char_length(body) BETWEEN 1 AND 2000"),
        _points("posts", "author_id", "users"),
        _points("posts", "company_id", "companies"),
        _points("posts", "job_id", "jobs", ondelete="SET NULL"),
        _key("posts", "id"),
        _once("posts", "author_id", "key"),
    )
    newest = sa.text("id DESC")
    op.create_index("ix_posts_author_newest", "posts", ["author_id", newest])
    op.create_index(
        "ix_posts_company_newest",
        "posts",
        ["company_id", newest],
        postgresql_where=sa.text("company_id IS NOT NULL"),
    )
    op.create_index(
        "ix_posts_popular_newest",
        "posts",
        [newest],
        postgresql_where=sa.text("popular_since IS NOT NULL"),
    )
    op.create_index("ix_posts_made", "posts", ["created_at"])
    op.create_index(
        "ix_posts_job", "posts", ["job_id"], postgresql_where=sa.text("job_id IS NOT NULL")
    )
    op.create_table(
        "post_tallies",
        _number("post_id"),
        _zero("likes"),
        _zero("comments"),
        _check("post_tallies", "not_negative", "likes >= 0 AND comments >= 0"),
        _points("post_tallies", "post_id", "posts"),
        _key("post_tallies", "post_id"),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "post_likes",
        _number("post_id"),
        _number("user_id"),
        _now("created_at"),
        _points("post_likes", "post_id", "posts"),
        _points("post_likes", "user_id", "users"),
        _key("post_likes", "post_id", "user_id"),
    )
    op.create_index("ix_post_likes_user", "post_likes", ["user_id"])
    op.create_table(
        "post_comments",
        _id(),
        _number("post_id"),
        _number("author_id"),
        _text("key", nullable=True),
        _text("body"),
        _now("created_at"),
        _check("post_comments", "body", "char_length(body) BETWEEN 1 AND 2000"),
        _points("post_comments", "post_id", "posts"),
        _points("post_comments", "author_id", "users"),
        _key("post_comments", "id"),
        _once("post_comments", "author_id", "key"),
    )
    op.create_index("ix_post_comments_newest", "post_comments", ["post_id", newest])


def downgrade() -> None:
    for table in (
        "post_comments",
        "post_likes",
        "post_tallies",
        "posts",
        "reviews",
        "connections",
        "company_follows",
        "user_follows",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION take_from_post_tallies")
