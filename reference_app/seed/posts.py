"""Posts by people and companies, and what others make of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reference_app.seed.lines import DAY, NULL, generator, pick, slices, stamps
from reference_app.seed.people import People
from reference_app.seed.popularity import Ints, counts, distinct_partners, power_law
from reference_app.seed.society import fame
from reference_app.seed.vacancies import Jobs
from reference_app.seed.words import Scale, table

POST_COLUMNS = ("id", "author_id", "company_id", "job_id", "body", "popular_since", "created_at")
TALLY_COLUMNS = ("post_id", "likes", "comments")
LIKE_COLUMNS = ("post_id", "user_id", "created_at")
COMMENT_COLUMNS = ("id", "post_id", "author_id", "body", "created_at")

_OLDEST_DAYS = 60
_ABOUT_JOBS = 0.25
_MOST_SHARE = 0.05
"""No post is liked by more than this share of all people."""
_POPULAR_A_DAY = 20
_LEAST_TALK = 5


@dataclass(frozen=True, slots=True)
class Posts:
    """Posts in the order they were made; post id = position + 1.

    `author`, `job` and `company` are positions, -1 for none; times are in
    seconds since 1970, `popular` -1 for posts that never were.
    """

    author: Ints
    company: Ints
    job: Ints
    created: Ints
    popular: Ints
    likes: Ints
    comments: Ints
    seed: int


@dataclass(frozen=True, slots=True)
class Reactions:
    """Likes or comments: of which `post`, by which `person`, in the order of `created`."""

    post: Ints
    person: Ints
    created: Ints
    seed: int


def plan_posts(scale: Scale, people: People, jobs: Jobs, day: int) -> Posts:
    """Posts of the last weeks, by the well known most; a quarter by companies about their jobs."""
    rng = generator(people.seed, "posts")
    total = scale.posts
    job = np.full(total, -1, dtype=np.int64)
    about = np.flatnonzero(rng.random(total) < _ABOUT_JOBS)
    published = np.flatnonzero(jobs.published > 0)
    job[about] = published[pick(rng, len(published), len(about))]
    author = rng.choice(len(people.created), total, p=fame(people))
    author[about] = jobs.employer[job[about]]
    company = np.where(job >= 0, jobs.company[job], -1)
    begins = np.maximum(people.created[author], day - _OLDEST_DAYS * DAY)
    begins = np.where(job >= 0, np.maximum(begins, jobs.published[job]), begins)
    created = begins + (rng.random(total) * (day - begins)).astype(np.int64)
    order = np.argsort(created, kind="stable")
    created = created[order]
    appeal = power_law(total, exponent=0.9, shift=10)[rng.permutation(total)]
    most = np.full(total, int(len(people.created) * _MOST_SHARE))
    likes = counts(rng, scale.likes, appeal, most)
    comments = rng.multinomial(scale.comments, appeal)
    return Posts(
        author=author[order],
        company=company[order],
        job=job[order],
        created=created,
        popular=_popular(created, likes + 2 * comments, day),
        likes=likes,
        comments=comments,
        seed=people.seed,
    )


def plan_likes(posts: Posts, people: People, day: int) -> Reactions:
    """Who likes which post; nobody likes one twice."""
    rng = generator(posts.seed, "likes")
    post = np.repeat(np.arange(len(posts.likes)), posts.likes)
    everyone = len(people.created)
    person = distinct_partners(
        rng, post, np.full(len(post), everyone), np.arange(1.0, everyone + 1)
    )
    return _reactions(rng, posts, people, post, person, day)


def plan_comments(posts: Posts, people: People, day: int) -> Reactions:
    """Who comments on which post."""
    rng = generator(posts.seed, "comments")
    post = np.repeat(np.arange(len(posts.comments)), posts.comments)
    return _reactions(rng, posts, people, post, pick(rng, len(people.created), len(post)), day)


def post_rows(posts: Posts) -> Iterator[str]:
    """The posts' lines for COPY."""
    rng = generator(posts.seed, "post texts")
    words = table("posts")
    told, hiring = words["told"], words["hiring"]
    for part in slices(len(posts.created)):
        columns = zip(
            range(part.start + 1, part.stop + 1),
            (posts.author[part] + 1).tolist(),
            (posts.company[part] + 1).tolist(),
            (posts.job[part] + 1).tolist(),
            rng.random(part.stop - part.start).tolist(),
            stamps(posts.popular[part]),
            stamps(posts.created[part]),
            strict=True,
        )
        for n, author, company, job, draw, popular, since in columns:
            texts = hiring if job else told
            body = texts[int(draw * len(texts))]
            yield (f"{n}\t{author}\t{company or NULL}\t{job or NULL}\t{body}\t{popular}\t{since}\n")


def tally_rows(posts: Posts) -> Iterator[str]:
    """The tallies' lines for COPY."""
    columns = zip(posts.likes.tolist(), posts.comments.tolist(), strict=True)
    for n, (likes, comments) in enumerate(columns, start=1):
        yield f"{n}\t{likes}\t{comments}\n"


def like_rows(likes: Reactions) -> Iterator[str]:
    """The likes' lines for COPY."""
    for part in slices(len(likes.created)):
        columns = zip(
            (likes.post[part] + 1).tolist(),
            (likes.person[part] + 1).tolist(),
            stamps(likes.created[part]),
            strict=True,
        )
        for post, person, since in columns:
            yield f"{post}\t{person}\t{since}\n"


def comment_rows(comments: Reactions) -> Iterator[str]:
    """The comments' lines for COPY, numbered as they came."""
    rng = generator(comments.seed, "comment texts")
    said = table("posts")["said"]
    for part in slices(len(comments.created)):
        columns = zip(
            range(part.start + 1, part.stop + 1),
            (comments.post[part] + 1).tolist(),
            (comments.person[part] + 1).tolist(),
            pick(rng, len(said), part.stop - part.start).tolist(),
            stamps(comments.created[part]),
            strict=True,
        )
        for n, post, person, words, since in columns:
            yield f"{n}\t{post}\t{person}\t{said[words]}\t{since}\n"


def _reactions(
    rng: np.random.Generator, posts: Posts, people: People, post: Ints, person: Ints, day: int
) -> Reactions:
    begins = np.maximum(posts.created[post], people.created[person])
    created = begins + (rng.random(len(post)) ** 3 * (day - begins)).astype(np.int64)
    order = np.argsort(created, kind="stable")
    return Reactions(post[order], person[order], created[order], posts.seed)


def _popular(created: Ints, talk: Ints, day: int) -> Ints:
    """When each became popular: of each day the posts most talked about, a day later."""
    made_on = created // DAY
    order = np.lexsort((-talk, made_on))
    first_of_day = np.searchsorted(made_on[order], made_on[order])
    rank = np.empty(len(created), dtype=np.int64)
    rank[order] = np.arange(len(created)) - first_of_day
    popular = (rank < _POPULAR_A_DAY) & (talk >= _LEAST_TALK)
    return np.where(popular, np.minimum(created + DAY, day - 1), -1)
