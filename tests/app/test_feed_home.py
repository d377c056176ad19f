"""The home feed: who is in it, how it pages, what is popular."""

import asyncio
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference_app.feed import popularity
from reference_app.feed.pages import home
from tests.app.conftest import RunApp
from tests.app.life import Person, Running, problem
from tests.app.rows import execute
from tests.app.statements import counted


async def post_id(person: Person, body: str = "Hello", **given: Any) -> int:
    return int((await person.post("/posts", expect=201, body=body, **given)).json()["id"])


async def feed(person: Person, query: str = "") -> list[int]:
    return [item["id"] for item in (await person.get(f"/feed{query}")).json()["items"]]


def make_posts(app: Running, author_id: int, many: int, **columns: str) -> list[int]:
    """The ids of posts past every quota; `columns` in SQL."""
    names = "".join(f", {name}" for name in columns)
    values = "".join(f", {value}" for value in columns.values())
    ids = execute(
        app,
        f"INSERT INTO posts (author_id, body{names}) SELECT %s, 'Post ' || n{values}"  # noqa: S608
        " FROM generate_series(1, %s) n RETURNING id",
        author_id,
        many,
    )
    execute(app, "INSERT INTO post_tallies (post_id) SELECT unnest(%s::bigint[])", ids)
    return ids


async def test_a_feed_holds_ones_own_and_those_of_people_and_companies_followed(
    app: Running,
) -> None:
    reader, friend, stranger, owner = (
        await app.person(),
        await app.person(),
        await app.person(),
        await app.employer(),
    )
    company = owner.company["id"]
    own = await post_id(reader)
    of_friend = await post_id(friend)
    await post_id(stranger)
    of_owner = await post_id(owner)
    of_company = await post_id(owner, company_id=company)
    assert await feed(reader) == [own]
    await reader.send("PUT", f"/users/{friend.id}/follow", expect=204)
    assert await feed(reader) == [of_friend, own]
    await reader.send("PUT", f"/companies/{company}/follow", expect=204)
    assert await feed(reader) == [of_company, of_friend, own]
    # Who is followed is not their company.
    await reader.send("DELETE", f"/companies/{company}/follow", expect=204)
    await reader.send("PUT", f"/users/{owner.id}/follow", expect=204)
    assert await feed(reader) == [of_owner, of_friend, own]
    await reader.send("DELETE", f"/users/{friend.id}/follow", expect=204)
    assert await feed(reader) == [of_owner, own]
    assert await feed(owner) == [of_company, of_owner]
    problem(await app.client.get("/feed"), 401, "not_signed_in")


async def test_a_post_that_comes_by_several_ways_is_there_once(app: Running) -> None:
    reader, owner = await app.person(), await app.employer()
    company = owner.company["id"]
    for path in (f"/users/{owner.id}/follow", f"/companies/{company}/follow"):
        await reader.send("PUT", path, expect=204)
        await owner.send("PUT", f"/companies/{company}/follow", expect=204)
    one, two = await post_id(owner), await post_id(owner, company_id=company)
    execute(app, "UPDATE posts SET popular_since = now()")
    assert await feed(reader) == [two, one]
    assert await feed(owner) == [two, one]


async def test_what_one_does_oneself_shows_at_once_in_a_cached_feed(app: Running) -> None:
    reader, friend = await app.person(), await app.person()
    await reader.send("PUT", f"/users/{friend.id}/follow", expect=204)
    of_friend = await post_id(friend)
    assert (await feed(reader), await feed(reader)) == ([of_friend], [of_friend])
    own = await post_id(reader)
    assert await feed(reader) == [own, of_friend]
    path = f"/posts/{of_friend}"

    async def seen() -> dict[str, Any]:
        items = (await reader.get("/feed")).json()["items"]
        return next(item for item in items if item["id"] == of_friend)

    assert not (await seen())["liked"]
    await reader.send("PUT", f"{path}/like", expect=200)
    assert ((await seen())["liked"], (await seen())["likes"]) == (True, 1)
    await reader.post(f"{path}/comments", body="Nice", expect=201)
    assert (await seen())["comments"] == 1
    await reader.send("DELETE", f"{path}/like", expect=200)
    assert ((await seen())["liked"], (await seen())["likes"]) == (False, 0)
    await reader.send("DELETE", f"/posts/{own}", expect=204)
    assert await feed(reader) == [of_friend]


async def test_a_feed_is_cached_for_its_reader_alone(run_app: RunApp) -> None:
    async with run_app(cache_ttl_feed=600) as app:
        reader, other, friend = [await app.person() for _ in range(3)]
        await reader.send("PUT", f"/users/{friend.id}/follow", expect=204)
        one = await post_id(friend)
        assert await feed(reader) == [one]
        with counted() as statements:
            answer = await reader.get("/feed")
        assert statements == []
        assert answer.headers["x-served-from"] == "l1"
        assert await feed(other) == []


async def test_a_cached_feed_runs_out(run_app: RunApp) -> None:
    async with run_app(cache_ttl_feed=1) as app:
        reader, friend = await app.person(), await app.person()
        await reader.send("PUT", f"/users/{friend.id}/follow", expect=204)
        one = await post_id(friend)
        assert await feed(reader) == [one]
        two = await post_id(friend)
        async with asyncio.timeout(60):
            while await feed(reader) != [two, one]:  # noqa: ASYNC110 - a cache tells nobody
                await asyncio.sleep(0.05)


async def test_a_feed_takes_one_statement_however_many_are_followed(app: Running) -> None:
    reader, *friends = [await app.person() for _ in range(15)]
    for friend in friends:
        await reader.send("PUT", f"/users/{friend.id}/follow", expect=204)
        make_posts(app, friend.id, 5)
    post = make_posts(app, reader.id, 1)[0]
    for path, items in (
        ("/feed", 20),
        ("/feed?limit=50", 50),
        ("/posts/trending", 0),
        (f"/users/{friends[0].id}/posts", 5),
        (f"/posts/{post}/comments", 0),
    ):
        with counted() as statements:
            answer = await reader.get(path)
        assert len(answer.json()["items"]) == items
        assert len(statements) == 1, statements
    with counted() as statements:
        await reader.get(f"/posts/{post}")
    assert len(statements) == 1, statements


@pytest.mark.parametrize("query", ["?limit=0", "?limit=101", "?limit=x", "?cursor=" + "x" * 65])
async def test_a_page_that_cannot_be_is_refused(app: Running, query: str) -> None:
    reader = await app.person()
    problem(await reader.get(f"/feed{query}", expect=None), 422, "invalid_request")


async def test_a_cursor_of_another_list_is_refused(app: Running) -> None:
    reader = await app.person()
    problem(await reader.get("/feed?cursor=AAAA", expect=None), 400, "bad_cursor")


# paging while others post


@pytest.fixture
def author_ids(app: Running) -> list[int]:
    """A reader, two people they follow, one who follows them, and a stranger."""
    people = execute(
        app,
        "INSERT INTO users (email, password_hash, role, full_name)"
        " SELECT n || '@example.com', 'x', 'seeker', 'Someone'"
        " FROM generate_series(1, 5) n RETURNING id",
    )
    reader, one, two, fan, _ = people
    for follower, followed in ((reader, one), (reader, two), (fan, reader)):
        execute(app, "INSERT INTO user_follows VALUES (%s, %s)", follower, followed)
    return people


event = st.one_of(
    st.tuples(st.just("post"), st.integers(0, 4)),
    st.tuples(st.just("popular"), st.integers(0, 30)),
    st.tuples(st.just("delete"), st.integers(0, 30)),
)


@given(
    before=st.lists(st.integers(0, 4), max_size=30),
    popular=st.sets(st.integers(0, 29)),
    limit=st.integers(1, 7),
    meanwhile=st.lists(st.lists(event, max_size=4), max_size=6),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_pages_neither_repeat_nor_skip_whatever_happens_meanwhile(
    app: Running,
    author_ids: list[int],
    before: list[int],
    popular: set[int],
    limit: int,
    meanwhile: list[list[tuple[str, int]]],
) -> None:
    reader = author_ids[0]
    url = app.board.settings.database_url.get_secret_value()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DELETE FROM posts")

        def post(author: int, since: str | None = None) -> int:
            row = connection.execute(
                "INSERT INTO posts (author_id, body, popular_since) VALUES (%s, 'x', %s)"
                " RETURNING id",
                (author_ids[author], since),
            ).fetchone()
            assert row is not None
            connection.execute("INSERT INTO post_tallies (post_id) VALUES (%s)", row)
            return int(row[0])

        posts = {
            post(author, "2026-01-01" if index in popular else None): author
            for index, author in enumerate(before)
        }
        there = list(posts)
        wanted = {
            id_
            for index, (id_, author) in enumerate(posts.items())
            if author in (0, 1, 2) or index in popular
        }
        found: list[int] = []
        cursor = None
        for happens in [*meanwhile, *[[] for _ in range(40)]]:
            page = await home(app.board.database.reading(), reader, limit, cursor)
            assert len(page.items) <= limit
            found += [item.id for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
            for what, which in happens:
                if what == "post":
                    post(which)
                elif what == "popular" and which < len(there):
                    connection.execute(
                        "UPDATE posts SET popular_since = now() WHERE id = %s", (there[which],)
                    )
                elif what == "delete" and which < len(there):
                    connection.execute("DELETE FROM posts WHERE id = %s", (there[which],))
                    wanted.discard(there[which])
    assert cursor is None
    assert found == sorted(set(found), reverse=True)
    assert wanted <= set(found)
    # What is found besides became popular meanwhile, or was deleted after it was shown.
    assert set(found) <= set(there)


# popular posts


async def talked_about(app: Running, post: int, likes: int, comments: int = 0) -> None:
    execute(
        app,
        "UPDATE post_tallies SET likes = %s, comments = %s WHERE post_id = %s",
        likes,
        comments,
        post,
    )


async def promoted(app: Running) -> list[int]:
    """What becomes popular when a turn is due."""
    return sorted(await popularity.promote(app.board.database))


async def test_the_few_most_talked_about_become_popular(app: Running) -> None:
    author, reader = await app.person(), await app.person()
    posts = make_posts(app, author.id, 9)
    for rank, post in enumerate(posts[:7]):
        await talked_about(app, post, likes=popularity.LEAST_TALK + rank)
    await talked_about(app, posts[7], likes=popularity.LEAST_TALK - 1)
    await talked_about(app, posts[8], likes=0, comments=50)
    old = make_posts(app, author.id, 1, created_at="now() - interval '25 hours'")[0]
    await talked_about(app, old, likes=1_000)
    assert await feed(reader, "?limit=50") == []
    assert await promoted(app) == [*posts[3:7], posts[8]]
    assert await feed(reader, "?limit=50") == [posts[8], *reversed(posts[3:7])]
    assert await promoted(app) == posts[:3]
    assert await promoted(app) == []
    # Once popular, always popular.
    await talked_about(app, posts[8], likes=0)
    assert posts[8] in await feed(reader, "?limit=50")


async def test_what_is_being_deleted_does_not_become_popular(app: Running) -> None:
    author = await app.person()
    going, staying = make_posts(app, author.id, 2)
    for post in (going, staying):
        await talked_about(app, post, likes=10)
    url = app.board.settings.database_url.get_secret_value()
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM posts WHERE id = %s", (going,))
        async with asyncio.timeout(60):
            assert await promoted(app) == [staying]


async def test_trending_puts_talk_first_and_lets_it_cool(app: Running) -> None:
    author = await app.person()
    quiet = make_posts(app, author.id, 2)
    fresh = make_posts(app, author.id, 1)[0]
    fallen = make_posts(app, author.id, 1, created_at="now() - interval '2 days'")[0]
    past = make_posts(app, author.id, 1, created_at="now() - interval '4 days'")[0]
    await talked_about(app, fresh, likes=3)
    await talked_about(app, fallen, likes=9)
    await talked_about(app, past, likes=1_000)
    await talked_about(app, quiet[0], likes=0, comments=1)
    answer = await app.client.get("/posts/trending")
    assert [item["id"] for item in answer.json()["items"]] == [fresh, quiet[0], fallen]
    # It is kept: what happens now shows minutes later.
    await talked_about(app, quiet[1], likes=500)
    assert (await app.client.get("/posts/trending")).content == answer.content


async def test_the_posts_of_a_person_and_of_a_company_are_listed_apart(app: Running) -> None:
    owner = await app.employer()
    company = owner.company["id"]

    async def listed(path: str) -> list[int]:
        return [item["id"] for item in (await app.client.get(path)).json()["items"]]

    assert await listed(f"/users/{owner.id}/posts") == []
    assert await listed(f"/companies/{company}/posts") == []
    own, theirs = await post_id(owner), await post_id(owner, company_id=company)
    later = await post_id(owner)
    assert await listed(f"/users/{owner.id}/posts") == [later, own]
    assert await listed(f"/companies/{company}/posts") == [theirs]
    first = (await app.client.get(f"/users/{owner.id}/posts?limit=1")).json()
    cursor = first["next_cursor"]
    assert await listed(f"/users/{owner.id}/posts?limit=1&cursor={cursor}") == [own]
    await owner.send("DELETE", f"/posts/{theirs}", expect=204)
    assert await listed(f"/companies/{company}/posts") == []
