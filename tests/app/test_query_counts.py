"""How many statements a page costs: as many for one item as for twenty."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from tests.app.life import Person, Running


@contextmanager
def _counted() -> Iterator[list[str]]:
    """The statements that run meanwhile, those of the caches' and pools' own upkeep apart."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


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
        ("/users/{person}", False),
        ("/jobs/mine?limit=100", True),
        ("/jobs/{job}/applications?limit=100", True),
        ("/jobs/saved?limit=100", True),
        ("/applications?limit=100", True),
        ("/auth/me", True),
    ],
)
@pytest.mark.parametrize("items", [1, 12])
async def test_a_page_is_one_statement(
    app: Running, path: str, signed_in: bool, items: int
) -> None:
    owner = await app.employer()
    job = await _board(app, owner, items)
    asker = owner if "mine" in path or "{job}/applications" in path else await app.person()
    if "saved" in path or path.startswith("/applications"):
        await _interest(owner, asker)
    where = path.format(company=owner.company["id"], job=job, person=owner.id)
    with _counted() as statements:
        answer = await (asker.get(where) if signed_in else app.client.get(where))
    assert answer.status_code == 200
    assert len(statements) == 1, statements


async def test_writes_cost_a_fixed_number_of_statements(app: Running) -> None:
    owner, seeker = await app.employer(), await app.person()
    job = await owner.job()
    for method, path, body, most in (
        ("PUT", f"/jobs/{job['id']}/save", None, 2),
        ("POST", f"/jobs/{job['id']}/applications", {"cover_letter": "Me."}, 5),
        ("PATCH", "/users/me", {"headline": "Mason"}, 3),
    ):
        with _counted() as statements:
            answer = await seeker.send(method, path, body)
        assert answer.is_success
        assert len(statements) <= most, statements
    with _counted() as statements:
        refreshed = await app.client.post(
            "/auth/refresh", json={"refresh_token": seeker.refresh_token}
        )
    assert refreshed.status_code == 200
    assert len(statements) == 1, statements


async def _board(app: Running, owner: Person, items: int) -> int:
    job: dict[str, int] = {}
    for _ in range(items):
        job = await owner.job()
    for _ in range(min(items, 3)):
        seeker = await app.person()
        await seeker.post(f"/jobs/{job['id']}/applications", cover_letter="Me.", expect=201)
    return job["id"]


async def _interest(owner: Person, asker: Person) -> None:
    for job in (await owner.get("/jobs/mine?limit=100")).json()["items"]:
        await asker.send("PUT", f"/jobs/{job['id']}/save", expect=204)
        await asker.post(f"/jobs/{job['id']}/applications", cover_letter="Me.", expect=201)
