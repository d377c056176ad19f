"""Many applications at once: deciding several, and taking them home as CSV."""

import asyncio
import csv
from io import StringIO
from typing import Any

import httpx2
import pytest

from reference_app.applications import export
from reference_app.subscriptions.tiers import Tier
from tests.app.life import Person, Running, problem
from tests.app.rows import execute
from tests.app.statements import counted


async def received(app: Running, job: dict[str, Any], many: int, **given: Any) -> list[int]:
    """The ids of new applications for a job."""
    ids = []
    for _ in range(many):
        seeker = await app.person(**given)
        path = f"/jobs/{job['id']}/applications"
        ids.append(int((await seeker.post(path, cover_letter="Me.", expect=201)).json()["id"]))
    return ids


async def decide(
    person: Person, job: dict[str, Any], ids: list[int], status: str
) -> httpx2.Response:
    path = f"/jobs/{job['id']}/applications/decisions"
    return await person.post(path, application_ids=ids, status=status)


async def test_several_are_decided_each_for_itself(app: Running) -> None:
    owner = await app.employer(Tier.ENTERPRISE)
    job, other_job = await owner.job(), await owner.job()
    ids = await received(app, job, 4)
    (elsewhere,) = await received(app, other_job, 1)
    await owner.patch(f"/applications/{ids[1]}", status="hired", expect=200)
    await owner.patch(f"/applications/{ids[2]}", status="rejected", expect=200)
    asked = [ids[3], ids[0], elsewhere, ids[1], ids[2], 999, ids[0]]
    answer = await decide(owner, job, asked, "rejected")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "changed": 2,
        "items": [
            {"id": ids[3], "outcome": "changed", "status": "rejected"},
            {"id": ids[0], "outcome": "changed", "status": "rejected"},
            {"id": elsewhere, "outcome": "not_found", "status": None},
            {"id": ids[1], "outcome": "not_allowed", "status": "hired"},
            {"id": ids[2], "outcome": "unchanged", "status": "rejected"},
            {"id": 999, "outcome": "not_found", "status": None},
        ],
    }
    statuses = execute(app, "SELECT status FROM applications ORDER BY id")
    assert statuses == ["rejected", "hired", "rejected", "rejected", "submitted"]
    history = execute(
        app,
        "SELECT application_id FROM application_events WHERE to_status = 'rejected'"
        " AND from_status = 'submitted' AND actor_id = %s ORDER BY 1",
        owner.id,
    )
    assert history == [ids[0], ids[2], ids[3]]
    told = "SELECT count(*) FROM notifications WHERE kind = 'application_status'"
    assert execute(app, told) == [4]


async def test_deciding_many_costs_as_many_statements_as_deciding_one(app: Running) -> None:
    owner = await app.employer(Tier.ENTERPRISE)
    job = await owner.job()
    ids = await received(app, job, 9)
    execute(app, "ALTER SEQUENCE notifications_id_seq RESTART 10001")
    with counted() as for_one:
        await decide(owner, job, ids[:1], "reviewed")
    with counted() as for_many:
        await decide(owner, job, ids[1:], "reviewed")
    assert len(for_one) == len(for_many) <= 6, for_many
    assert set(execute(app, "SELECT status FROM applications")) == {"reviewed"}


async def test_only_enterprise_decides_several_and_only_its_own(app: Running) -> None:
    owner, other = await app.employer(Tier.BUSINESS), await app.employer(Tier.ENTERPRISE)
    job = await owner.job()
    ids = await received(app, job, 2)
    told = problem(await decide(owner, job, ids, "hired"), 403, "not_in_tier")
    assert (told["feature"], told["upgrade_tier"]) == ("bulk_actions", "enterprise")
    problem(await decide(other, job, ids, "hired"), 403, "not_your_job")
    problem(await decide(other, {"id": 999}, ids, "hired"), 404, "job_not_found")
    problem(await decide(await app.person(), job, ids, "hired"), 403, "employers_only")
    # An application for someone else's job is not reached through one's own.
    answer = await decide(other, await other.job(), ids, "hired")
    assert [item["outcome"] for item in answer.json()["items"]] == ["not_found"] * 2
    assert set(execute(app, "SELECT status FROM applications")) == {"submitted"}
    for wrong in ([], [0], list(range(1, 102))):
        problem(await decide(other, job, wrong, "hired"), 422, "invalid_request")
    problem(await decide(other, job, ids, "withdrawn"), 422, "invalid_request")


async def test_several_decided_twice_at_once_are_decided_once(app: Running) -> None:
    owner = await app.employer(Tier.ENTERPRISE)
    job = await owner.job()
    ids = await received(app, job, 8)
    answers = await asyncio.gather(
        *(decide(owner, job, ids[:: 1 - 2 * (n % 2)], "rejected") for n in range(6))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["changed"] for answer in answers) == 8
    assert execute(app, "SELECT count(*) FROM application_events") == [8]
    hired, rejected = await asyncio.gather(
        decide(owner, job, ids, "shortlisted"), decide(owner, job, ids, "shortlisted")
    )
    assert hired.json()["changed"] + rejected.json()["changed"] == 8


def rows_of(answer: httpx2.Response) -> list[dict[str, str]]:
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(StringIO(answer.text)))


async def test_applications_are_exported_the_newest_first(app: Running) -> None:
    owner = await app.employer(Tier.FREE)
    job = await owner.job()
    path = f"/jobs/{job['id']}/applications"
    assert rows_of(await owner.get(f"{path}/export")) == []
    seeker = await app.person(full_name='Ann "Conch", Ltd')
    letter = "Two\nlines; and, a comma."
    await seeker.post(path, cover_letter=letter, proposed_budget_cents=5_000, expect=201)
    (second,) = await received(app, job, 1)
    await owner.patch(f"/applications/{second}", status="hired", expect=200)
    answer = await owner.get(f"{path}/export")
    newest, oldest = rows_of(answer)
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="applications-{job["id"]}.csv"'
    )
    assert (newest["id"], newest["status"], newest["proposed_budget_cents"]) == (
        str(second),
        "hired",
        "",
    )
    assert (oldest["applicant_name"], oldest["cover_letter"]) == ('Ann "Conch", Ltd', letter)
    assert oldest["proposed_budget_cents"] == "5000"
    assert "@example.com" not in answer.text
    (hired,) = rows_of(await owner.get(f"{path}/export?status=hired"))
    assert hired == newest
    (rest,) = rows_of(await owner.get(f"{path}/export?before={second}"))
    assert rest == oldest


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "＝", "＋", "－", "＠"])  # noqa: RUF001 - such are meant
async def test_nothing_an_applicant_writes_becomes_a_formula(app: Running, begin: str) -> None:
    owner = await app.employer()
    job = await owner.job()
    evil = f"{begin}cmd|' /C calc'!A0"
    seeker = await app.person(full_name=evil)
    await seeker.patch("/users/me", headline=evil, expect=200)
    path = f"/jobs/{job['id']}/applications"
    await seeker.post(path, cover_letter=evil, expect=201)
    (row,) = rows_of(await owner.get(f"{path}/export"))
    for name in ("applicant_name", "applicant_headline", "cover_letter"):
        assert row[name] == f"'{evil}"
    for value in row.values():
        assert not value.startswith(("=", "+", "-", "@"))


async def test_an_export_is_the_teams_alone(app: Running) -> None:
    owner, other = await app.employer(), await app.employer()
    path = f"/jobs/{(await owner.job())['id']}/applications/export"
    problem(await other.get(path, expect=None), 403, "not_your_job")
    problem(await (await app.person()).get(path, expect=None), 403, "employers_only")
    problem(await app.client.get(path), 401, "not_signed_in")
    answer = await owner.get("/jobs/999/applications/export", expect=None)
    problem(answer, 404, "job_not_found")


async def test_an_export_is_read_a_piece_at_a_time_and_ends(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_PIECE", 2)
    monkeypatch.setattr(export, "LARGEST_EXPORT", 5)
    owner = await app.employer()
    job = await owner.job()
    ids = await received(app, job, 7)
    session = app.board.database.reading()
    with counted() as statements:
        pieces = await export.export(session, job["id"], owner.id, None, None)
        assert len(statements) == 1
        header, first = [await anext(pieces), await anext(pieces)]
        assert (header.count(b"\r\n"), first.count(b"\r\n")) == (1, 2)
        assert len(statements) == 1
        rest = [piece async for piece in pieces]
    assert [piece.count(b"\r\n") for piece in rest] == [2, 1]
    assert len(statements) == 3
    path = f"/jobs/{job['id']}/applications/export"
    shown = rows_of(await owner.get(path))
    assert [int(row["id"]) for row in shown] == ids[:1:-1]
    following = rows_of(await owner.get(f"{path}?before={shown[-1]['id']}"))
    assert [int(row["id"]) for row in following] == ids[1::-1]


async def test_who_loses_access_midway_gets_no_more(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_PIECE", 2)
    owner, other = await app.employer(), await app.employer()
    job = await owner.job()
    await received(app, job, 4)
    pieces = await export.export(app.board.database.reading(), job["id"], owner.id, None, None)
    await anext(pieces)
    await anext(pieces)
    execute(app, "UPDATE companies SET owner_id = %s, name = 'Taken' WHERE owner_id = %s",
        other.id, owner.id)  # fmt: skip
    with pytest.raises(Exception, match="not_your_job"):
        await anext(pieces)


async def test_exports_are_few_in_a_short_time(app: Running) -> None:
    owner, other = await app.employer(), await app.employer()
    path = f"/jobs/{(await owner.job())['id']}/applications/export"
    for _ in range(export.EXPORTS_PER_WINDOW):
        await owner.get(path)
    refused = await owner.get(path, expect=None)
    problem(refused, 429, "rate_limited")
    assert 0 < int(refused.headers["retry-after"]) <= export.WINDOW_S
    await other.get(f"/jobs/{(await other.job())['id']}/applications/export")
