"""What can be reported, whose it is, and which of it can be hidden."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, literal_column, or_
from sqlalchemy.orm import InstrumentedAttribute

from reference_app.companies import service as companies
from reference_app.database import AnyRow
from reference_app.feed import pages
from reference_app.feed.models import Post, PostComment
from reference_app.jobs import listing
from reference_app.jobs.models import Job
from reference_app.jobs.schemas import JobQuery
from reference_app.messages.models import Conversation, Message
from reference_app.reviews.models import Review
from reference_app.reviews.service import COMPANY, WORKER
from reference_app.users.models import User

reporter = bindparam("reporter_id", type_=User.id.type)


class ThingKind(StrEnum):
    """What can be reported."""

    JOB = "job"
    POST = "post"
    COMMENT = "comment"
    REVIEW = "review"
    USER = "user"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Thing:
    """One kind of thing: its table, its author, its text, and whether a reporter sees it."""

    model: type[Job | Post | PostComment | Review | User | Message]
    author: InstrumentedAttribute[int]
    text: InstrumentedAttribute[str]
    seen: ColumnElement[bool]


_in_conversation = exists().where(
    Conversation.id == Message.conversation_id,
    or_(Conversation.low_user_id == reporter, Conversation.high_user_id == reporter),
)

THINGS: Mapping[ThingKind, Thing] = {
    ThingKind.JOB: Thing(
        Job,
        Job.employer_id,
        Job.title,
        and_(Job.status != literal_column("'draft'"), Job.hidden_at.is_(None)),
    ),
    ThingKind.POST: Thing(Post, Post.author_id, Post.body, Post.hidden_at.is_(None)),
    ThingKind.COMMENT: Thing(
        PostComment, PostComment.author_id, PostComment.body, PostComment.hidden_at.is_(None)
    ),
    ThingKind.REVIEW: Thing(Review, Review.author_id, Review.body, Review.hidden_at.is_(None)),
    ThingKind.USER: Thing(User, User.id, User.full_name, User.suspended_at.is_(None)),
    # Told to two people alone: only they know of it.
    ThingKind.MESSAGE: Thing(Message, Message.sender_id, Message.body, _in_conversation),
}


@dataclass(frozen=True, slots=True)
class Hideable:
    """A kind of thing that can be hidden from everyone.

    `columns` say which pages show it; `pages` are their names in the cache.
    """

    model: type[Job | Post | PostComment | Review]
    author: InstrumentedAttribute[int]
    columns: tuple[InstrumentedAttribute[Any], ...]
    pages: Callable[[AnyRow], tuple[str, ...]]


def _pages_of_job(row: AnyRow) -> tuple[str, ...]:
    return (
        listing.detail_cache_key(row.id),
        listing.company_cache_key(row.company_id),
        companies.cache_key(row.company_id),
        listing.list_cache_key(JobQuery()),
    )


def _pages_of_post(row: AnyRow) -> tuple[str, ...]:
    listed = (
        pages.user_posts_cache_key(row.author_id)
        if row.company_id is None
        else pages.company_posts_cache_key(row.company_id)
    )
    return (
        pages.post_cache_key(row.id),
        pages.comments_cache_key(row.id),
        pages.home_cache_key(row.author_id),
        pages.TRENDING_CACHE_KEY,
        listed,
    )


def _pages_of_comment(row: AnyRow) -> tuple[str, ...]:
    return (pages.comments_cache_key(row.post_id),)


def _pages_of_review(row: AnyRow) -> tuple[str, ...]:
    kind, subject = (WORKER, row.worker_id) if row.company_id is None else (COMPANY, row.company_id)
    return kind.page_cache_key(subject), kind.rating_cache_key(subject)


HIDEABLE: Mapping[ThingKind, Hideable] = {
    ThingKind.JOB: Hideable(Job, Job.employer_id, (Job.id, Job.company_id), _pages_of_job),
    ThingKind.POST: Hideable(
        Post, Post.author_id, (Post.id, Post.author_id, Post.company_id), _pages_of_post
    ),
    ThingKind.COMMENT: Hideable(
        PostComment,
        PostComment.author_id,
        (PostComment.id, PostComment.post_id),
        _pages_of_comment,
    ),
    ThingKind.REVIEW: Hideable(
        Review,
        Review.author_id,
        (Review.id, Review.company_id, Review.worker_id),
        _pages_of_review,
    ),
}
"""A person and a message to one cannot be: the first is suspended, the second has been told."""
