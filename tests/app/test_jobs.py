"""A job's life: drafted, changed, published, closed; kept by those who want it."""

import asyncio
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any

import pytest

from reference_app.jobs.listing import company_cache_key
from tests.app.life import Running, problem
from tests.app.rows import execute
from tests.app.statements import counted


async def test_a_draft_is_seen_by_its_employer_alone(app: Running) -> None:
    owner, other = await app.employer(), await app.employer()
    draft = await owner.job(published=False)
    assert draft["status"] == "draft"
    assert draft["published_at"] is None
    problem(await app.client.get(f"/jobs/{draft['id']}"), 404, "job_not_found")
    problem(await other.patch(f"/jobs/{draft['id']}", title="Mine"), 404, "job_not_found")
    mine = (await owner.get("/jobs/mine")).json()["items"]
    assert [(job["id"], job["status"]) for job in mine] == [(draft["id"], "draft")]


async def test_publishing_shows_the_page_at_once_even_if_it_was_looked_for(app: Running) -> None:
    owner = await app.employer()
    draft = await owner.job(published=False)
    path = f"/jobs/{draft['id']}"
    assert (await app.client.get(path)).status_code == 404
    published = (await owner.post(f"{path}/publish", expect=200)).json()
    shown = await app.client.get(path)
    assert shown.json() == published
    assert shown.json()["company"] == {"id": owner.company["id"], "name": "Conch Ltd"}


async def test_publishing_and_closing_twice_is_once(app: Running) -> None:
    owner = await app.employer()
    draft = await owner.job(published=False)
    path = f"/jobs/{draft['id']}"
    answers = await asyncio.gather(*(owner.post(f"{path}/publish") for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["published_at"] for answer in answers}) == 1
    for _ in range(2):
        closed = await owner.post(f"{path}/close", expect=200)
        assert closed.json()["status"] == "closed"
    assert (await app.client.get(path)).json()["status"] == "closed"


async def test_what_does_not_fit_a_jobs_state_is_refused(app: Running) -> None:
    owner = await app.employer()
    draft = await owner.job(published=False)
    problem(await owner.post(f"/jobs/{draft['id']}/close"), 409, "job_not_published")
    closed = await owner.job()
    await owner.post(f"/jobs/{closed['id']}/close", expect=200)
    problem(await owner.post(f"/jobs/{closed['id']}/publish"), 409, "job_closed")
    problem(await owner.patch(f"/jobs/{closed['id']}", title="Later"), 409, "job_closed")


async def test_a_change_keeps_the_rest_and_shows_at_once(app: Running) -> None:
    owner = await app.employer()
    job = await owner.job(salary_min_cents=100_000)
    path = f"/jobs/{job['id']}"
    assert (await app.client.get(path)).json()["title"] == "Experienced plumber"
    await owner.patch(path, title="Master plumber", salary_max_cents=300_000, expect=200)
    shown = (await app.client.get(path)).json()
    assert shown["title"] == "Master plumber"
    assert (shown["salary_min_cents"], shown["salary_max_cents"]) == (100_000, 300_000)
    assert shown["updated_at"] > job["updated_at"]


async def test_only_ones_own_jobs_can_be_changed(app: Running) -> None:
    owner, other, seeker = await app.employer(), await app.employer(), await app.person()
    job = await owner.job()
    path = f"/jobs/{job['id']}"
    for refused in (
        await other.patch(path, title="Mine"),
        await other.post(f"{path}/publish"),
        await other.post(f"{path}/close"),
    ):
        problem(refused, 403, "not_your_job")
    problem(await seeker.patch(path, title="Mine"), 403, "employers_only")
    problem(await app.client.post(f"{path}/close"), 401, "not_signed_in")
    problem(await owner.post("/jobs/999/close"), 404, "job_not_found")
    assert (await app.client.get(path)).json()["status"] == "published"


async def test_jobs_are_made_in_ones_own_company(app: Running) -> None:
    owner, other = await app.employer(), await app.employer()
    job = {
        "company_id": owner.company["id"],
        "title": "Nurse",
        "description": "Night shifts.",
        "category": "healthcare",
        "island": "abaco",
        "employment_type": "part_time",
    }
    problem(await other.post("/jobs", **job), 403, "not_your_company")
    problem(await other.post("/jobs", **{**job, "company_id": 999}), 404, "company_not_found")
    problem(await (await app.person()).post("/jobs", **job), 403, "employers_only")


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "ab"},
        {"title": "x" * 161},
        {"description": "   "},
        {"description": "a\x00b"},
        {"category": "piracy"},
        {"island": "atlantis"},
        {"employment_type": "forever"},
        {"salary_min_cents": -1},
        {"salary_min_cents": 200, "salary_max_cents": 100},
        {"salary_max_cents": 10**15},
        {"expires_at": "2030-01-01T00:00:00"},
        {"status": "published"},
        {"company_id": 0},
    ],
)
async def test_a_job_that_makes_no_sense_is_refused(app: Running, wrong: dict[str, Any]) -> None:
    owner = await app.employer()
    job = {
        "company_id": owner.company["id"],
        "title": "Nurse",
        "description": "Night shifts.",
        "category": "healthcare",
        "island": "abaco",
        "employment_type": "part_time",
    }
    problem(await owner.post("/jobs", **{**job, **wrong}), 422, "invalid_request")


async def test_a_change_cannot_turn_the_salaries_around(app: Running) -> None:
    owner = await app.employer()
    job = await owner.job(salary_min_cents=100, salary_max_cents=200)
    answer = await owner.patch(f"/jobs/{job['id']}", salary_max_cents=50)
    problem(answer, 400, "salary_out_of_order")
    assert (await app.client.get(f"/jobs/{job['id']}")).json()["salary_max_cents"] == 200


async def test_ones_own_jobs_come_in_pages_with_their_applications_counted(app: Running) -> None:
    owner = await app.employer()
    jobs = [await owner.job() for _ in range(5)]
    for _ in range(2):
        seeker = await app.person()
        await seeker.post(f"/jobs/{jobs[0]['id']}/applications", cover_letter="Me!", expect=201)
    seen, cursor = [], ""
    while cursor is not None:
        page = (await owner.get(f"/jobs/mine?limit=2{cursor and '&cursor=' + cursor}")).json()
        seen += [(job["id"], job["applications"]) for job in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [(job["id"], 2 if job is jobs[0] else 0) for job in reversed(jobs)]


async def test_keeping_a_job_twice_is_once_and_so_is_letting_it_go(app: Running) -> None:
    owner, seeker = await app.employer(), await app.person()
    jobs = [await owner.job() for _ in range(3)]
    for job in jobs:
        answers = await asyncio.gather(
            *(seeker.send("PUT", f"/jobs/{job['id']}/save") for _ in range(4))
        )
        assert {answer.status_code for answer in answers} == {204}
    first = (await seeker.get("/jobs/saved?limit=2")).json()
    second = (await seeker.get(f"/jobs/saved?limit=2&cursor={first['next_cursor']}")).json()
    saved = [job["id"] for job in first["items"] + second["items"]]
    assert saved == [job["id"] for job in reversed(jobs)]
    assert second["next_cursor"] is None
    for _ in range(2):
        await seeker.send("DELETE", f"/jobs/{jobs[0]['id']}/save", expect=204)
    saved = [job["id"] for job in (await seeker.get("/jobs/saved")).json()["items"]]
    assert saved == [jobs[2]["id"], jobs[1]["id"]]
    assert (await owner.get("/jobs/saved")).json()["items"] == []


async def test_only_open_jobs_can_be_kept(app: Running) -> None:
    owner, seeker = await app.employer(), await app.person()
    draft, closed = await owner.job(published=False), await owner.job()
    await owner.post(f"/jobs/{closed['id']}/close", expect=200)
    for job_id in (draft["id"], closed["id"], 999):
        answer = await seeker.send("PUT", f"/jobs/{job_id}/save")
        problem(answer, 404, "job_not_found")


async def test_a_kept_job_that_closes_stays_kept_and_says_so(app: Running) -> None:
    owner, seeker = await app.employer(), await app.person()
    job = await owner.job()
    await seeker.send("PUT", f"/jobs/{job['id']}/save", expect=204)
    await owner.post(f"/jobs/{job['id']}/close", expect=200)
    kept = (await seeker.get("/jobs/saved")).json()["items"]
    assert [(item["id"], item["status"]) for item in kept] == [(job["id"], "closed")]


async def test_what_nobody_sees_yet_makes_nobody_read_anew(app: Running) -> None:
    owner = await app.employer()
    draft, shown = await owner.job(published=False), await owner.job()
    company = f"/companies/{owner.company['id']}"
    pages = (company, f"{company}/jobs")
    for path in pages:
        await app.client.get(path)
    await owner.patch(f"/jobs/{draft['id']}", title="Not yet", expect=200)
    with counted() as sent:
        for path in pages:
            await app.client.get(path)
    assert sent == []
    await owner.patch(f"/jobs/{shown['id']}", title="For all", expect=200)
    with counted() as sent:
        (listed,) = (await app.client.get(pages[1])).json()["items"]
        assert (await app.client.get(company)).json()["open_jobs"] == 1
    assert (len(sent), listed["title"]) == (1, "For all")


async def test_a_company_counts_a_job_at_once_whose_end_is_put_off(app: Running) -> None:
    owner = await app.employer()
    job = await owner.job()
    company = f"/companies/{owner.company['id']}"
    execute(app, "UPDATE jobs SET expires_at = now() - interval '1 hour'")

    async def open_jobs() -> int:
        return int((await app.client.get(company)).json()["open_jobs"])

    assert await open_jobs() == 0
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await owner.patch(f"/jobs/{job['id']}", expires_at=later, expect=200)
    assert await open_jobs() == 1


async def test_a_companys_first_page_of_jobs_lasts_and_shows_a_boost_at_once(app: Running) -> None:
    owner = await app.employer()
    older, newer = await owner.job(), await owner.job()
    path = f"/companies/{owner.company['id']}/jobs"

    async def listed(query: str = "") -> list[int]:
        return [job["id"] for job in (await app.client.get(path + query)).json()["items"]]

    def left_s(limit: int) -> float:
        return (
            app.board.cache._l1[company_cache_key(owner.company["id"], limit)].expires_at - time()
        )

    assert await listed() == [newer["id"], older["id"]]
    await listed("?limit=10")
    # A tenth of a life is left to chance.
    assert left_s(10) < 61 < 240 < left_s(20)
    for how, first in (("PUT", older), ("DELETE", newer)):
        await owner.send(how, f"/jobs/{older['id']}/boost", expect=200)
        assert (await listed())[0] == first["id"]
