"""/feed and /posts. Fixed paths stand before those with an id."""

from fastapi import APIRouter, Request, status
from starlette.responses import Response

from reference_app.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    problem_docs,
)
from reference_app.feed import pages, service
from reference_app.feed.schemas import (
    CommentDraft,
    CommentPage,
    CommentShown,
    FeedPage,
    LikeState,
    PostDraft,
    PostPage,
    PostShown,
    TrendingPosts,
)
from reference_app.kit import metrics
from reference_app.kit.pagination import CursorText, Limit
from reference_app.serving import Viewer, Writing, board_of, cached, observed_of
from reference_app.texts import PathId, json_bytes

router = APIRouter(prefix="/api/v1", tags=["feed"])

_DB = metrics.LAYERS.index("db")
_ON_POST = problem_docs(UnauthenticatedError, NotFoundError)
_OWN = problem_docs(UnauthenticatedError, ForbiddenError)


@router.get(
    "/feed",
    summary="One's feed",
    response_model=FeedPage,
    responses=problem_docs(UnauthenticatedError, InvalidError),
)
async def feed(
    request: Request, viewer: Viewer, limit: Limit = pages.FIRST_PAGE, cursor: CursorText = None
) -> Response:
    """Posts of people and companies one follows, popular ones, and one's own; the newest first.

    The first page of 20 is cached for a few minutes, but what one does oneself shows at once.
    """
    board = board_of(request)
    if limit == pages.FIRST_PAGE and cursor is None:
        return await cached(
            request,
            pages.home_cache_key(viewer.user_id),
            board.settings.cache_ttl_feed,
            pages.home_loader(board.database, viewer.user_id),
        )
    observed_of(request).touched(_DB)
    session = await board.database.reading_for(viewer.user_id)
    page = await pages.home(session, viewer.user_id, limit, cursor)
    return Response(json_bytes(page), media_type="application/json")


@router.get("/posts/trending", summary="What is talked about", response_model=TrendingPosts)
async def trending(request: Request) -> Response:
    """Of the last three days, most first. Cached for ten minutes."""
    board = board_of(request)
    return await cached(
        request,
        pages.TRENDING_CACHE_KEY,
        board.settings.cache_ttl_trending,
        pages.trending_loader(board.database),
    )


@router.get(
    "/posts/{post_id}",
    summary="A post",
    response_model=PostShown,
    responses=problem_docs(NotFoundError),
)
async def post(request: Request, post_id: PathId) -> Response:
    """Cached; up to 1,000 likes a change shows at once."""
    board = board_of(request)
    return await cached(
        request,
        pages.post_cache_key(post_id),
        board.settings.cache_ttl_feed,
        pages.post_loader(board.database, post_id),
        pages.no_such_post(),
    )


@router.get(
    "/users/{user_id}/posts",
    summary="A person's posts, the newest first",
    response_model=PostPage,
    responses=problem_docs(InvalidError),
)
async def user_posts(
    request: Request, user_id: PathId, limit: Limit = pages.FIRST_PAGE, cursor: CursorText = None
) -> Response:
    """Cached for a few minutes; the first page of 20 shows a new post at once."""
    board = board_of(request)
    return await cached(
        request,
        pages.user_posts_cache_key(user_id, limit, cursor),
        board.settings.cache_ttl_feed,
        pages.user_posts_loader(board.database, user_id, limit, cursor),
    )


@router.get(
    "/companies/{company_id}/posts",
    summary="A company's posts, the newest first",
    response_model=PostPage,
    responses=problem_docs(InvalidError),
)
async def company_posts(
    request: Request, company_id: PathId, limit: Limit = pages.FIRST_PAGE, cursor: CursorText = None
) -> Response:
    """Cached for a few minutes; the first page of 20 shows a new post at once."""
    board = board_of(request)
    return await cached(
        request,
        pages.company_posts_cache_key(company_id, limit, cursor),
        board.settings.cache_ttl_feed,
        pages.company_posts_loader(board.database, company_id, limit, cursor),
    )


@router.get(
    "/posts/{post_id}/comments",
    summary="Comments on a post, the newest first",
    response_model=CommentPage,
    responses=problem_docs(InvalidError),
)
async def comments(
    request: Request, post_id: PathId, limit: Limit = pages.FIRST_PAGE, cursor: CursorText = None
) -> Response:
    """Cached for a few minutes; the first page of 20 shows a new comment at once."""
    board = board_of(request)
    return await cached(
        request,
        pages.comments_cache_key(post_id, limit, cursor),
        board.settings.cache_ttl_feed,
        pages.comments_loader(board.database, post_id, limit, cursor),
    )


@router.post(
    "/posts",
    summary="Post something",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(UnauthenticatedError, ForbiddenError, NotFoundError, ConflictError),
)
async def add(wanted: PostDraft, viewer: Viewer, session: Writing) -> PostShown:
    """How many a month depends on the tier."""
    return await service.post(session, viewer.user_id, wanted)


@router.delete(
    "/posts/{post_id}",
    summary="Delete one's own post",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=_OWN,
)
async def delete(post_id: PathId, viewer: Viewer, session: Writing) -> Response:
    """Twice is once. Feeds of others may show it for a few minutes."""
    await service.delete(session, post_id, viewer.user_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.put("/posts/{post_id}/like", summary="Like a post", responses=_ON_POST)
async def like(post_id: PathId, viewer: Viewer, session: Writing) -> LikeState:
    """Twice is once."""
    return await service.like(session, post_id, viewer.user_id)


@router.delete("/posts/{post_id}/like", summary="Like a post no longer", responses=_ON_POST)
async def unlike(post_id: PathId, viewer: Viewer, session: Writing) -> LikeState:
    """Twice is once."""
    return await service.unlike(session, post_id, viewer.user_id)


@router.post(
    "/posts/{post_id}/comments",
    summary="Comment on a post",
    status_code=status.HTTP_201_CREATED,
    responses=problem_docs(UnauthenticatedError, NotFoundError, ConflictError),
)
async def comment(
    post_id: PathId, wanted: CommentDraft, viewer: Viewer, session: Writing
) -> CommentShown:
    """With a key, twice is once."""
    return await service.comment(session, post_id, viewer.user_id, wanted)


@router.delete(
    "/posts/{post_id}/comments/{comment_id}",
    summary="Delete one's own comment, or any on one's own post",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=_OWN,
)
async def delete_comment(
    post_id: PathId, comment_id: PathId, viewer: Viewer, session: Writing
) -> Response:
    """Twice is once."""
    await service.delete_comment(session, post_id, comment_id, viewer.user_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
