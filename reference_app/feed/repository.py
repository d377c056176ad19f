"""SQL that changes posts, likes and comments. `feed_sql` reads them."""

from typing import Literal

from sqlalchemy import bindparam, delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from reference_app.database import AnyRow, WriteSession
from reference_app.feed.models import Post, PostComment, PostLike, PostTally
from reference_app.jobs.models import Job
from reference_app.users.models import User
from reference_app.users.naming import named

_ADD_POST = (
    insert(Post)
    .on_conflict_do_nothing(index_elements=[Post.author_id, Post.key])
    .returning(Post.id)
)
_POST_BY_KEY = select(Post.id, Post.body, Post.company_id, Post.job_id).where(
    Post.author_id == bindparam("author_id"), Post.key == bindparam("key")
)
_JOB_IS_PUBLIC = select(
    exists().where(Job.id == bindparam("job_id"), Job.status != "draft", Job.hidden_at.is_(None))
)

_HOLD = (
    select(Post.author_id)
    .where(Post.id == bindparam("post_id"))
    .with_for_update(read=True, key_share=True)
)
_HOLD_SHOWN = _HOLD.where(Post.hidden_at.is_(None))
_LIKE = insert(PostLike).on_conflict_do_nothing().returning(PostLike.post_id)
_LIKES = select(PostTally.likes).where(PostTally.post_id == bindparam("post_id"))

_ADD_COMMENT = (
    insert(PostComment)
    .on_conflict_do_nothing(index_elements=[PostComment.author_id, PostComment.key])
    .returning(PostComment.id)
)
_COMMENT = select(
    PostComment.id,
    PostComment.post_id,
    PostComment.body,
    PostComment.created_at,
    *named(User),
).join(User, User.id == PostComment.author_id)


async def add_post(
    session: WriteSession,
    *,
    author_id: int,
    body: str,
    company_id: int | None,
    job_id: int | None,
    key: str | None,
) -> int | None:
    """The id of a new post; None when the author used this key before."""
    values = {
        "author_id": author_id,
        "body": body,
        "company_id": company_id,
        "job_id": job_id,
        "key": key,
    }
    return (await session.execute(_ADD_POST, values)).scalar_one_or_none()


async def add_tally(session: WriteSession, post_id: int) -> None:
    """Count the likes and comments of a new post."""
    await session.execute(insert(PostTally).values(post_id=post_id))


async def post_by_key(session: WriteSession, author_id: int, key: str) -> AnyRow:
    """What an author posted with a key they have used."""
    return (await session.execute(_POST_BY_KEY, {"author_id": author_id, "key": key})).one()


async def job_is_public(session: WriteSession, job_id: int) -> bool:
    """Whether there is such a job, and it is no draft."""
    return (await session.execute(_JOB_IS_PUBLIC, {"job_id": job_id})).scalar_one()


async def author_of(session: WriteSession, post_id: int) -> int | None:
    """Whose a post is; it stays until the end of this transaction. None when there is none."""
    return (await session.execute(_HOLD, {"post_id": post_id})).scalar_one_or_none()


async def author_of_shown(session: WriteSession, post_id: int) -> int | None:
    """The same; None as well when the post is hidden."""
    return (await session.execute(_HOLD_SHOWN, {"post_id": post_id})).scalar_one_or_none()


async def delete_post(session: WriteSession, post_id: int, author_id: int) -> AnyRow | None:
    """Delete a post of this author; its `company_id`, or None when there is none."""
    gone = await session.execute(
        delete(Post)
        .where(Post.id == post_id, Post.author_id == author_id)
        .returning(Post.company_id)
        .execution_options(synchronize_session=False)
    )
    return gone.one_or_none()


async def like(session: WriteSession, post_id: int, user_id: int) -> bool:
    """Whether this is new; if so, count it."""
    made = await session.execute(_LIKE, {"post_id": post_id, "user_id": user_id})
    return made.scalar_one_or_none() is not None


async def unlike(session: WriteSession, post_id: int, user_id: int) -> bool:
    """Whether there was a like to take back; its count goes with it."""
    gone = await session.execute(
        delete(PostLike)
        .where(PostLike.post_id == post_id, PostLike.user_id == user_id)
        .returning(PostLike.post_id)
        .execution_options(synchronize_session=False)
    )
    return gone.scalar_one_or_none() is not None


async def count_one(session: WriteSession, post_id: int, what: Literal["likes", "comments"]) -> int:
    """One like or comment more; how many there are now."""
    column = PostTally.likes if what == "likes" else PostTally.comments
    counted = await session.execute(
        update(PostTally)
        .where(PostTally.post_id == post_id)
        .values({column: column + 1})
        .returning(column)
        .execution_options(synchronize_session=False)
    )
    return counted.scalar_one()


async def likes(session: WriteSession, post_id: int) -> int:
    """How many like a post."""
    return (await session.execute(_LIKES, {"post_id": post_id})).scalar_one()


async def add_comment(
    session: WriteSession, *, post_id: int, author_id: int, body: str, key: str | None
) -> int | None:
    """The id of a new comment; None when the author used this key before."""
    values = {"post_id": post_id, "author_id": author_id, "body": body, "key": key}
    return (await session.execute(_ADD_COMMENT, values)).scalar_one_or_none()


async def comment(session: WriteSession, comment_id: int) -> AnyRow:
    """A comment that is there."""
    return (await session.execute(_COMMENT.where(PostComment.id == comment_id))).one()


async def comment_by_key(session: WriteSession, author_id: int, key: str) -> AnyRow:
    """What an author commented with a key they have used."""
    by_key = _COMMENT.where(PostComment.author_id == author_id, PostComment.key == key)
    return (await session.execute(by_key)).one()


async def delete_comment(
    session: WriteSession, post_id: int, comment_id: int, user_id: int
) -> bool:
    """Delete a comment on a post if it, or the post, is this person's; whether it was there."""
    owns_post = exists().where(Post.id == post_id, Post.author_id == user_id)
    gone = await session.execute(
        delete(PostComment)
        .where(
            PostComment.id == comment_id,
            PostComment.post_id == post_id,
            or_(PostComment.author_id == user_id, owns_post),
        )
        .returning(PostComment.id)
        .execution_options(synchronize_session=False)
    )
    return gone.scalar_one_or_none() is not None


async def has_comment(session: WriteSession, post_id: int, comment_id: int) -> bool:
    """Whether there is such a comment on a post."""
    there = exists().where(PostComment.id == comment_id, PostComment.post_id == post_id)
    return (await session.execute(select(there))).scalar_one()
