"""How many statements a page costs: as many for one item as for twenty."""

import pytest

from reference_app.subscriptions.tiers import Tier
from tests.app.life import Person, Running
from tests.app.statements import counted
from tests.app.teams import invite, member, read_letters


@pytest.mark.parametrize(
    ("path", "signed_in"),
    [
        ("/jobs?limit=100", False),
        ("/jobs?limit=100&q=plumber", False),
        ("/jobs?limit=100&q=plumer", False),
        ("/companies?limit=100", False),
        ("/companies/{company}", False),
        ("/companies/{company}/jobs?limit=100", False),
        ("/jobs/{job}", False),
        ("/jobs/{job}/similar", False),
        ("/jobs/featured", False),
        ("/jobs/trending", False),
        ("/categories", False),
        ("/islands", False),
        ("/users/{person}", False),
        ("/jobs/mine?limit=100", True),
        ("/jobs/{job}/applications?limit=100", True),
        ("/jobs/{job}/applications/counts", True),
        ("/jobs/{job}/applications/export", True),
        ("/applications/{application}/history?limit=100", True),
        ("/applications/{application}/notes?limit=100", True),
        ("/companies/mine?limit=100", True),
        ("/companies/{company}/members?limit=100", True),
        ("/companies/{company}/invitations?limit=100", True),
        ("/jobs/saved?limit=100", True),
        ("/applications?limit=100", True),
        ("/saved-searches", True),
        ("/users/me/views", True),
        ("/auth/me", True),
    ],
)
@pytest.mark.parametrize("items", [1, 12])
async def test_a_page_is_one_statement(
    app: Running, monkeypatch: pytest.MonkeyPatch, path: str, signed_in: bool, items: int
) -> None:
    owner = await app.employer(Tier.ENTERPRISE)
    job, application = await _board(app, owner, items)
    owners = ("mine", "{job}/applications", "{application}", "members", "invitations")
    asker = owner if any(part in path for part in owners) else await app.person()
    if "saved" in path or path.startswith("/applications?"):
        await _interest(owner, asker)
    if "{application}" in path:
        await _tracked(owner, application, items)
    if "members" in path or "invitations" in path:
        letters = read_letters(app, monkeypatch)
        for n in range(items):
            await member(app, owner, letters)
            await invite(owner, f"guest{n}@example.com")
    where = path.format(
        company=owner.company["id"], job=job, person=owner.id, application=application
    )
    with counted() as statements:
        answer = await (asker.get(where) if signed_in else app.client.get(where))
    assert answer.status_code == 200
    assert len(statements) == 1, statements


@pytest.mark.parametrize("items", [1, 12])
@pytest.mark.parametrize(
    "path",
    [
        "/jobs/search?limit=100",
        "/jobs/search?limit=100&sort=pay&island=exuma&island=abaco",
        "/jobs/search?limit=100&sort=relevance&q=plumber",
        "/users/me/viewers?limit=100",
    ],
)
async def test_a_page_for_some_tiers_is_one_statement_after_that_of_the_tier(
    app: Running, path: str, items: int
) -> None:
    owner, asker = await app.employer(), await app.person()
    await app.give(asker, Tier.PRO)
    await _board(app, owner, items)
    with counted() as statements:
        assert (await asker.get(path)).status_code == 200
    assert len(statements) == 2, statements


async def test_writes_cost_a_fixed_number_of_statements(app: Running) -> None:
    owner, seeker = await app.employer(), await app.person()
    job = await owner.job()
    for method, path, body, most in (
        ("PUT", f"/jobs/{job['id']}/save", None, 2),
        ("POST", f"/jobs/{job['id']}/applications", {"cover_letter": "Me."}, 5),
        ("PATCH", "/users/me", {"headline": "Mason"}, 3),
        ("POST", "/saved-searches", {"name": "Pipes", "q": "plumber"}, 4),
    ):
        with counted() as statements:
            answer = await seeker.send(method, path, body)
        assert answer.is_success
        assert len(statements) <= most, statements
    with counted() as statements:
        refreshed = await app.client.post(
            "/auth/refresh", json={"refresh_token": seeker.refresh_token}
        )
    assert refreshed.status_code == 200
    assert len(statements) == 1, statements


async def _board(app: Running, owner: Person, items: int) -> tuple[int, int]:
    job: dict[str, int] = {}
    for _ in range(items):
        job = await owner.job()
    sent: dict[str, int] = {}
    for _ in range(min(items, 3)):
        seeker = await app.person()
        path = f"/jobs/{job['id']}/applications"
        sent = (await seeker.post(path, cover_letter="Me.", expect=201)).json()
    return job["id"], sent["id"]


async def _tracked(owner: Person, application: int, items: int) -> None:
    path = f"/applications/{application}"
    for n in range(items):
        await owner.patch(path, status=("shortlisted", "rejected")[n % 2], expect=200)
        await owner.post(f"{path}/notes", body="Hm.", expect=201)


async def _interest(owner: Person, asker: Person) -> None:
    for job in (await owner.get("/jobs/mine?limit=100")).json()["items"]:
        await asker.send("PUT", f"/jobs/{job['id']}/save", expect=204)
        await asker.post(f"/jobs/{job['id']}/applications", cover_letter="Me.", expect=201)
