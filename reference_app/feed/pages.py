"""What is read of posts, most of it as cached bytes.

A person's feed is cached for them; what they do themselves shows in it at
once, what others post when it runs out. Only its first page of the ordinary
size is kept: few look further. The rest is the same for everyone.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from reference_app.companies.schemas import CompanyRef
from reference_app.database import AnyRow, Database, ReadSession
from reference_app.errors import NotFoundError
from reference_app.feed import feed_sql
from reference_app.feed.schemas import (
    CommentPage,
    CommentShown,
    FeedPage,
    FeedPost,
    JobRef,
    PostPage,
    PostShown,
    TrendingPosts,
)
from reference_app.kit.cache import Loader
from reference_app.kit.pagination import cursor_by_id, cut, read_cursor_by_id
from reference_app.texts import LARGEST_ID, json_bytes
from reference_app.users.naming import person_ref

FIRST_PAGE = 20

TRENDING_CACHE_KEY = "posts-trending"
"""The cache's name for the posts most talked about."""

_TRENDING = 20

_ReadPosts = Callable[[ReadSession, int, int, int], Awaitable[Sequence[AnyRow]]]


def no_such_post() -> NotFoundError:
    """There is no post by this id."""
    return NotFoundError("post_not_found", "There is no such post.")


def home_cache_key(user_id: int) -> str:
    """The cache's name for the first page of a person's feed."""
    return f"feed:{user_id}"


def post_cache_key(post_id: int) -> str:
    """The cache's name for a post."""
    return f"post:{post_id}"


def comments_cache_key(post_id: int, limit: int = FIRST_PAGE, cursor: str | None = None) -> str:
    """The cache's name for a page of comments; the first unless said otherwise."""
    return f"post-comments:{post_id}:{limit}:{cursor or ''}"


def user_posts_cache_key(user_id: int, limit: int = FIRST_PAGE, cursor: str | None = None) -> str:
    """The cache's name for a page of a person's posts; the first unless said otherwise."""
    return f"user-posts:{user_id}:{limit}:{cursor or ''}"


def company_posts_cache_key(
    company_id: int, limit: int = FIRST_PAGE, cursor: str | None = None
) -> str:
    """The cache's name for a page of a company's posts; the first unless said otherwise."""
    return f"company-posts:{company_id}:{limit}:{cursor or ''}"


async def home(session: ReadSession, user_id: int, limit: int, cursor: str | None) -> FeedPage:
    """A page of a person's feed, the newest first. Raises `InvalidError` on a wrong cursor."""
    below = read_cursor_by_id(cursor) or LARGEST_ID
    rows = await feed_sql.home(session, user_id, limit + 1, below)
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
    items = [FeedPost(**_fields(row), liked=row.liked) for row in shown]
    return FeedPage(items=items, next_cursor=next_cursor)


def home_loader(database: Database, user_id: int) -> Loader:
    """Reads the first page of a person's feed."""

    async def load(position: int) -> bytes:
        return json_bytes(await home(database.reading(position), user_id, FIRST_PAGE, None))

    return load


def post_loader(database: Database, post_id: int) -> Loader:
    """Reads a post."""

    async def load(position: int) -> bytes | None:
        row = await feed_sql.one(database.reading(position), post_id)
        return None if row is None else json_bytes(post_shown(row))

    return load


def trending_loader(database: Database) -> Loader:
    """Reads the posts most talked about."""

    async def load(position: int) -> bytes:
        rows = await feed_sql.trending(database.reading(position), _TRENDING)
        return json_bytes(TrendingPosts(items=[post_shown(row) for row in rows]))

    return load


def user_posts_loader(database: Database, user_id: int, limit: int, cursor: str | None) -> Loader:
    """Reads a page of a person's posts. The loader raises `InvalidError` on a wrong cursor."""
    return _posts_loader(database, feed_sql.of_user, user_id, limit, cursor)


def company_posts_loader(
    database: Database, company_id: int, limit: int, cursor: str | None
) -> Loader:
    """Reads a page of a company's posts. The loader raises `InvalidError` on a wrong cursor."""
    return _posts_loader(database, feed_sql.of_company, company_id, limit, cursor)


def comments_loader(database: Database, post_id: int, limit: int, cursor: str | None) -> Loader:
    """Reads a page of comments. The loader raises `InvalidError` on a wrong cursor."""

    async def load(position: int) -> bytes:
        below = read_cursor_by_id(cursor) or LARGEST_ID
        rows = await feed_sql.comments(database.reading(position), post_id, limit + 1, below)
        shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
        items = [comment_shown(row) for row in shown]
        return json_bytes(CommentPage(items=items, next_cursor=next_cursor))

    return load


def post_shown(row: AnyRow) -> PostShown:
    """A row of `feed_sql` as everyone sees it."""
    return PostShown(**_fields(row))


def comment_shown(row: AnyRow) -> CommentShown:
    """A comment's row as everyone sees it."""
    return CommentShown(id=row.id, author=person_ref(row), body=row.body, created_at=row.created_at)


def _posts_loader(
    database: Database, read: _ReadPosts, of: int, limit: int, cursor: str | None
) -> Loader:
    async def load(position: int) -> bytes:
        below = read_cursor_by_id(cursor) or LARGEST_ID
        rows = await read(database.reading(position), of, limit + 1, below)
        shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
        items = [post_shown(row) for row in shown]
        return json_bytes(PostPage(items=items, next_cursor=next_cursor))

    return load


def _fields(row: AnyRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "author": person_ref(row),
        "company": row.company_id and CompanyRef(id=row.company_id, name=row.company_name),
        "job": row.job_id and JobRef(id=row.job_id, title=row.job_title),
        "body": row.body,
        "likes": row.likes,
        "comments": row.comments,
        "created_at": row.created_at,
    }
