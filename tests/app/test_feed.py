"""Posting, liking, commenting."""

import asyncio
from typing import Any

import httpx2
import psycopg
import pytest

from reference_app.subscriptions.tiers import Tier
from tests.app.life import Person, Running, problem, until
from tests.app.rows import execute
from tests.app.statements import counted


async def posted(person: Person, body: str = "Hello islands", **given: Any) -> dict[str, Any]:
    post: dict[str, Any] = (await person.post("/posts", expect=201, body=body, **given)).json()
    return post


async def shown(app: Running, post: dict[str, Any]) -> dict[str, Any]:
    answer = await app.client.get(f"/posts/{post['id']}")
    assert answer.status_code == 200, answer.text
    now: dict[str, Any] = answer.json()
    return now


def codes(answers: list[httpx2.Response]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


async def kinds(person: Person) -> list[tuple[str, dict[str, int]]]:
    items = (await person.get("/notifications")).json()["items"]
    return [(item["kind"], item["data"]) for item in items]


# posting


async def test_a_post_shows_who_said_what_about_which_job(app: Running) -> None:
    owner, reader = await app.employer(), await app.person()
    job = await owner.job()
    post = await posted(owner, "  We hire! ", job_id=job["id"], company_id=owner.company["id"])
    assert post["body"] == "We hire!"
    named = {"id": owner.id, "full_name": owner.user["full_name"]}
    assert post["author"] == {**named, "headline": "", "avatar_id": None}
    assert post["company"] == {"id": owner.company["id"], "name": "Conch Ltd"}
    assert post["job"] == {"id": job["id"], "title": "Experienced plumber"}
    assert (post["likes"], post["comments"]) == (0, 0)
    assert await shown(app, post) == post
    plain = await posted(reader)
    assert (plain["company"], plain["job"]) == (None, None)


async def test_looking_for_a_post_too_early_does_not_hide_it_later(app: Running) -> None:
    person = await app.person()
    first = await posted(person)
    problem(await app.client.get(f"/posts/{first['id'] + 1}"), 404, "post_not_found")
    second = await posted(person)
    assert second["id"] == first["id"] + 1
    assert await shown(app, second) == second


@pytest.mark.parametrize(
    "wrong",
    [
        {"body": " "},
        {"body": "x" * 2_001},
        {"body": "a\x00b"},
        {},
        {"body": "x", "key": "short"},
        {"body": "x", "likes": 7},
    ],
)
async def test_a_post_that_makes_no_sense_is_refused(app: Running, wrong: dict[str, Any]) -> None:
    person = await app.person()
    problem(await person.send("POST", "/posts", wrong), 422, "invalid_request")


async def test_two_thousand_characters_may_be_said_in_any_script(app: Running) -> None:
    person = await app.person()
    assert len((await posted(person, "🐚" * 2_000))["body"]) == 2_000


async def test_nobody_posts_for_others_or_about_what_nobody_sees(app: Running) -> None:
    owner, other, person = await app.employer(), await app.employer(), await app.person()
    draft = await owner.job(published=False)
    company = owner.company["id"]
    problem(await other.post("/posts", body="x", company_id=company), 403, "not_your_company")
    problem(await person.post("/posts", body="x", company_id=999), 404, "company_not_found")
    problem(await owner.post("/posts", body="x", job_id=draft["id"]), 404, "job_not_found")
    problem(await person.post("/posts", body="x", job_id=999), 404, "job_not_found")
    problem(await app.client.post("/posts", json={"body": "x"}), 401, "not_signed_in")
    # Nothing of it was posted, or taken from the month's posts.
    assert execute(app, "SELECT count(*) FROM posts") == [0]
    for _ in range(5):
        await posted(person)


async def test_however_many_post_at_once_free_has_five_a_month(app: Running) -> None:
    person = await app.person()
    answers = await asyncio.gather(*(person.post("/posts", body=f"Post {n}") for n in range(100)))
    assert codes(answers) == [*[201] * 5, *[403] * 95]
    refused = next(answer for answer in answers if answer.status_code == 403)
    told = problem(refused, 403, "quota_exceeded")
    assert (told["feature"], told["limit"], told["used"]) == ("posts", 5, 5)
    assert (told["tier"], told["upgrade_tier"]) == ("free", "pro")
    assert execute(app, "SELECT count(*) FROM posts") == [5]
    assert execute(app, "SELECT count(*) FROM post_tallies") == [5]
    await app.give(person, Tier.PRO)
    await posted(person)


async def test_with_a_key_a_post_is_there_once_and_costs_once(app: Running) -> None:
    person, other = await app.person(), await app.person()
    answers = await asyncio.gather(
        *(person.post("/posts", body="Once", key="key-00001") for _ in range(12))
    )
    assert codes(answers) == [201] * 12
    assert len({answer.text for answer in answers}) == 1
    problem(await person.post("/posts", body="Twice", key="key-00001"), 409, "key_reused")
    for number in range(4):
        await posted(person, f"More {number}", key=f"key-1000{number}")
    problem(await person.post("/posts", body="Sixth"), 403, "quota_exceeded")
    # Another may use the same key.
    await posted(other, "Mine", key="key-00001")
    assert execute(app, "SELECT count(*) FROM posts") == [6]


async def test_a_post_is_deleted_by_its_author_alone(app: Running) -> None:
    person, other = await app.person(), await app.person()
    post = await posted(person)
    path = f"/posts/{post['id']}"
    await other.send("PUT", f"{path}/like", expect=200)
    await other.post(f"{path}/comments", body="Nice", expect=201)
    await shown(app, post)
    problem(await other.send("DELETE", path), 403, "not_your_post")
    answers = await asyncio.gather(*(person.send("DELETE", path) for _ in range(3)))
    assert codes(answers) == [204] * 3
    problem(await app.client.get(path), 404, "post_not_found")
    problem(await other.send("PUT", f"{path}/like"), 404, "post_not_found")
    problem(await other.send("DELETE", f"{path}/like"), 404, "post_not_found")
    problem(await other.post(f"{path}/comments", body="Late"), 404, "post_not_found")
    for table in ("posts", "post_tallies", "post_likes", "post_comments"):
        assert execute(app, f"SELECT count(*) FROM {table}") == [0]  # noqa: S608
    assert (await app.client.get(f"{path}/comments")).json()["items"] == []


async def test_a_post_outlives_its_job(app: Running) -> None:
    owner = await app.employer()
    job = await owner.job()
    post = await posted(owner, job_id=job["id"])
    execute(app, "DELETE FROM jobs")
    execute(app, "UPDATE posts SET body = 'Hello again'")
    other = await app.person()
    await other.send("PUT", f"/posts/{post['id']}/like", expect=200)
    assert (await shown(app, post))["job"] is None


# liking


async def test_a_like_counts_once_however_often_the_button_is_pressed(app: Running) -> None:
    author, fan = await app.person(), await app.person()
    post = await posted(author)
    path = f"/posts/{post['id']}/like"
    assert (await shown(app, post))["likes"] == 0
    answers = await asyncio.gather(*(fan.send("PUT", path) for _ in range(10)))
    assert {answer.text for answer in answers} == {'{"liked":true,"likes":1}'}
    assert (await shown(app, post))["likes"] == 1
    answers = await asyncio.gather(*(fan.send("DELETE", path) for _ in range(10)))
    assert {answer.text for answer in answers} == {'{"liked":false,"likes":0}'}
    assert (await shown(app, post))["likes"] == 0


async def test_the_likes_of_many_at_once_are_counted_exactly(app: Running) -> None:
    author = await app.person()
    post = await posted(author)
    path = f"/posts/{post['id']}/like"
    fans = [await app.person() for _ in range(15)]
    clicks = [fan.send("PUT", path) for fan in fans for _ in range(4)]
    clicks += [fan.send("DELETE", path) for fan in fans[:5] for _ in range(4)]
    await asyncio.gather(*clicks)
    held = execute(app, "SELECT count(*) FROM post_likes")
    assert 10 <= held[0] <= 15
    assert execute(app, "SELECT likes FROM post_tallies") == held
    assert [(await shown(app, post))["likes"]] == held
    await asyncio.gather(*(fan.send("DELETE", path) for fan in fans))
    assert (await shown(app, post))["likes"] == 0


async def test_deleting_a_post_under_the_likes_of_many_breaks_nothing(app: Running) -> None:
    author, *fans = [await app.person() for _ in range(9)]
    for _ in range(4):
        post = await posted(author)
        path = f"/posts/{post['id']}"
        answers = await asyncio.gather(
            *(fan.send("PUT", f"{path}/like") for fan in fans),
            *(fan.send("DELETE", f"{path}/like") for fan in fans),
            *(fan.post(f"{path}/comments", body="Hm") for fan in fans),
            author.send("DELETE", path),
        )
        assert set(codes(answers)) <= {200, 201, 204, 404}
    assert execute(app, "SELECT count(*) FROM post_likes") == [0]


@pytest.mark.parametrize(
    ("method", "what", "body"),
    [("PUT", "like", None), ("DELETE", "like", None), ("POST", "comments", {"body": "Late"})],
)
async def test_what_meets_the_deletion_of_its_post_finds_no_post(
    app: Running, method: str, what: str, body: Any
) -> None:
    author, fan = await app.person(), await app.person()
    post = await posted(author)
    url = app.board.settings.database_url.get_secret_value()
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM posts WHERE id = %s", (post["id"],))
        late = asyncio.create_task(fan.send(method, f"/posts/{post['id']}/{what}", body))
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        await until(lambda: execute(app, waiting) == [1], what="the request waits for the post")
    problem(await late, 404, "post_not_found")


async def test_the_likes_and_comments_of_who_leaves_the_board_go_with_them(app: Running) -> None:
    author, fan, other = [await app.person() for _ in range(3)]
    first, second = await posted(author), await posted(author)
    for post in (first, second):
        await fan.send("PUT", f"/posts/{post['id']}/like", expect=200)
        for _ in range(2):
            await fan.post(f"/posts/{post['id']}/comments", body="Bye", expect=201)
        await other.post(f"/posts/{post['id']}/comments", body="Hi", expect=201)
    execute(app, "DELETE FROM users WHERE id = %s", fan.id)
    assert execute(app, "SELECT likes FROM post_tallies") == [0, 0]
    assert execute(app, "SELECT comments FROM post_tallies") == [1, 1]


async def test_an_author_is_told_once_of_many_likes_until_they_look(app: Running) -> None:
    author, *fans = [await app.person() for _ in range(4)]
    post = await posted(author)
    path = f"/posts/{post['id']}"
    await author.send("PUT", f"{path}/like", expect=200)
    await author.post(f"{path}/comments", body="Me first", expect=201)
    assert await kinds(author) == []
    for fan in fans:
        await fan.send("PUT", f"{path}/like", expect=200)
    await fans[0].post(f"{path}/comments", body="Nice", expect=201)
    await fans[1].post(f"{path}/comments", body="Very", expect=201)
    data = {"post_id": post["id"], "user_id": fans[0].id}
    assert await kinds(author) == [("post_commented", data), ("post_liked", data)]


# commenting


async def test_comments_are_shown_at_once_the_newest_first(app: Running) -> None:
    author, other = await app.person(), await app.person()
    post = await posted(author)
    path = f"/posts/{post['id']}/comments"
    assert (await app.client.get(path)).json() == {"items": [], "next_cursor": None}
    first = (await other.post(path, body=" Nice! ", expect=201)).json()
    assert (first["body"], first["author"]["id"]) == ("Nice!", other.id)
    second = (await author.post(path, body="Thanks", expect=201)).json()
    assert (await app.client.get(path)).json()["items"] == [second, first]
    assert (await shown(app, post))["comments"] == 2


async def test_with_a_key_a_comment_is_there_once(app: Running) -> None:
    author, other = await app.person(), await app.person()
    post, another = await posted(author), await posted(author)
    path = f"/posts/{post['id']}/comments"
    answers = await asyncio.gather(
        *(other.post(path, body="Once", key="key-00001") for _ in range(8))
    )
    assert codes(answers) == [201] * 8
    assert len({answer.text for answer in answers}) == 1
    assert (await shown(app, post))["comments"] == 1
    problem(await other.post(path, body="Twice", key="key-00001"), 409, "key_reused")
    elsewhere = f"/posts/{another['id']}/comments"
    problem(await other.post(elsewhere, body="Once", key="key-00001"), 409, "key_reused")
    assert (await shown(app, another))["comments"] == 0


async def test_comments_are_deleted_by_their_author_or_the_posts(app: Running) -> None:
    author, other, stranger = [await app.person() for _ in range(3)]
    post, another = await posted(author), await posted(stranger)
    path = f"/posts/{post['id']}/comments"
    one = (await other.post(path, body="One", expect=201)).json()
    two = (await other.post(path, body="Two", expect=201)).json()
    assert len((await app.client.get(path)).json()["items"]) == 2
    problem(await stranger.send("DELETE", f"{path}/{one['id']}"), 403, "not_your_comment")
    # Not by way of another post either, even one's own.
    await stranger.send("DELETE", f"/posts/{another['id']}/comments/{one['id']}", expect=204)
    assert (await shown(app, post))["comments"] == 2
    answers = await asyncio.gather(*(other.send("DELETE", f"{path}/{one['id']}") for _ in range(4)))
    assert codes(answers) == [204] * 4
    assert (await shown(app, post))["comments"] == 1
    await author.send("DELETE", f"{path}/{two['id']}", expect=204)
    assert (await shown(app, post))["comments"] == 0
    assert (await app.client.get(path)).json()["items"] == []


@pytest.mark.parametrize("wrong", [{"body": ""}, {"body": "x" * 2_001}, {}])
async def test_a_comment_that_makes_no_sense_is_refused(
    app: Running, wrong: dict[str, Any]
) -> None:
    person = await app.person()
    post = await posted(person)
    answer = await person.send("POST", f"/posts/{post['id']}/comments", wrong)
    problem(answer, 422, "invalid_request")


async def test_comments_come_in_pages(app: Running) -> None:
    author = await app.person()
    post = await posted(author)
    path = f"/posts/{post['id']}/comments"
    for number in range(7):
        await author.post(path, body=f"Comment {number}", expect=201)
    first = (await app.client.get(f"{path}?limit=4")).json()
    await author.post(path, body="Meanwhile", expect=201)
    second = (await app.client.get(f"{path}?limit=4&cursor={first['next_cursor']}")).json()
    bodies = [item["body"] for item in (*first["items"], *second["items"])]
    assert bodies == [f"Comment {number}" for number in range(6, -1, -1)]
    assert second["next_cursor"] is None
    problem(await app.client.get(f"{path}?cursor=AAAA"), 400, "bad_cursor")


# what it costs


async def test_what_is_written_takes_the_same_few_statements(app: Running) -> None:
    author, fan = await app.person(), await app.person()
    post = await posted(author)
    path = f"/posts/{post['id']}"
    # The tier, the post, its quota and tally, and what is shown of it.
    with counted() as statements:
        await posted(author)
    assert len(statements) <= 5, statements
    # The post held, the like, its count, and the notification's three.
    with counted() as statements:
        await fan.send("PUT", f"{path}/like", expect=200)
    assert len(statements) <= 6, statements
    with counted() as statements:
        await fan.post(f"{path}/comments", body="Nice", expect=201)
    assert len(statements) <= 7, statements
