"""What becomes of an application: its steps, their history, the team's notes."""

import asyncio
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_app.applications.models import ApplicationStatus
from reference_app.applications.pipeline import STEPS, Side, may_step, origins
from reference_app.subscriptions.tiers import Tier
from tests.app.life import Person, Running, problem
from tests.app.rows import execute
from tests.app.teams import member, read_letters

_DECISIONS = ("reviewed", "shortlisted", "rejected", "hired")


async def applied(app: Running, owner: Person) -> tuple[Person, int]:
    """Someone who applied for a new job, and the application's id."""
    seeker, job = await app.person(), await owner.job()
    path = f"/jobs/{job['id']}/applications"
    answer = await seeker.post(path, cover_letter="I mend pipes.", expect=201)
    return seeker, int(answer.json()["id"])


async def steps(asker: Person, application: int) -> list[tuple[str, str, str, Any]]:
    page = (await asker.get(f"/applications/{application}/history")).json()
    return [
        (each["from_status"], each["to_status"], each["by"], each["actor"] and each["actor"]["id"])
        for each in page["items"]
    ]


@given(status=st.sampled_from(ApplicationStatus), to=st.sampled_from(ApplicationStatus))
def test_the_allowed_steps_fit_each_other(status: ApplicationStatus, to: ApplicationStatus) -> None:
    for side in Side:
        assert may_step(side, status, to) == (status in origins(side, to))
        assert not may_step(side, status, status)
        # Nothing comes back from the end, and nothing goes back to the beginning.
        assert not may_step(side, ApplicationStatus.WITHDRAWN, to)
        assert not may_step(side, ApplicationStatus.HIRED, to)
        assert not may_step(side, status, ApplicationStatus.SUBMITTED)
    assert may_step(Side.APPLICANT, status, to) <= (to == ApplicationStatus.WITHDRAWN)
    assert may_step(Side.EMPLOYER, status, to) <= (to != ApplicationStatus.WITHDRAWN)


async def test_each_step_is_taken_or_refused_as_the_table_says(app: Running) -> None:
    owner = await app.employer()
    allowed = STEPS[Side.EMPLOYER]
    for begin in ("reviewed", "shortlisted", "rejected", "hired"):
        for to in _DECISIONS:
            _, application = await applied(app, owner)
            path = f"/applications/{application}"
            await owner.patch(path, status=begin, expect=200)
            answer = await owner.patch(path, status=to)
            if to == begin or to in allowed.get(ApplicationStatus(begin), ()):
                assert answer.status_code == 200
                assert answer.json()["status"] == to
            else:
                assert problem(answer, 409, "step_not_allowed")["current"] == begin


async def test_the_history_tells_the_team_who_and_the_applicant_what(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = read_letters(app, monkeypatch)
    owner = await app.employer()
    recruiter = await member(app, owner, letters)
    seeker, application = await applied(app, owner)
    path = f"/applications/{application}"
    assert await steps(owner, application) == []
    await owner.patch(path, status="reviewed", expect=200)
    await owner.patch(path, status="reviewed", expect=200)
    await recruiter.patch(path, status="shortlisted", expect=200)
    for _ in range(2):
        await seeker.post(f"{path}/withdraw", expect=200)
    taken = [
        ("shortlisted", "withdrawn", "applicant", seeker.id),
        ("reviewed", "shortlisted", "employer", recruiter.id),
        ("submitted", "reviewed", "employer", owner.id),
    ]
    for each in (owner, recruiter):
        assert await steps(each, application) == taken
    assert await steps(seeker, application) == [(*each[:3], None) for each in taken]
    first = (await owner.get(f"{path}/history?limit=2")).json()
    rest = (await owner.get(f"{path}/history?limit=2&cursor={first['next_cursor']}")).json()
    shown = [each["to_status"] for each in first["items"] + rest["items"]]
    assert shown == ["withdrawn", "shortlisted", "reviewed"]
    mine = (await seeker.get("/applications")).json()["items"][0]
    assert first["applied_at"] == mine["created_at"]
    for stranger in (await app.employer(), await app.person()):
        answer = await stranger.get(f"{path}/history", expect=None)
        problem(answer, 404, "application_not_found")
    problem(await owner.get("/applications/999/history", expect=None), 404, "application_not_found")
    problem(await app.client.get(f"{path}/history"), 401, "not_signed_in")


async def test_history_is_kept_for_all_and_shown_to_those_whose_tier_has_it(app: Running) -> None:
    owner = await app.employer(Tier.PRO)
    seeker, application = await applied(app, owner)
    path = f"/applications/{application}"
    await owner.patch(path, status="shortlisted", expect=200)
    for answer in (
        await owner.get(f"{path}/history", expect=None),
        await owner.get(f"{path}/notes", expect=None),
        await owner.post(f"{path}/notes", body="Strong hands."),
    ):
        told = problem(answer, 403, "not_in_tier")
        assert (told["feature"], told["tier"]) == ("applicant_tracking", "pro")
        assert told["upgrade_tier"] == "business"
    assert len(await steps(seeker, application)) == 1
    await app.give(owner, Tier.BUSINESS)
    assert await steps(owner, application) == [("submitted", "shortlisted", "employer", owner.id)]


async def test_history_is_only_ever_added_to(app: Running) -> None:
    owner = await app.employer()
    seeker, application = await applied(app, owner)
    await owner.patch(f"/applications/{application}", status="reviewed", expect=200)
    for statement in (
        "UPDATE application_events SET to_status = 'hired'",
        "UPDATE application_events SET actor_id = 1",
        "UPDATE application_events SET created_at = now()",
        "DELETE FROM application_events",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation):
            execute(app, statement)
    # Who acted may go with their account; all of it goes with the application.
    other = await app.person("employer")
    execute(app, "INSERT INTO application_events (application_id, actor_id, from_status, to_status)"
        " VALUES (%s, %s, 'reviewed', 'hired')", application, other.id)  # fmt: skip
    execute(app, "DELETE FROM users WHERE id = %s", other.id)
    assert (await steps(owner, application))[0] == ("reviewed", "hired", "employer", None)
    execute(app, "DELETE FROM users WHERE id = %s", seeker.id)
    assert execute(app, "SELECT count(*) FROM application_events") == [0]


async def test_two_of_the_team_who_decide_at_once_leave_one_outcome(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = read_letters(app, monkeypatch)
    owner = await app.employer()
    recruiter = await member(app, owner, letters)
    for _ in range(5):
        seeker, application = await applied(app, owner)
        path = f"/applications/{application}"
        hired, rejected = await asyncio.gather(
            owner.patch(path, status="hired"), recruiter.patch(path, status="rejected")
        )
        assert sorted([hired.status_code, rejected.status_code]) == [200, 409]
        won = "hired" if hired.status_code == 200 else "rejected"
        assert [each[1] for each in await steps(seeker, application)] == [won]
        told = (await seeker.get("/notifications")).json()["items"]
        assert [each["data"]["status"] for each in told] == [won]


async def test_withdrawing_while_it_is_decided_leaves_one_step(app: Running) -> None:
    owner = await app.employer(Tier.ENTERPRISE)
    for n in range(6):
        seeker, application = await applied(app, owner)
        job = execute(app, "SELECT job_id FROM applications WHERE id = %s", application)[0]
        decide = (
            owner.patch(f"/applications/{application}", status="hired")
            if n % 2
            else owner.post(
                f"/jobs/{job}/applications/decisions",
                application_ids=[application],
                status="hired",
            )
        )
        withdrawn, decided = await asyncio.gather(
            seeker.post(f"/applications/{application}/withdraw"), decide
        )
        end = "withdrawn" if withdrawn.status_code == 200 else "hired"
        assert [each[:2] for each in await steps(seeker, application)] == [("submitted", end)]
        if n % 2 == 0:
            outcome = decided.json()["items"][0]["outcome"]
            assert outcome == ("not_allowed" if end == "withdrawn" else "changed")


async def test_notes_are_the_teams_and_never_the_applicants(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = read_letters(app, monkeypatch)
    owner, other = await app.employer(), await app.employer()
    recruiter, second = await member(app, owner, letters), await member(app, owner, letters)
    seeker, application = await applied(app, owner)
    path = f"/applications/{application}"
    made = (await recruiter.post(f"{path}/notes", body=" Asks for much. ", expect=201)).json()
    assert (made["body"], made["author"]["id"]) == ("Asks for much.", recruiter.id)
    mine = (await owner.post(f"{path}/notes", body="Fair.", expect=201)).json()
    page = (await second.get(f"{path}/notes?limit=1")).json()
    rest = (await second.get(f"{path}/notes?limit=1&cursor={page['next_cursor']}")).json()
    assert page["items"] + rest["items"] == [mine, made]
    for answer in (
        await other.get(f"{path}/notes", expect=None),
        await other.post(f"{path}/notes", body="Mine."),
        await other.send("DELETE", f"{path}/notes/{made['id']}"),
    ):
        problem(answer, 404, "application_not_found")
    for answer in (
        await seeker.get(f"{path}/notes", expect=None),
        await seeker.post(f"{path}/notes", body="Please."),
        await seeker.send("DELETE", f"{path}/notes/{made['id']}"),
    ):
        problem(answer, 403, "employers_only")
    # Nothing an applicant reads of the application holds a word of it.
    for read in ("/applications", f"{path}/history", "/notifications"):
        assert "Asks for much" not in (await seeker.get(read)).text
    problem(await owner.post(f"{path}/notes", body=" "), 422, "invalid_request")
    problem(await second.send("DELETE", f"{path}/notes/{made['id']}"), 403, "not_your_note")
    for _ in range(2):
        await recruiter.send("DELETE", f"{path}/notes/{made['id']}", expect=204)
    problem(await recruiter.send("DELETE", f"{path}/notes/{mine['id']}"), 403, "not_your_note")
    written = (await second.post(f"{path}/notes", body="Call.", expect=201)).json()
    await owner.send("DELETE", f"{path}/notes/{written['id']}", expect=204)
    assert (await owner.get(f"{path}/notes")).json()["items"] == [mine]


async def test_a_note_goes_by_its_own_application_alone(app: Running) -> None:
    owner = await app.employer()
    (_, first), (_, second) = await applied(app, owner), await applied(app, owner)
    note = (await owner.post(f"/applications/{first}/notes", body="Yes.", expect=201)).json()
    await owner.send("DELETE", f"/applications/{second}/notes/{note['id']}", expect=204)
    assert (await owner.get(f"/applications/{second}/notes")).json()["items"] == []
    assert (await owner.get(f"/applications/{first}/notes")).json()["items"] == [note]


async def test_applications_are_counted_by_status(app: Running) -> None:
    owner, other = await app.employer(), await app.employer()
    job = await owner.job()
    path = f"/jobs/{job['id']}/applications"
    nothing = dict.fromkeys(ApplicationStatus, 0)
    assert (await owner.get(f"{path}/counts")).json() == {"total": 0, "by_status": nothing}
    made = []
    for _ in range(4):
        seeker = await app.person()
        answer = await seeker.post(path, cover_letter="Me.", expect=201)
        made.append((seeker, answer.json()["id"]))
    await owner.patch(f"/applications/{made[0][1]}", status="hired", expect=200)
    await made[1][0].post(f"/applications/{made[1][1]}/withdraw", expect=200)
    counted = (await owner.get(f"{path}/counts")).json()
    assert counted["total"] == 4
    assert counted["by_status"] == {**nothing, "hired": 1, "withdrawn": 1, "submitted": 2}
    problem(await other.get(f"{path}/counts", expect=None), 403, "not_your_job")
    problem(await made[0][0].get(f"{path}/counts", expect=None), 403, "employers_only")
    problem(await owner.get("/jobs/999/applications/counts", expect=None), 404, "job_not_found")
