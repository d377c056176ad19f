"""Reports, suspension, hiding, and that all of it is on record."""

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

import httpx2
import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from reference_app import tables
from reference_app.admin.promote import RefusedError, change_role, main
from reference_app.users.models import Role
from tests.app.admins import administrator, put, renewed
from tests.app.life import PASSWORD, Person, Running, problem
from tests.app.rows import execute
from tests.app.statements import counted

BECAUSE = {"reason": "Because of the rules"}


def test_the_tables_are_what_the_models_say(app_servers: dict[str, str]) -> None:
    url = app_servers["DATABASE_DIRECT_URL"].replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


class World:
    """Somebody who made one of each thing, somebody who sees them, an administrator."""

    def __init__(self, app: Running) -> None:
        self.app = app
        self.things: dict[str, int] = {}

    async def make(self) -> "World":
        self.author, self.other = await self.app.employer(), await self.app.person()
        self.admin = await administrator(self.app)
        job = await self.author.job()
        await self.other.post(f"/jobs/{job['id']}/applications", cover_letter="Me", expect=201)
        applied = (await self.author.get(f"/jobs/{job['id']}/applications")).json()["items"][0]
        await self.author.patch(f"/applications/{applied['id']}", status="hired", expect=200)
        post = (await self.author.post("/posts", body="Buy gold", expect=201)).json()
        comment = await self.author.post(f"/posts/{post['id']}/comments", body="Now", expect=201)
        reviewed = f"/users/{self.other.id}/review"
        review = await put(self.author, reviewed, stars=1, body="Lazy")
        wanted = {"recipient_id": self.other.id, "body": "Pay me", "key": str(uuid4())}
        message = await self.author.post("/conversations", expect=201, **wanted)
        self.things = {
            "job": job["id"],
            "post": post["id"],
            "comment": comment.json()["id"],
            "review": review.json()["id"],
            "user": self.author.id,
            "message": message.json()["id"],
        }
        return self

    async def report(self, person: Person, kind: str, **given: Any) -> httpx2.Response:
        wanted = {"kind": kind, "thing_id": self.things[kind], "reason": "spam", **given}
        return await person.post("/reports", **wanted)

    async def resolve(self, kind: str, resolution: str) -> httpx2.Response:
        path = f"/admin/moderation/{kind}/{self.things[kind]}/resolve"
        return await self.admin.post(path, resolution=resolution, **BECAUSE)

    async def shown(self) -> dict[str, bool]:
        """What of it strangers find, on its page and in its list."""
        client, author = self.app.client, self.author.id
        things = self.things

        async def lists(path: str, kind: str) -> bool:
            items = (await client.get(path)).json()["items"]
            return things[kind] in [item["id"] for item in items]

        job = (await client.get(f"/jobs/{things['job']}")).status_code == 200
        assert job == await lists(f"/companies/{self.author.company['id']}/jobs", "job")
        assert job == await lists("/jobs", "job")
        post = (await client.get(f"/posts/{things['post']}")).status_code == 200
        assert post == await lists(f"/users/{author}/posts", "post")
        assert post == await lists("/posts/trending", "post")
        comments = await lists(f"/posts/{things['post']}/comments", "comment")
        review = await lists(f"/users/{self.other.id}/reviews", "review")
        rated = (await client.get(f"/users/{self.other.id}/rating")).json()["reviews"]
        assert rated == int(review)
        user = (await client.get(f"/users/{author}")).status_code == 200
        return {"job": job, "post": post, "comment": comments, "review": review, "user": user}


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


async def test_administrators_suspend_neither_themselves_nor_each_other(world: World) -> None:
    second = await administrator(world.app)
    own, other = f"/admin/users/{world.admin.id}", f"/admin/users/{second.id}"
    for what in ("suspend", "reinstate"):
        problem(await world.admin.post(f"{own}/{what}", **BECAUSE), 403, "own_account")
        problem(await world.admin.post(f"{other}/{what}", **BECAUSE), 403, "admin_account")
        gone = await world.admin.post(f"/admin/users/999999/{what}", **BECAUSE)
        problem(gone, 404, "user_not_found")
    # Not by way of a report either, and then nothing of it has happened.
    world.things["user"] = second.id
    await world.report(world.other, "user")
    problem(await world.resolve("user", "suspend"), 403, "admin_account")
    assert (await world.admin.get("/admin/moderation")).json()["items"] != []


WRITES = [
    ("user.suspend", "POST", "/admin/users/{user}/suspend", BECAUSE, ("user", "{user}")),
    ("user.reinstate", "POST", "/admin/users/{user}/reinstate", BECAUSE, ("user", "{user}")),
    (
        "moderation.dismiss",
        "POST",
        "/admin/moderation/message/{message}/resolve",
        {"resolution": "dismiss", **BECAUSE},
        ("message", "{message}"),
    ),
    (
        "moderation.hide",
        "POST",
        "/admin/moderation/job/{job}/resolve",
        {"resolution": "hide", **BECAUSE},
        ("job", "{job}"),
    ),
    (
        "moderation.restore",
        "POST",
        "/admin/moderation/job/{job}/restore",
        BECAUSE,
        ("job", "{job}"),
    ),
    (
        "moderation.suspend",
        "POST",
        "/admin/moderation/post/{post}/resolve",
        {"resolution": "suspend", **BECAUSE},
        ("post", "{post}"),
    ),
    (
        "flag.set",
        "PUT",
        "/admin/flags/messaging",
        {"percent": 100, **BECAUSE},
        ("flag", "messaging"),
    ),
    ("flag.clear", "DELETE", "/admin/flags/messaging", None, ("flag", "messaging")),
]


async def test_every_write_of_an_administrator_is_on_record(world: World) -> None:
    for kind in ("message", "job", "post"):
        await world.report(world.other, kind)
    for action, method, path, body, subject in WRITES:
        answer = await world.admin.send(method, path.format(**world.things), body, expect=200)
        trail = (await world.admin.get(f"/admin/audit?admin_id={world.admin.id}")).json()["items"]
        request = answer.headers["x-request-id"]
        found = [
            each for each in trail if each["request_id"] == request and each["action"] == action
        ]
        assert len(found) == 1, (action, trail)
        entry = found[0]
        told = (entry["subject_kind"], entry["subject"])
        assert told == tuple(part.format(**world.things) for part in subject)
        assert entry["before"] != entry["after"] or action.startswith("flag")
        assert entry["reason"] == (BECAUSE["reason"] if body else "")
    # A route that writes and is not in the table above fails here.
    routes = {
        (method, route.path.removeprefix("/api/v1"))
        for route in world.app.app.routes
        for method in getattr(route, "methods", None) or ()
        if getattr(route, "path", "").startswith("/api/v1/admin") and method not in ("GET", "HEAD")
    }
    told_routes = {(method, _pattern(path)) for _, method, path, _, _ in WRITES}
    assert routes == told_routes


def _pattern(path: str) -> str:
    parts = path.split("/")
    if parts[2] == "moderation":
        return f"/admin/moderation/{{kind}}/{{thing_id}}/{parts[-1]}"
    if parts[2] == "flags":
        return "/admin/flags/{name}"
    return path.format(user="{user_id}")


async def test_what_is_refused_is_not_on_record(world: World) -> None:
    before = execute(world.app, "SELECT count(*) FROM audit_log")
    await world.admin.post(f"/admin/users/{world.admin.id}/suspend", **BECAUSE)
    await world.resolve("job", "hide")
    assert execute(world.app, "SELECT count(*) FROM audit_log") == before


@pytest.mark.parametrize("change", ["UPDATE audit_log SET reason = ''", "DELETE FROM audit_log"])
async def test_the_database_lets_nobody_change_the_record(
    world: World, change: str, app_servers: dict[str, str]
) -> None:
    await world.admin.post(f"/admin/users/{world.author.id}/suspend", expect=200, **BECAUSE)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added to"):
        execute(world.app, change)


async def test_people_are_found_page_by_page(app: Running) -> None:
    admin = await administrator(app)
    people = [await app.person(full_name=f"Ann 100% {n}") for n in range(5)]
    other = await app.person("employer", full_name="Bea Underhill")
    found, cursor = [], ""
    for _ in range(3):
        with counted() as statements:
            page = (await admin.get(f"/admin/users?q=ANN%20100%25&limit=2{cursor}")).json()
        assert len(statements) == 1, statements
        found += [item["id"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert page["next_cursor"] is None
    assert found == [person.id for person in reversed(people)]

    async def ids(query: str) -> list[int]:
        return [item["id"] for item in (await admin.get(f"/admin/users?{query}")).json()["items"]]

    assert await ids(f"q={other.user['email'].upper()}") == [other.id]
    # What stands for anything in a pattern stands for itself here.
    assert await ids("q=ann%25100") == []
    assert await ids("q=_nn") == []
    assert await ids("role=employer") == [other.id]
    assert await ids("role=admin") == [admin.id]
    await admin.post(f"/admin/users/{other.id}/suspend", expect=200, **BECAUSE)
    assert await ids("suspended=true") == [other.id]
    assert other.id not in await ids("suspended=false")
    problem(await admin.get("/admin/users?cursor=AAAA", expect=None), 400, "bad_cursor")
    problem(await admin.get("/admin/users?role=king", expect=None), 422, "invalid_request")


@pytest.mark.parametrize("many", [1, 7])
async def test_a_page_costs_the_same_however_much_is_on_it(app: Running, many: int) -> None:
    world = await World(app).make()
    for _ in range(many):
        reporter = await app.person()
        for kind in ("job", "post", "comment", "review", "user"):
            await world.report(reporter, kind)
    for path, statements_wanted in (
        ("/admin/users", 1),
        (f"/admin/users/{world.author.id}", 2),
        ("/admin/moderation?limit=100", 1),
        (f"/admin/moderation/job/{world.things['job']}", 1),
        ("/admin/audit?limit=100", 1),
        ("/admin/flags", 0),
    ):
        with counted() as statements:
            await world.admin.get(path)
        assert len(statements) == statements_wanted, statements
    counts = []
    for kind in ("post", "comment"):
        with counted() as statements:
            assert (await world.resolve(kind, "hide")).status_code == 200
        counts.append(len(statements))
    assert counts == [7, 7], counts


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


ADMIN_READS = [
    "/admin/users",
    "/admin/users/1",
    "/admin/moderation",
    "/admin/moderation/job/1",
    "/admin/audit",
    "/admin/flags",
    "/admin/analytics/people",
    "/admin/analytics/revenue",
    "/admin/analytics/growth",
    "/admin/analytics/jobs",
]


async def test_only_administrators_get_past_the_door(world: World) -> None:
    writes = [(method, path.format(**world.things), body) for _, method, path, body, _ in WRITES]
    for method, path, body in [("GET", path, None) for path in ADMIN_READS] + writes:
        problem(await world.app.client.request(method, path, json=body), 401, "not_signed_in")
        for person in (world.author, world.other):
            problem(await person.send(method, path, body), 403, "admins_only")
    for path in ADMIN_READS:
        await world.admin.get(path.replace("/users/1", f"/users/{world.author.id}"))
    routes = {
        route.path.removeprefix("/api/v1")
        for route in world.app.app.routes
        if getattr(route, "path", "").startswith("/api/v1/admin")
        and "GET" in (getattr(route, "methods", None) or ())
    }
    assert len(routes) == len(ADMIN_READS)
    problem(await world.app.client.post("/reports", json={}), 401, "not_signed_in")


async def test_administrators_are_made_on_the_server_alone(
    app: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = app.board.settings.database_url.get_secret_value()
    monkeypatch.setenv("DATABASE_DIRECT_URL", url)
    person = await app.person()
    email = person.user["email"]
    assert main([email.upper()]) == 0
    assert main([email]) == 0
    assert "is admin already" in capsys.readouterr().out
    # The old token says what it said; a new one says more.
    problem(await person.get("/admin/users", expect=None), 403, "admins_only")
    admin = await renewed(app, person)
    await admin.get("/admin/users")
    trail = (await admin.get(f"/admin/audit?subject={person.id}")).json()["items"][0]
    assert (trail["action"], trail["admin_id"], trail["request_id"]) == (
        "user.role",
        None,
        "command",
    )
    assert (trail["before"], trail["after"]) == ({"role": "seeker"}, {"role": "admin"})
    change_role(url, email, Role.SEEKER)
    answer = await app.client.post("/auth/refresh", json={"refresh_token": admin.refresh_token})
    assert answer.status_code == 401
    assert main(["nobody@example.com"]) == 1
    assert "nobody has the address" in capsys.readouterr().err
    execute(app, "UPDATE users SET suspended_at = now() WHERE id = %s", person.id)
    with pytest.raises(RefusedError, match="suspended"):
        change_role(url, email, Role.ADMIN)
