"""What one can do with posts.

Up to a thousand likes or comments a post's page shows each at once; beyond, it
shows them when it runs out of the cache: emptying the page of what everyone
looks at would make everyone read it from the database.
"""

from reference_app.companies.access import Right
from reference_app.companies.service import acting
from reference_app.database import WriteSession
from reference_app.errors import ConflictError, ForbiddenError
from reference_app.feed import feed_sql, pages, repository
from reference_app.feed.schemas import CommentDraft, CommentShown, LikeState, PostDraft, PostShown
from reference_app.jobs.listing import no_such_job
from reference_app.notifications.models import Kind
from reference_app.notifications.service import notify
from reference_app.subscriptions.entitlements import Feature, spend

_SHOWN_AT_ONCE = 1_000


async def post(session: WriteSession, author_id: int, wanted: PostDraft) -> PostShown:
    """Post something; with a key used before, find what was posted then.

    Raises `NotFoundError` for a job nobody sees, `ForbiddenError` in the name
    of a company whose page is not theirs to look after, `ConflictError` when the key was used for
    something else, and `EntitlementRefusedError` when the month's posts are
    used up.
    """
    if wanted.company_id is not None:
        await acting(session, wanted.company_id, author_id, Right.PAGE)
    if wanted.job_id is not None and not await repository.job_is_public(session, wanted.job_id):
        raise no_such_job()
    post_id = await repository.add_post(session, author_id=author_id, **wanted.model_dump())
    if post_id is None:
        return await _shown(session, await _posted_before(session, author_id, wanted))
    await spend(session, author_id, Feature.POSTS)
    await repository.add_tally(session, post_id)
    _post_changed(session, post_id, author_id, wanted.company_id)
    return await _shown(session, post_id)


async def delete(session: WriteSession, post_id: int, user_id: int) -> None:
    """Delete one's own post; nothing happens if it is gone. Raises `ForbiddenError`.

    Feeds of others may show it until they run out of the cache.
    """
    gone = await repository.delete_post(session, post_id, user_id)
    if gone is not None:
        _post_changed(session, post_id, user_id, gone.company_id)
        session.forget(pages.comments_cache_key(post_id))
    elif await repository.author_of(session, post_id) is not None:
        raise ForbiddenError("not_your_post", "This post is someone else's.")


async def like(session: WriteSession, post_id: int, user_id: int) -> LikeState:
    """Like a post; twice is once. Raises `NotFoundError`."""
    author_id = await _author(session, post_id)
    if not await repository.like(session, post_id, user_id):
        return LikeState(liked=True, likes=await repository.likes(session, post_id))
    likes = await repository.count_one(session, post_id, "likes")
    _counted(session, post_id, user_id, likes)
    await _notify(session, author_id, user_id, Kind.POST_LIKED, post_id)
    return LikeState(liked=True, likes=likes)


async def unlike(session: WriteSession, post_id: int, user_id: int) -> LikeState:
    """Like a post no longer; twice is once. Raises `NotFoundError`."""
    await _author(session, post_id)
    gone = await repository.unlike(session, post_id, user_id)
    likes = await repository.likes(session, post_id)
    if gone:
        _counted(session, post_id, user_id, likes)
    return LikeState(liked=False, likes=likes)


async def comment(
    session: WriteSession, post_id: int, user_id: int, wanted: CommentDraft
) -> CommentShown:
    """Say something about a post; with a key used before, find what was said then.

    Raises `NotFoundError`, and `ConflictError` when the key was used for
    something else.
    """
    author_id = await _author(session, post_id)
    comment_id = await repository.add_comment(
        session, post_id=post_id, author_id=user_id, body=wanted.body, key=wanted.key
    )
    if comment_id is None:
        assert wanted.key is not None  # noqa: S101 - only keys are refused
        before = await repository.comment_by_key(session, user_id, wanted.key)
        if (before.post_id, before.body) != (post_id, wanted.body):
            raise _key_reused()
        return pages.comment_shown(before)
    shown = pages.comment_shown(await repository.comment(session, comment_id))
    comments = await repository.count_one(session, post_id, "comments")
    _counted(session, post_id, user_id, comments)
    session.forget(pages.comments_cache_key(post_id))
    await _notify(session, author_id, user_id, Kind.POST_COMMENTED, post_id)
    return shown


async def delete_comment(
    session: WriteSession, post_id: int, comment_id: int, user_id: int
) -> None:
    """Delete one's own comment, or any on one's own post; nothing happens if it is gone.

    Raises `ForbiddenError`.
    """
    if await repository.author_of(session, post_id) is None:
        return
    if await repository.delete_comment(session, post_id, comment_id, user_id):
        session.forget(
            pages.post_cache_key(post_id),
            pages.comments_cache_key(post_id),
            pages.home_cache_key(user_id),
        )
    elif await repository.has_comment(session, post_id, comment_id):
        raise ForbiddenError("not_your_comment", "This comment is someone else's.")


async def _posted_before(session: WriteSession, author_id: int, wanted: PostDraft) -> int:
    assert wanted.key is not None  # noqa: S101 - only keys are refused
    before = await repository.post_by_key(session, author_id, wanted.key)
    then = (before.body, before.company_id, before.job_id)
    if then != (wanted.body, wanted.company_id, wanted.job_id):
        raise _key_reused()
    return int(before.id)


async def _shown(session: WriteSession, post_id: int) -> PostShown:
    row = await feed_sql.one(session, post_id)
    assert row is not None  # noqa: S101 - of this transaction, or found in it
    return pages.post_shown(row)


async def _author(session: WriteSession, post_id: int) -> int:
    author_id = await repository.author_of_shown(session, post_id)
    if author_id is None:
        raise pages.no_such_post()
    return author_id


def _post_changed(
    session: WriteSession, post_id: int, author_id: int, company_id: int | None
) -> None:
    listed = (
        pages.user_posts_cache_key(author_id)
        if company_id is None
        else pages.company_posts_cache_key(company_id)
    )
    session.forget(pages.post_cache_key(post_id), pages.home_cache_key(author_id), listed)


def _counted(session: WriteSession, post_id: int, user_id: int, many: int) -> None:
    session.forget(pages.home_cache_key(user_id))
    if many < _SHOWN_AT_ONCE:
        session.forget(pages.post_cache_key(post_id))


async def _notify(
    session: WriteSession, author_id: int, user_id: int, kind: Kind, post_id: int
) -> None:
    # One for all who do so before the author looks.
    if author_id != user_id:
        data = {"post_id": post_id, "user_id": user_id}
        await notify(session, author_id, kind, data, about=str(post_id))


def _key_reused() -> ConflictError:
    return ConflictError("key_reused", "This key belongs to something else.")
