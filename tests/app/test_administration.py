"""Administrators: who they are, whom they find, and that all they do is on record."""

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from reference_app import tables
from reference_app.admin.promote import RefusedError, change_role, main
from reference_app.users.models import Role
from tests.app.admins import administrator, renewed
from tests.app.life import Running, problem
from tests.app.moderated import BECAUSE, World
from tests.app.rows import execute
from tests.app.statements import counted


@pytest.fixture
async def world(app: Running) -> World:
    return await World(app).make()


def test_the_tables_are_what_the_models_say(app_servers: dict[str, str]) -> None:
    url = app_servers["DATABASE_DIRECT_URL"].replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


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
    (
        "campaign.approve",
        "POST",
        "/admin/campaigns/{campaign}/approve",
        None,
        ("campaign", "{campaign}"),
    ),
    (
        "campaign.reject",
        "POST",
        "/admin/campaigns/{campaign}/reject",
        BECAUSE,
        ("campaign", "{campaign}"),
    ),
]


async def test_every_write_of_an_administrator_is_on_record(world: World) -> None:
    for kind in ("message", "job", "post"):
        await world.report(world.other, kind)
    for action, method, path, body, subject in WRITES:
        answer = await world.admin.send(
            method, path.format(campaign=world.campaign, **world.things), body, expect=200
        )
        trail = (await world.admin.get(f"/admin/audit?admin_id={world.admin.id}")).json()["items"]
        request = answer.headers["x-request-id"]
        found = [
            each for each in trail if each["request_id"] == request and each["action"] == action
        ]
        assert len(found) == 1, (action, trail)
        entry = found[0]
        told = (entry["subject_kind"], entry["subject"])
        assert told == tuple(
            part.format(campaign=world.campaign, **world.things) for part in subject
        )
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
    return path.format(user="{user_id}", campaign="{campaign_id}")


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
    # Which tier the author has is in the cache then, and not asked for by the page.
    await world.author.get("/subscriptions/me")
    for path, statements_wanted in (
        ("/admin/users", 1),
        (f"/admin/users/{world.author.id}", 1),
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


ADMIN_READS = [
    "/admin/campaigns",
    "/admin/advertising/statistics",
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
    writes = [
        (method, path.format(campaign=world.campaign, **world.things), body)
        for _, method, path, body, _ in WRITES
    ]
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
