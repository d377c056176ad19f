"""Applying, withdrawing, deciding; who sees what."""

import asyncio

from tests.app.life import Person, Running, problem


async def _applied(app: Running, owner: Person, job_id: int) -> tuple[Person, int]:
    seeker = await app.person()
    answer = await seeker.post(
        f"/jobs/{job_id}/applications",
        cover_letter="I mend pipes.",
        proposed_budget_cents=5_000,
        expect=201,
    )
    return seeker, answer.json()["id"]


async def test_one_applies_once_however_often_the_button_is_pressed(app: Running) -> None:
    owner, seeker = await app.employer(), await app.person()
    job = await owner.job()
    path = f"/jobs/{job['id']}/applications"
    answers = await asyncio.gather(
        *(seeker.post(path, cover_letter="I mend pipes.") for _ in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
    problem(await seeker.post(path, cover_letter="Again."), 409, "already_applied")
    mine = (await seeker.get("/applications")).json()["items"]
    assert len(mine) == 1
    assert mine[0]["job"]["title"] == job["title"]
    assert mine[0]["job"]["company_name"] == "Conch Ltd"
    assert mine[0]["status"] == "submitted"


async def test_only_open_jobs_take_applications(app: Running) -> None:
    owner, seeker = await app.employer(), await app.person()
    draft, closed = await owner.job(published=False), await owner.job()
    await owner.post(f"/jobs/{closed['id']}/close", expect=200)
    gone = await owner.job(expires_at="2020-01-01T00:00:00Z")
    letter = {"cover_letter": "Me."}
    for job_id, status, code in (
        (draft["id"], 404, "job_not_found"),
        (999, 404, "job_not_found"),
        (closed["id"], 409, "job_closed"),
        (gone["id"], 409, "job_closed"),
    ):
        problem(await seeker.post(f"/jobs/{job_id}/applications", **letter), status, code)


async def test_seekers_apply_and_nobody_else(app: Running) -> None:
    owner = await app.employer()
    path = f"/jobs/{(await owner.job())['id']}/applications"
    problem(await owner.post(path, cover_letter="Me."), 403, "seekers_only")
    problem(await app.client.post(path, json={"cover_letter": "Me."}), 401, "not_signed_in")
    seeker = await app.person()
    problem(await seeker.post(path, cover_letter=" "), 422, "invalid_request")
    answer = await seeker.post(path, cover_letter="x", proposed_budget_cents=-1)
    problem(answer, 422, "invalid_request")


async def test_an_employer_sees_the_applications_for_their_own_job_alone(app: Running) -> None:
    owner, other = await app.employer(), await app.employer()
    job = await owner.job()
    path = f"/jobs/{job['id']}/applications"
    assert (await owner.get(path)).json() == {"items": [], "next_cursor": None}
    seeker, application = await _applied(app, owner, job["id"])
    shown = (await owner.get(path)).json()["items"]
    assert [item["id"] for item in shown] == [application]
    assert shown[0]["applicant"]["full_name"] == seeker.user["full_name"]
    assert shown[0]["cover_letter"] == "I mend pipes."
    assert "email" not in shown[0]["applicant"]
    problem(await other.get(path, expect=None), 403, "not_your_job")
    problem(await seeker.get(path, expect=None), 403, "employers_only")
    problem(await owner.get("/jobs/999/applications", expect=None), 404, "job_not_found")


async def test_applications_come_in_pages_by_status(app: Running) -> None:
    owner = await app.employer()
    job = await owner.job()
    made = [(await _applied(app, owner, job["id"]))[1] for _ in range(5)]
    for application in made[:3]:
        await owner.patch(f"/applications/{application}", status="shortlisted", expect=200)
    path = f"/jobs/{job['id']}/applications"
    first = (await owner.get(f"{path}?status=shortlisted&limit=2")).json()
    cursor = first["next_cursor"]
    second = (await owner.get(f"{path}?status=shortlisted&limit=2&cursor={cursor}")).json()
    shown = [item["id"] for item in first["items"] + second["items"]]
    assert shown == [made[2], made[1], made[0]]
    assert second["next_cursor"] is None
    problem(await owner.get(f"{path}?status=lost", expect=None), 422, "invalid_request")


async def test_a_decision_is_the_employers_and_is_seen_by_the_applicant(app: Running) -> None:
    owner, other = await app.employer(), await app.employer()
    seeker, application = await _applied(app, owner, (await owner.job())["id"])
    path = f"/applications/{application}"
    problem(await other.patch(path, status="hired"), 404, "application_not_found")
    problem(await seeker.patch(path, status="hired"), 403, "employers_only")
    problem(await owner.patch(path, status="withdrawn"), 422, "invalid_request")
    problem(await owner.patch("/applications/999", status="hired"), 404, "application_not_found")
    for status in ("reviewed", "shortlisted", "hired"):
        assert (await owner.patch(path, status=status, expect=200)).json()["status"] == status
        mine = (await seeker.get("/applications")).json()["items"]
        assert [item["status"] for item in mine] == [status]


async def test_withdrawing_is_the_applicants_and_twice_is_once(app: Running) -> None:
    owner = await app.employer()
    seeker, application = await _applied(app, owner, (await owner.job())["id"])
    path = f"/applications/{application}/withdraw"
    problem(await (await app.person()).post(path), 404, "application_not_found")
    problem(await owner.post(path), 404, "application_not_found")
    answers = await asyncio.gather(*(seeker.post(path) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}
    decided = await owner.patch(f"/applications/{application}", status="hired")
    problem(decided, 409, "application_withdrawn")


async def test_what_is_decided_cannot_be_withdrawn(app: Running) -> None:
    owner = await app.employer()
    seeker, application = await _applied(app, owner, (await owner.job())["id"])
    await owner.patch(f"/applications/{application}", status="rejected", expect=200)
    answer = await seeker.post(f"/applications/{application}/withdraw")
    problem(answer, 409, "application_decided")


async def test_a_withdrawal_and_a_decision_at_once_leave_one_outcome(app: Running) -> None:
    owner = await app.employer()
    for _ in range(5):
        seeker, application = await _applied(app, owner, (await owner.job())["id"])
        withdrawn, hired = await asyncio.gather(
            seeker.post(f"/applications/{application}/withdraw"),
            owner.patch(f"/applications/{application}", status="hired"),
        )
        assert sorted([withdrawn.status_code, hired.status_code]) == [200, 409]
        mine = (await seeker.get("/applications")).json()["items"]
        assert mine[0]["status"] == ("hired" if hired.status_code == 200 else "withdrawn")


async def test_ones_own_applications_come_in_pages(app: Running) -> None:
    owner, seeker = await app.employer(), await app.person()
    made = []
    for _ in range(3):
        path = f"/jobs/{(await owner.job())['id']}/applications"
        made.append((await seeker.post(path, cover_letter="Me.", expect=201)).json()["id"])
    first = (await seeker.get("/applications?limit=2")).json()
    second = (await seeker.get(f"/applications?limit=2&cursor={first['next_cursor']}")).json()
    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]
    problem(await seeker.get("/applications?cursor=x", expect=None), 400, "bad_cursor")
