"""Seats hold, however many come together, and a lapsed tier takes access but deletes nothing."""

import asyncio
import secrets
from collections import Counter

import pytest

from reference_app.companies import team
from reference_app.kit.tokens import refresh_token_hash
from reference_app.subscriptions.tiers import Tier
from tests.app.conftest import RunApp
from tests.app.life import Person, Running, problem
from tests.app.rows import execute
from tests.app.teams import Letter, invite, member, read_letters

ACCEPT = "/companies/invitations/accept"


@pytest.fixture
def letters(app: Running, monkeypatch: pytest.MonkeyPatch) -> list[Letter]:
    return read_letters(app, monkeypatch)


def lapse(app: Running, owner: Person) -> None:
    """The owner's subscription ends, behind the app's back."""
    execute(app, "UPDATE subscriptions SET status = 'canceled' WHERE user_id = %s", owner.id)


def invited(app: Running, owner: Person, email: str) -> str:
    """The token of an invitation from when the owner's tier allowed more."""
    token = secrets.token_urlsafe(32)
    execute(
        app,
        "INSERT INTO company_invitations (company_id, email, role, token_hash, expires_at)"
        " VALUES (%s, %s, 'recruiter', %s, now() + interval '1 day')",
        owner.company["id"],
        email,
        refresh_token_hash(token),
    )
    return token


async def test_of_a_hundred_who_accept_together_the_seats_go_to_as_many(run_app: RunApp) -> None:
    async with run_app() as app:
        owner = await app.employer(Tier.BUSINESS)
        people = [await app.person("employer") for _ in range(100)]
        tokens = [invited(app, owner, person.user["email"]) for person in people]
        answers = await asyncio.gather(
            *(
                person.post(ACCEPT, token=token)
                for person, token in zip(people, tokens, strict=True)
            )
        )
        assert Counter(answer.status_code for answer in answers) == {200: 4, 403: 96}
        refused = next(answer for answer in answers if answer.status_code == 403)
        told = problem(refused, 403, "quota_exceeded")
        assert (told["feature"], told["limit"], told["used"]) == ("team_seats", 5, 5)
        assert execute(app, "SELECT count(*) FROM company_members") == [4]
        # Who found no seat still has the invitation, for when there is one.
        pending = "SELECT count(*) FROM company_invitations WHERE status = 'pending'"
        assert execute(app, pending) == [96]


async def test_of_many_invited_together_as_many_as_there_are_seats(run_app: RunApp) -> None:
    async with run_app() as app:
        owner = await app.employer(Tier.BUSINESS)
        path = f"/companies/{owner.company['id']}/invitations"
        # A second company of the same owner has no seats of its own.
        second = (await owner.post("/companies", name="Reef Ltd", expect=201)).json()
        paths = [path, f"/companies/{second['id']}/invitations"]
        answers = await asyncio.gather(
            *(
                owner.post(paths[n % 2], email=f"guest{n}@example.com", role="recruiter")
                for n in range(30)
            )
        )
        assert Counter(answer.status_code for answer in answers) == {201: 4, 403: 26}


async def test_a_seat_given_back_can_be_given_again(app: Running, letters: list[Letter]) -> None:
    owner = await app.employer(Tier.BUSINESS)
    team_of = [await member(app, owner, letters) for _ in range(4)]
    path = f"/companies/{owner.company['id']}"
    wanted = {"email": "fifth@example.com", "role": "recruiter"}
    problem(await owner.post(f"{path}/invitations", **wanted), 403, "quota_exceeded")
    await owner.send("DELETE", f"{path}/members/{team_of[0].id}", expect=204)
    shown = await invite(owner, "fifth@example.com")
    problem(
        await owner.post(f"{path}/invitations", email="sixth@example.com", role="recruiter"),
        403,
        "quota_exceeded",
    )
    await owner.send("DELETE", f"{path}/invitations/{shown['id']}", expect=204)
    await invite(owner, "sixth@example.com")


async def test_when_the_tier_lapses_members_lose_access_and_get_it_back(
    app: Running, letters: list[Letter]
) -> None:
    owner = await app.employer(Tier.BUSINESS)
    first, second = await member(app, owner, letters), await member(app, owner, letters)
    job = await first.job()
    seeker = await app.person()
    sent = await seeker.post(f"/jobs/{job['id']}/applications", cover_letter="Me.", expect=201)
    lapse(app, owner)
    for each in (first, second):
        problem(await each.patch(f"/jobs/{job['id']}", title="Still"), 403, "not_your_job")
        answer = await each.get(f"/jobs/{job['id']}/applications", expect=None)
        problem(answer, 403, "not_your_job")
        answer = await each.patch(f"/applications/{sent.json()['id']}", status="hired")
        problem(answer, 404, "application_not_found")
        assert (await each.get("/jobs/mine")).json()["items"] == []
        (mine,) = (await each.get("/companies/mine")).json()["items"]
        assert (mine["company"]["id"], mine["has_seat"]) == (owner.company["id"], False)
    # The owner's own seat is always there, and shows who is left without.
    page = (await owner.get(f"/companies/{owner.company['id']}/members")).json()
    assert [item["has_seat"] for item in page["items"]] == [False, False]
    assert (page["seats"], page["taken"]) == (1, 3)
    await owner.patch(f"/jobs/{job['id']}", title="Ours", expect=200)
    # Whoever is without a seat can leave all the same.
    path = f"/companies/{owner.company['id']}/members/{first.id}"
    await first.send("DELETE", path, expect=204)
    await app.give(owner, Tier.BUSINESS)
    await second.patch(f"/jobs/{job['id']}", title="Again", expect=200)


async def test_of_a_team_too_large_the_first_to_join_keep_their_seats(
    app: Running, letters: list[Letter]
) -> None:
    owner = await app.employer(Tier.ENTERPRISE)
    people = [await member(app, owner, letters) for _ in range(6)]
    lapse(app, owner)
    await app.give(owner, Tier.BUSINESS)
    job = await owner.job()
    answers = [await each.patch(f"/jobs/{job['id']}", title="Plumber") for each in people]
    assert [answer.status_code for answer in answers] == [200] * 4 + [403] * 2
    # One of the first leaves, the next in order moves up.
    path = f"/companies/{owner.company['id']}/members/{people[0].id}"
    await people[0].send("DELETE", path, expect=204)
    answers = [await each.patch(f"/jobs/{job['id']}", title="Plumber") for each in people]
    assert [answer.status_code for answer in answers] == [403] + [200] * 4 + [403]


async def test_jobs_of_the_team_count_against_the_owners_tier(
    app: Running, letters: list[Letter]
) -> None:
    owner = await app.employer(Tier.BUSINESS)
    recruiter = await member(app, owner, letters)
    own = (await recruiter.post("/companies", name="Own Ltd", expect=201)).json()
    # The owner's tier decides: the member's own is Free, which allows one.
    for _ in range(3):
        await recruiter.job()
    recruiter.company = own
    await recruiter.job()
    draft = await recruiter.job(published=False)
    told = problem(await recruiter.post(f"/jobs/{draft['id']}/publish"), 403, "quota_exceeded")
    assert (told["tier"], told["used"]) == ("free", 1)


async def test_open_jobs_are_counted_over_all_companies_of_the_owner(
    app: Running, letters: list[Letter]
) -> None:
    owner = await app.employer(Tier.BUSINESS)
    recruiter = await member(app, owner, letters)
    for each in (owner, owner, recruiter, recruiter):
        await each.job()
    second = (await owner.post("/companies", name="Reef Ltd", expect=201)).json()
    drafts = [await recruiter.job(published=False) for _ in range(3)]
    drafts.append(await owner.job(published=False, company_id=second["id"]))
    # Five jobs, over both companies; what the member posted counts as well.
    lapse(app, owner)
    await app.give(owner, Tier.PRO)
    answers = await asyncio.gather(
        *(owner.post(f"/jobs/{draft['id']}/publish") for draft in drafts)
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 403: 3}
    counted = "SELECT count(*) FROM jobs WHERE status = 'published'"
    assert execute(app, counted) == [5]


async def test_accepting_and_revoking_at_once_leave_one_outcome(
    app: Running, letters: list[Letter]
) -> None:
    owner = await app.employer(Tier.ENTERPRISE)
    for n in range(5):
        person = await app.person("employer")
        shown = await invite(owner, person.user["email"])
        path = f"/companies/{owner.company['id']}/invitations/{shown['id']}"
        accepted, revoked = await asyncio.gather(
            person.post(ACCEPT, token=letters[n].token), owner.send("DELETE", path)
        )
        assert revoked.status_code == 204
        status = execute(app, "SELECT status FROM company_invitations WHERE id = %s", shown["id"])
        joined = execute(app, "SELECT 1 FROM company_members WHERE user_id = %s", person.id)
        if accepted.status_code == 200:
            assert (status, joined) == (["accepted"], [1])
        else:
            problem(accepted, 404, "invitation_not_found")
            assert (status, joined) == (["revoked"], [])


async def test_addresses_of_the_invited_are_not_kept(app: Running, letters: list[Letter]) -> None:
    owner = await app.employer()
    await invite(owner, "old@example.com")
    await invite(owner, "new@example.com")
    execute(
        app,
        "UPDATE company_invitations SET created_at = now() - interval '31 days'"
        " WHERE email = 'old@example.com'",
    )
    await team.forgetting(app.board.database).work()
    assert execute(app, "SELECT email FROM company_invitations") == ["new@example.com"]
