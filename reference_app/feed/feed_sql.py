"""SQL that reads posts: the home feed, lists, the talk of the day.

A feed is put together when it is read: the newest few of everyone followed,
each from an index in the order of ids, are merged with the newest popular
posts. Nothing is written to feeds when someone posts, however many follow them.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    extract,
    func,
    literal_column,
    select,
    text,
    true,
    union,
    update,
)

from reference_app.companies.models import Company
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.feed.models import Post, PostComment, PostLike, PostTally
from reference_app.jobs.models import Job
from reference_app.network.models import CompanyFollow, UserFollow
from reference_app.users.models import User
from reference_app.users.naming import named

_COLUMNS = (
    Post.id,
    Post.body,
    Post.created_at,
    PostTally.likes,
    PostTally.comments,
    *named(User),
    Company.id.label("company_id"),
    Company.name.label("company_name"),
    Job.id.label("job_id"),
    Job.title.label("job_title"),
)
_viewer = bindparam("viewer", type_=User.id.type)
_below = bindparam("below", type_=Post.id.type)
_rows = bindparam("rows", type_=BigInteger)


def _shown(*more: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """All that is shown of posts."""
    return (
        select(*_COLUMNS, *more)
        .select_from(Post)
        .join(PostTally, PostTally.post_id == Post.id)
        .join(User, User.id == Post.author_id)
        .outerjoin(Company, Company.id == Post.company_id)
        .outerjoin(Job, and_(Job.id == Post.job_id, Job.hidden_at.is_(None)))
    )


def _newest(*conditions: ColumnElement[bool]) -> Select[int]:
    """The ids of the newest posts for which `conditions` hold."""
    return (
        select(Post.id)
        .where(*conditions, Post.id < _below, Post.hidden_at.is_(None))
        .order_by(Post.id.desc())
        .limit(_rows)
    )


_of_people = (
    _newest(Post.author_id == UserFollow.user_id, Post.company_id.is_(None))
    .correlate(UserFollow)
    .lateral("of_people")
)
_of_companies = (
    _newest(Post.company_id == CompanyFollow.company_id)
    .correlate(CompanyFollow)
    .lateral("of_companies")
)
_own = _newest(Post.author_id == _viewer).subquery("own")
_popular = _newest(Post.popular_since.is_not(None)).subquery("popular")
_candidates = union(
    select(_of_people.c.id)
    .select_from(UserFollow)
    .join(_of_people, true())
    .where(UserFollow.follower_id == _viewer),
    select(_of_companies.c.id)
    .select_from(CompanyFollow)
    .join(_of_companies, true())
    .where(CompanyFollow.follower_id == _viewer),
    select(_own.c.id),
    select(_popular.c.id),
).subquery("candidates")
_picked = select(_candidates.c.id).order_by(_candidates.c.id.desc()).limit(_rows).subquery("picked")
_HOME = (
    _shown(
        exists().where(PostLike.post_id == Post.id, PostLike.user_id == _viewer).label("liked"),
    )
    .join(_picked, _picked.c.id == Post.id)
    .order_by(Post.id.desc())
)

_ONE = _shown().where(Post.id == bindparam("post_id"))
_ONE_SHOWN = _ONE.where(Post.hidden_at.is_(None))
_LIST = (
    _shown().where(Post.id < _below, Post.hidden_at.is_(None)).order_by(Post.id.desc()).limit(_rows)
)
_OF_USER = _LIST.where(Post.author_id == bindparam("of"), Post.company_id.is_(None))
_OF_COMPANY = _LIST.where(Post.company_id == bindparam("of"))

_COMMENTS = (
    select(
        PostComment.id,
        PostComment.body,
        PostComment.created_at,
        *named(User),
    )
    .join(User, User.id == PostComment.author_id)
    .join(Post, Post.id == PostComment.post_id)
    .where(
        PostComment.post_id == bindparam("post_id"),
        PostComment.id < _below,
        PostComment.hidden_at.is_(None),
        Post.hidden_at.is_(None),
    )
    .order_by(PostComment.id.desc())
    .limit(_rows)
)

# A comment says twice as much as a like, and both less the older the post.
_talk = PostTally.likes + 2 * PostTally.comments
_age_h = extract("epoch", func.now() - Post.created_at) / 3600
_TRENDING_IDS = (
    select(Post.id, (_talk / func.power(func.greatest(_age_h, 0) + 2, 1.5)).label("heat"))
    .join(PostTally, PostTally.post_id == Post.id)
    .where(
        Post.created_at > func.now() - text("interval '3 days'"),
        Post.hidden_at.is_(None),
        _talk > 0,
    )
    .order_by(literal_column("heat").desc(), Post.id.desc())
    .limit(_rows)
    .subquery("trending")
)
_TRENDING = (
    _shown()
    .join(_TRENDING_IDS, _TRENDING_IDS.c.id == Post.id)
    .order_by(_TRENDING_IDS.c.heat.desc(), Post.id.desc())
)

_PROMOTE = (
    update(Post)
    .where(
        Post.id.in_(
            select(Post.id)
            .join(PostTally, PostTally.post_id == Post.id)
            .where(
                Post.created_at > func.now() - text("interval '1 day'"),
                Post.popular_since.is_(None),
                Post.hidden_at.is_(None),
                _talk >= bindparam("least"),
            )
            .order_by(_talk.desc(), Post.id.desc())
            .limit(bindparam("most"))
            # What is being deleted is not waited for: it could be waiting for the next one.
            .with_for_update(key_share=True, skip_locked=True, of=Post)
            .scalar_subquery()
        )
    )
    .values(popular_since=func.now())
    .returning(Post.id)
    .execution_options(synchronize_session=False)
)


async def home(session: ReadSession, viewer: int, rows: int, below: int) -> Sequence[AnyRow]:
    """Up to `rows` posts of one's feed with an id under `below`, the newest first."""
    return await session.rows(_HOME, {"viewer": viewer, "rows": rows, "below": below})


async def one(session: ReadSession | WriteSession, post_id: int) -> AnyRow | None:
    """A post; one that is hidden only to a session that writes."""
    if isinstance(session, ReadSession):
        return await session.first(_ONE_SHOWN, {"post_id": post_id})
    return (await session.execute(_ONE, {"post_id": post_id})).one_or_none()


async def of_user(session: ReadSession, user_id: int, rows: int, below: int) -> Sequence[AnyRow]:
    """Up to `rows` posts of a person in their own name, the newest first."""
    return await session.rows(_OF_USER, {"of": user_id, "rows": rows, "below": below})


async def of_company(
    session: ReadSession, company_id: int, rows: int, below: int
) -> Sequence[AnyRow]:
    """Up to `rows` posts in a company's name, the newest first."""
    return await session.rows(_OF_COMPANY, {"of": company_id, "rows": rows, "below": below})


async def comments(session: ReadSession, post_id: int, rows: int, below: int) -> Sequence[AnyRow]:
    """Up to `rows` comments on a post, the newest first."""
    return await session.rows(_COMMENTS, {"post_id": post_id, "rows": rows, "below": below})


async def trending(session: ReadSession, rows: int) -> Sequence[AnyRow]:
    """The posts of the last three days that are talked about most, the hottest first."""
    return await session.rows(_TRENDING, {"rows": rows})


async def promote(session: WriteSession, *, least: int, most: int) -> Sequence[int]:
    """Make popular up to `most` posts of the last day, talked about at least so much."""
    return (await session.execute(_PROMOTE, {"least": least, "most": most})).scalars().all()
