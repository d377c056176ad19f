"""Reports, suspension and hiding."""

import asyncio
from collections import Counter

import pytest

from tests.app.admins import administrator
from tests.app.life import PASSWORD, Running, problem
from tests.app.moderated import BECAUSE, World
from tests.app.rows import execute


@pytest.fixture
async def world(app: Running) -> World:
    return await World(app).make()


ALL = {"job": True, "post": True, "comment": True, "review": True, "user": True}


@pytest.mark.parametrize("kind", ["job", "post", "comment", "review", "user", "message"])
async def test_a_thing_is_reported_once_by_each_however_often_one_clicks(
    world: World, kind: str
) -> None:
    answers = await asyncio.gather(
        *(world.report(world.other, kind, note=f"click {n}") for n in range(8))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 8}
    assert len({answer.text for answer in answers}) == 1
    assert execute(world.app, "SELECT count(*) FROM reports") == [1]
    # Somebody else reports it for themselves, where they can see it at all.
    stranger = await world.app.person()
    answer = await world.report(stranger, kind, reason="fraud")
    if kind == "message":
        problem(answer, 404, "thing_not_found")
    else:
        assert answer.status_code == 201, answer.text
    listed = (await world.admin.get("/admin/moderation")).json()["items"]
    many = 1 if kind == "message" else 2
    assert [(item["kind"], item["thing_id"], item["reports"]) for item in listed] == [
        (kind, world.things[kind], many)
    ]
    assert listed[0]["author"]["id"] == world.author.id
    assert sorted(listed[0]["reasons"]) == sorted({"spam", "fraud"} if many == 2 else {"spam"})
    details = (await world.admin.get(f"/admin/moderation/{kind}/{world.things[kind]}")).json()
    assert [each["reporter"]["id"] for each in details["items"]][-1] == world.other.id


async def test_what_one_does_not_see_or_made_oneself_is_not_reported(world: World) -> None:
    for kind in world.things:
        problem(await world.report(world.other, kind, thing_id=999_999), 404, "thing_not_found")
        problem(await world.report(world.author, kind), 400, "own_thing")
    draft = await world.author.job(published=False)
    problem(await world.report(world.other, "job", thing_id=draft["id"]), 404, "thing_not_found")
    for wrong in ({"reason": "dull"}, {"thing_id": 0}, {"note": "x" * 5_001}, {"more": 1}):
        problem(await world.report(world.other, "job", **wrong), 422, "invalid_request")
    assert execute(world.app, "SELECT count(*) FROM reports") == [0]


@pytest.mark.parametrize("kind", ["job", "post", "comment", "review"])
async def test_what_is_hidden_vanishes_at_once_and_comes_back(world: World, kind: str) -> None:
    assert await world.shown() == ALL
    await world.report(world.other, kind)
    answer = await world.resolve(kind, "hide")
    assert (answer.status_code, answer.json()["reports"]) == (200, 1)
    # With a post go the comments on it.
    gone = {kind, "comment"} if kind == "post" else {kind}
    assert await world.shown() == {name: name not in gone for name in ALL}
    problem(await world.report(await world.app.person(), kind), 404, "thing_not_found")
    assert (await world.admin.get("/admin/moderation")).json()["items"] == []
    problem(await world.resolve(kind, "hide"), 409, "nothing_to_resolve")
    path = f"/admin/moderation/{kind}/{world.things[kind]}/restore"
    for _ in range(2):
        await world.admin.post(path, expect=200, **BECAUSE)
    assert await world.shown() == ALL


async def test_a_hidden_thing_takes_nothing_more(world: World) -> None:
    stranger = await world.app.person()
    job, post = world.things["job"], world.things["post"]
    for kind in ("job", "post"):
        await world.report(world.other, kind)
        assert (await world.resolve(kind, "hide")).status_code == 200
    answer = await stranger.post(f"/jobs/{job}/applications", cover_letter="Me")
    problem(answer, 404, "job_not_found")
    problem(await stranger.send("PUT", f"/jobs/{job}/save"), 404, "job_not_found")
    problem(await stranger.post("/posts", body="Look", job_id=job), 404, "job_not_found")
    problem(await stranger.send("PUT", f"/posts/{post}/like"), 404, "post_not_found")
    problem(await stranger.post(f"/posts/{post}/comments", body="Oh"), 404, "post_not_found")
    # Their own they still have: the job in their list, and both can be deleted or closed.
    assert job in [item["id"] for item in (await world.author.get("/jobs/mine")).json()["items"]]
    await world.author.send("DELETE", f"/posts/{post}", expect=204)


async def test_a_post_sent_again_with_its_key_is_found_though_hidden(world: World) -> None:
    sent = {"body": "Once", "key": "post-key-0001"}
    first = (await world.author.post("/posts", expect=201, **sent)).json()
    world.things["post"] = first["id"]
    await world.report(world.other, "post")
    await world.resolve("post", "hide")
    assert (await world.author.post("/posts", expect=201, **sent)).json()["id"] == first["id"]
    problem(await world.app.client.get(f"/posts/{first['id']}"), 404, "post_not_found")


async def test_of_two_who_resolve_at_once_one_does(world: World) -> None:
    second = await administrator(world.app)
    await world.report(world.other, "post")
    path = f"/admin/moderation/post/{world.things['post']}/resolve"
    answers = await asyncio.gather(
        *(each.post(path, resolution="dismiss", **BECAUSE) for each in (world.admin, second))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert await world.shown() == ALL
    problem(await world.resolve("message", "hide"), 400, "cannot_be_hidden")
    problem(await world.resolve("user", "hide"), 400, "cannot_be_hidden")


async def test_who_is_suspended_is_signed_out_and_all_of_theirs_is_hidden(world: World) -> None:
    app, author, admin = world.app, world.author, world.admin
    # One thing was hidden before: that it stays.
    await world.report(world.other, "review")
    await world.resolve("review", "hide")
    path = f"/admin/users/{author.id}"
    first = (await admin.post(f"{path}/suspend", expect=200, **BECAUSE)).json()
    assert first["suspended_at"] is not None
    assert (await admin.post(f"{path}/suspend", expect=200, **BECAUSE)).json() == first
    refused = await app.client.post("/auth/refresh", json={"refresh_token": author.refresh_token})
    assert refused.status_code in (401, 403), refused.text
    assert execute(
        app, "SELECT count(*) FROM auth_sessions WHERE user_id = %s AND ended_at IS NULL", author.id
    ) == [0]
    assert await world.shown() == dict.fromkeys(ALL, False)
    seen = (await admin.get(path)).json()
    assert (seen["suspended_at"], seen["sessions"]) == (first["suspended_at"], 0)
    restore = f"/admin/moderation/post/{world.things['post']}/restore"
    problem(await admin.post(restore, **BECAUSE), 409, "author_suspended")
    for _ in range(2):
        back = (await admin.post(f"{path}/reinstate", expect=200, **BECAUSE)).json()
        assert back["suspended_at"] is None
    assert await world.shown() == {**ALL, "review": False}
    again = {"email": author.user["email"], "password": PASSWORD}
    assert (await app.client.post("/auth/login", json=again)).status_code == 200
    trail = (await admin.get(f"/admin/audit?subject_kind=user&subject={author.id}")).json()["items"]
    ours = [each for each in trail if each["admin_id"] == admin.id]
    assert [each["action"] for each in ours[:2]] == ["user.reinstate", "user.suspend"]
    assert ours[1]["after"]["hidden"] == {"job": 1, "post": 1, "comment": 1, "review": 0}
    assert ours[0]["after"]["shown"] == {"job": 1, "post": 1, "comment": 1, "review": 0}


async def test_suspending_for_a_thing_keeps_it_hidden_when_they_come_back(world: World) -> None:
    await world.report(world.other, "job")
    assert (await world.resolve("job", "suspend")).status_code == 200
    assert await world.shown() == dict.fromkeys(ALL, False)
    path = f"/admin/users/{world.author.id}/reinstate"
    await world.admin.post(path, expect=200, **BECAUSE)
    assert await world.shown() == {**ALL, "job": False}


async def test_what_is_hidden_while_its_author_is_suspended_stays_so(world: World) -> None:
    await world.report(world.other, "post")
    path = f"/admin/users/{world.author.id}"
    await world.admin.post(f"{path}/suspend", expect=200, **BECAUSE)
    assert (await world.resolve("post", "hide")).status_code == 200
    await world.admin.post(f"{path}/reinstate", expect=200, **BECAUSE)
    assert await world.shown() == {**ALL, "post": False, "comment": False}


async def test_whose_thing_is_hidden_is_told_so(world: World) -> None:
    await world.report(world.other, "review")
    await world.resolve("review", "hide")
    told = (await world.author.get("/notifications")).json()["items"][0]
    assert (told["kind"], told["data"]) == (
        "content_hidden",
        {"kind": "review", "thing_id": world.things["review"]},
    )


async def test_sockets_of_the_suspended_are_told_to_end(world: World) -> None:
    told: list[tuple[int, str]] = []
    announcer = world.app.board.switchboard.announcer
    before = announcer.tell
    world.app.board.database._tell = lambda news: (told.extend(news), before(news))[1]
    await world.admin.post(f"/admin/users/{world.author.id}/suspend", expect=200, **BECAUSE)
    assert (world.author.id, "!") in told


async def test_the_queue_has_pages_and_kinds(world: World) -> None:
    for kind in ("review", "job", "post"):
        await world.report(world.other, kind)
    await world.report(await world.app.person(), "review")
    found, cursor = [], ""
    for _ in range(2):
        page = (await world.admin.get(f"/admin/moderation?limit=2{cursor}")).json()
        found += [(item["kind"], item["reports"], item["excerpt"]) for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert found == [
        ("review", 2, "Lazy"),
        ("job", 1, "Experienced plumber"),
        ("post", 1, "Buy gold"),
    ]
    only = (await world.admin.get("/admin/moderation?kind=job")).json()["items"]
    assert [item["kind"] for item in only] == ["job"]
    # A thing that is gone can still be seen to.
    await world.author.send("DELETE", f"/posts/{world.things['post']}", expect=204)
    gone = (await world.admin.get("/admin/moderation?kind=post")).json()["items"]
    assert [item["excerpt"] for item in gone] == [None]
    problem(await world.resolve("post", "hide"), 404, "thing_not_found")
    assert (await world.resolve("post", "dismiss")).status_code == 200
