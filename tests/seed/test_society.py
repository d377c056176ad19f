"""Who follows, connects, posts and likes in the seeded data."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from reference_app.seed.companies import plan_companies
from reference_app.seed.people import plan_people
from reference_app.seed.posts import plan_comments, plan_likes, plan_posts
from reference_app.seed.society import plan_company_follows, plan_connections, plan_user_follows
from reference_app.seed.vacancies import plan_jobs
from reference_app.seed.words import scale
from tests.seed.conftest import SeedDatabase

_NOW = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())


@pytest.fixture(scope="module")
def planned() -> dict[str, Any]:
    size = scale("small")
    people = plan_people(size, 5, _NOW)
    companies = plan_companies(size, people, _NOW)
    jobs = plan_jobs(size, companies, _NOW)
    posts = plan_posts(size, people, jobs, _NOW)
    return {
        "people": people,
        "companies": companies,
        "jobs": jobs,
        "posts": posts,
        "likes": plan_likes(posts, people, _NOW),
        "comments": plan_comments(posts, people, _NOW),
        "follows": plan_user_follows(size, people, _NOW),
        "company_follows": plan_company_follows(size, people, companies, _NOW),
        "connections": plan_connections(size, people, _NOW),
    }


def test_nothing_comes_before_what_it_is_about_or_after_the_day(planned: dict[str, Any]) -> None:
    joined, posts = planned["people"].created, planned["posts"]
    for name in ("likes", "comments"):
        each = planned[name]
        assert (each.created >= posts.created[each.post]).all()
        assert (each.created >= joined[each.person]).all()
        assert each.created.max() < _NOW
    follows = planned["follows"]
    assert (follows.created >= joined[follows.followed]).all()
    assert (follows.created >= joined[follows.follower]).all()
    connections = planned["connections"]
    assert (connections.created >= joined[connections.low]).all()
    decided = connections.decided >= 0
    assert (connections.decided >= connections.created)[decided].all()
    assert posts.popular.max() < _NOW
    assert (np.diff(posts.created) >= 0).all()


def test_posts_about_jobs_are_those_of_their_employers(planned: dict[str, Any]) -> None:
    posts, jobs = planned["posts"], planned["jobs"]
    about = posts.job >= 0
    assert 0.15 < about.mean() < 0.35
    assert (posts.author[about] == jobs.employer[posts.job[about]]).all()
    assert (posts.company[about] == jobs.company[posts.job[about]]).all()
    assert (posts.company[~about] == -1).all()
    assert (posts.created[about] >= jobs.published[posts.job[about]]).all()


def test_likes_and_comments_are_as_many_as_the_tallies_say(planned: dict[str, Any]) -> None:
    posts = planned["posts"]
    total = len(posts.created)
    assert (np.bincount(planned["likes"].post, minlength=total) == posts.likes).all()
    assert (np.bincount(planned["comments"].post, minlength=total) == posts.comments).all()


def test_a_few_are_followed_by_many(planned: dict[str, Any]) -> None:
    followers = np.sort(np.bincount(planned["follows"].followed))[::-1]
    hundredth = len(planned["people"].created) // 100
    assert 0.1 < followers[:hundredth].sum() / followers.sum() < 0.6


def test_popular_posts_are_few_and_talked_about(planned: dict[str, Any]) -> None:
    posts = planned["posts"]
    popular = posts.popular >= 0
    assert popular.any()
    assert ((posts.likes + 2 * posts.comments)[popular] >= 5).all()
    assert np.bincount(posts.created[popular] // 86_400).max() <= 20


def test_the_database_takes_them_and_its_rules_hold(empty: SeedDatabase) -> None:
    rows = empty.load()["rows"]
    assert rows["posts"] == 400
    assert not empty.value("SELECT count(*) FROM user_follows WHERE follower_id = user_id")
    assert not empty.value(
        "SELECT count(*) FROM post_tallies t WHERE likes <>"
        " (SELECT count(*) FROM post_likes l WHERE l.post_id = t.post_id) OR comments <>"
        " (SELECT count(*) FROM post_comments c WHERE c.post_id = t.post_id)"
    )
    available = empty.value("SELECT count(*) FROM users WHERE available_since IS NOT NULL")
    assert 100 < available < 400
    assert not empty.value(
        "SELECT count(*) FROM users WHERE available_since IS NOT NULL AND role <> 'seeker'"
    )
    assert empty.value("SELECT max(cardinality(skills)) FROM users") == 2
    # The next ones come after the seeded ones.
    for table in ("posts", "post_comments", "connections"):
        last = empty.value(f"SELECT max(id) FROM {table}")  # noqa: S608
        next_one = empty.value(f"SELECT nextval(pg_get_serial_sequence('{table}', 'id'))")
        assert next_one == last + 1
    # What goes is taken off the tallies here as anywhere.
    empty.do("DELETE FROM users WHERE id % 3 = 0")
    assert not empty.value(
        "SELECT count(*) FROM post_tallies t WHERE likes <>"
        " (SELECT count(*) FROM post_likes l WHERE l.post_id = t.post_id)"
    )
