"""A company's team: invited, joined, what its members may do, and how it ends."""

import asyncio

import pytest

from reference_app.kit.tokens import refresh_token_hash
from reference_app.subscriptions.tiers import Tier
from tests.app.life import Person, Running, problem
from tests.app.rows import execute
from tests.app.teams import Letter, invite, member, read_letters

ACCEPT, DECLINE = "/companies/invitations/accept", "/companies/invitations/decline"


@pytest.fixture
def letters(app: Running, monkeypatch: pytest.MonkeyPatch) -> list[Letter]:
    return read_letters(app, monkeypatch)


async def members(asker: Person) -> list[tuple[int, str, bool]]:
    page = (await asker.get(f"/companies/{asker.company['id']}/members")).json()
    return [(item["user"]["id"], item["role"], item["has_seat"]) for item in page["items"]]


async def test_who_is_invited_by_letter_joins_once(app: Running, letters: list[Letter]) -> None:
    owner, person = await app.employer(), await app.person("employer")
    shown = await invite(owner, person.user["email"].upper(), "manager")
    assert (shown["email"], shown["role"]) == (person.user["email"], "manager")
    assert "token" not in shown
    (letter,) = letters
    assert letter.to == person.user["email"]
    assert letter.text.count("http://localhost:5173/invitations#token=") == 1
    # The token itself is nowhere in the database.
    assert execute(app, "SELECT token_hash FROM company_invitations") == [
        refresh_token_hash(letter.token)
    ]
    answers = await asyncio.gather(*(person.post(ACCEPT, token=letter.token) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert execute(app, "SELECT count(*) FROM company_members") == [1]
    assert await members(owner) == [(person.id, "manager", True)]
    told = (await owner.get("/notifications")).json()["items"]
    assert [(each["kind"], each["data"]["user_id"]) for each in told] == [
        ("member_joined", person.id)
    ]
    (mine,) = (await person.get("/companies/mine")).json()["items"]
    assert mine["company"]["id"] == owner.company["id"]
    assert (mine["role"], mine["has_seat"]) == ("manager", True)
    page = (await owner.get(f"/companies/{owner.company['id']}/members")).json()
    assert (page["seats"], page["taken"]) == (5, 2)


async def test_a_letter_is_good_for_the_invited_address_alone(
    app: Running, letters: list[Letter]
) -> None:
    owner, other, seeker = await app.employer(), await app.person("employer"), await app.person()
    await invite(owner, "someone.new@example.com")
    token = letters[0].token
    problem(await other.post(ACCEPT, token=token), 403, "not_your_invitation")
    problem(await seeker.post(ACCEPT, token=token), 403, "employers_only")
    problem(await app.client.post(ACCEPT, json={"token": token}), 401, "not_signed_in")
    problem(await other.post(ACCEPT, token=token[:-1]), 404, "invitation_not_found")
    assert await members(owner) == []
    # Who registers afterwards can use it.
    invited = await app.person("employer", email="Someone.New@example.com")
    await invited.post(ACCEPT, token=token, expect=200)
    assert [each[0] for each in await members(owner)] == [invited.id]


async def test_an_invitation_ends_declined_revoked_or_expired(
    app: Running, letters: list[Letter]
) -> None:
    owner, person = await app.employer(), await app.person("employer")
    email, path = person.user["email"], f"/companies/{owner.company['id']}/invitations"
    await invite(owner, email)
    for _ in range(2):
        answer = await app.client.post(DECLINE, json={"token": letters[0].token})
        assert answer.status_code == 204
    second = await invite(owner, email)
    for _ in range(2):
        await owner.send("DELETE", f"{path}/{second['id']}", expect=204)
    await invite(owner, email)
    execute(app, "UPDATE company_invitations SET expires_at = now() WHERE status = 'pending'")
    assert (await owner.get(path)).json()["items"] == []
    for letter in letters:
        problem(await person.post(ACCEPT, token=letter.token), 404, "invitation_not_found")
    for letter in letters[1:]:
        answer = await app.client.post(DECLINE, json={"token": letter.token})
        problem(answer, 404, "invitation_not_found")
    # None of them is in the way of the next one, nor holds a seat.
    fourth = await invite(owner, email)
    assert [item["id"] for item in (await owner.get(path)).json()["items"]] == [fourth["id"]]
    await person.post(ACCEPT, token=letters[-1].token, expect=200)
    problem(
        await app.client.post(DECLINE, json={"token": letters[-1].token}),
        404,
        "invitation_not_found",
    )


async def test_inviting_says_nothing_of_who_has_an_account(
    app: Running, letters: list[Letter]
) -> None:
    owner, person = await app.employer(), await app.person("employer")
    known = await invite(owner, person.user["email"])
    unknown = await invite(owner, "nobody.yet@example.com")
    assert known.keys() == unknown.keys()
    assert letters[0].text.replace(letters[0].token, "") == letters[1].text.replace(
        letters[1].token, ""
    )
    path = f"/companies/{owner.company['id']}/invitations"
    again = await owner.post(path, email="nobody.yet@example.com", role="manager")
    problem(again, 409, "already_invited")
    problem(
        await owner.post(path, email=owner.user["email"], role="manager"), 409, "already_member"
    )
    await person.post(ACCEPT, token=letters[0].token, expect=200)
    answer = await owner.post(path, email=person.user["email"], role="manager")
    problem(answer, 409, "already_member")
    assert len(letters) == 2


async def test_a_letter_does_not_go_out_for_what_is_refused(
    app: Running, letters: list[Letter]
) -> None:
    owner, other = await app.employer(Tier.PRO), await app.employer()
    path = f"/companies/{owner.company['id']}/invitations"
    wanted = {"email": "x@example.com", "role": "recruiter"}
    told = problem(await owner.post(path, **wanted), 403, "quota_exceeded")
    assert (told["feature"], told["limit"], told["used"]) == ("team_seats", 1, 1)
    assert (told["tier"], told["upgrade_tier"]) == ("pro", "business")
    problem(await other.post(path, **wanted), 403, "not_your_company")
    problem(await other.post("/companies/999/invitations", **wanted), 404, "company_not_found")
    problem(await owner.post(path, email="x", role="recruiter"), 422, "invalid_request")
    problem(await owner.post(path, email="x@example.com", role="owner"), 422, "invalid_request")
    assert letters == []


async def test_nobody_has_us_write_letters_without_end(app: Running, letters: list[Letter]) -> None:
    owner = await app.employer(Tier.ENTERPRISE)
    execute(
        app,
        "INSERT INTO company_invitations (company_id, email, role, token_hash, status, expires_at,"
        " decided_at) SELECT %s, n || '@example.com', 'manager', decode(md5(n::text), 'hex'),"
        " 'revoked', now(), now() FROM generate_series(1, 50) AS n",
        owner.company["id"],
    )
    path = f"/companies/{owner.company['id']}/invitations"
    answer = await owner.post(path, email="one.more@example.com", role="manager")
    problem(answer, 429, "too_many_invitations")
    assert int(answer.headers["retry-after"]) > 0
    execute(app, "UPDATE company_invitations SET created_at = now() - interval '25 hours'")
    await invite(owner, "one.more@example.com")
    assert len(letters) == 1


async def test_a_company_name_cannot_write_its_own_headers(
    app: Running, letters: list[Letter]
) -> None:
    owner = await app.employer()
    path = f"/companies/{owner.company['id']}"
    await owner.patch(path, name="Conch\r\nBcc: all@example.com", expect=200)
    await invite(owner, "x@example.com")
    assert "\n" not in letters[0].subject
    assert "\r" not in letters[0].subject


async def test_what_each_role_may_do(app: Running, letters: list[Letter]) -> None:
    owner = await app.employer()
    manager = await member(app, owner, letters, "manager")
    recruiter = await member(app, owner, letters)
    stranger = await app.employer()
    path = f"/companies/{owner.company['id']}"
    draft = await recruiter.job(published=False)
    assert draft["employer_id"] == owner.id
    job = (await manager.post(f"/jobs/{draft['id']}/publish", expect=200)).json()
    await recruiter.patch(f"/jobs/{job['id']}", title="Better plumber", expect=200)
    seeker = await app.person()
    letter = {"cover_letter": "Me."}
    sent = (await seeker.post(f"/jobs/{job['id']}/applications", expect=201, **letter)).json()
    for each in (owner, manager, recruiter):
        page = (await each.get(f"/jobs/{job['id']}/applications")).json()
        assert [item["id"] for item in page["items"]] == [sent["id"]]
        assert [item["id"] for item in (await each.get("/jobs/mine")).json()["items"]] == [
            job["id"]
        ]
        assert len(await members(each)) == 2
    await recruiter.patch(f"/applications/{sent['id']}", status="shortlisted", expect=200)
    # The page is the manager's too, the team the owner's alone.
    await manager.patch(path, description="Shells.", expect=200)
    await manager.send("PUT", f"{path}/profile", {"about": "Shells."}, expect=200)
    problem(await recruiter.patch(path, description="?"), 403, "not_in_your_role")
    answer = await recruiter.send("PUT", f"{path}/profile", {"about": "?"})
    problem(answer, 403, "not_in_your_role")
    await manager.post("/posts", body="We hire.", company_id=owner.company["id"], expect=201)
    answer = await recruiter.post("/posts", body="Me!", company_id=owner.company["id"])
    problem(answer, 403, "not_in_your_role")
    for each in (manager, recruiter):
        wanted = {"email": "friend@example.com", "role": "manager"}
        problem(await each.post(f"{path}/invitations", **wanted), 403, "not_in_your_role")
        problem(await each.get(f"{path}/invitations", expect=None), 403, "not_in_your_role")
        answer = await each.patch(f"{path}/members/{recruiter.id}", role="manager")
        problem(answer, 403, "not_in_your_role")
    answer = await manager.send("DELETE", f"{path}/members/{recruiter.id}")
    problem(answer, 403, "not_in_your_role")
    # And nothing of it a stranger's.
    problem(await stranger.get(f"{path}/members", expect=None), 403, "not_your_company")
    problem(await stranger.patch(path, description="?"), 403, "not_your_company")
    problem(await stranger.post(f"/jobs/{job['id']}/close"), 403, "not_your_job")
    assert (await stranger.get("/jobs/mine")).json()["items"] == []


async def test_a_draft_is_its_teams_alone(app: Running, letters: list[Letter]) -> None:
    owner, stranger = await app.employer(), await app.employer()
    recruiter = await member(app, owner, letters)
    draft = await owner.job(published=False)
    applications = f"/jobs/{draft['id']}/applications"
    assert (await recruiter.get(applications)).json()["items"] == []
    problem(await stranger.get(applications, expect=None), 404, "job_not_found")
    problem(await stranger.get(f"{applications}/counts", expect=None), 404, "job_not_found")
    problem(await stranger.post(f"/jobs/{draft['id']}/publish"), 404, "job_not_found")


async def test_a_member_writes_to_applicants_as_the_owner_would(
    app: Running, letters: list[Letter]
) -> None:
    owner, seeker, stranger = await app.employer(), await app.person(), await app.person("employer")
    recruiter = await member(app, owner, letters)
    job = await owner.job()
    await seeker.post(f"/jobs/{job['id']}/applications", cover_letter="Me.", expect=201)
    key = "0123456789abcdef"
    sent = {"recipient_id": seeker.id, "body": "Come by.", "key": key}
    await recruiter.post("/conversations", expect=201, **sent)
    problem(await stranger.post("/conversations", **sent), 403, "not_in_tier")


async def test_a_role_changes_and_a_membership_ends_at_once(
    app: Running, letters: list[Letter]
) -> None:
    owner = await app.employer()
    one, two = await member(app, owner, letters), await member(app, owner, letters)
    path = f"/companies/{owner.company['id']}/members"
    changed = (await owner.patch(f"{path}/{one.id}", role="manager", expect=200)).json()
    assert (changed["user"]["id"], changed["role"]) == (one.id, "manager")
    await one.patch(f"/companies/{owner.company['id']}", description="Mine too.", expect=200)
    job = await one.job()
    problem(await owner.patch(f"{path}/999", role="manager"), 404, "member_not_found")
    for _ in range(2):
        await owner.send("DELETE", f"{path}/{one.id}", expect=204)
        await two.send("DELETE", f"{path}/{two.id}", expect=204)
    for gone in (one, two):
        problem(await gone.patch(f"/jobs/{job['id']}", title="Mine"), 403, "not_your_job")
        answer = await gone.get(f"/jobs/{job['id']}/applications", expect=None)
        problem(answer, 403, "not_your_job")
        problem(await gone.get(path, expect=None), 403, "not_your_company")
        assert (await gone.get("/companies/mine")).json()["items"] == []
    # What a member posted stays the company's, even when their account goes.
    execute(app, "DELETE FROM users WHERE id = %s", one.id)
    assert (await app.client.get(f"/jobs/{job['id']}")).status_code == 200
    # An old letter does not bring anyone back.
    problem(await two.post(ACCEPT, token=letters[1].token), 404, "member_not_found")


async def test_members_come_in_pages_the_first_to_join_first(
    app: Running, letters: list[Letter]
) -> None:
    owner = await app.employer()
    joined = [(await member(app, owner, letters)).id for _ in range(3)]
    await invite(owner, "fourth@example.com")
    path = f"/companies/{owner.company['id']}/members"
    first = (await owner.get(f"{path}?limit=2")).json()
    second = (await owner.get(f"{path}?limit=2&cursor={first['next_cursor']}")).json()
    shown = [item["user"]["id"] for item in first["items"] + second["items"]]
    assert shown == joined
    assert second["next_cursor"] is None
    assert first["taken"] == 5
    path = f"/companies/{owner.company['id']}/invitations"
    page = (await owner.get(f"{path}?limit=1")).json()
    assert [item["email"] for item in page["items"]] == ["fourth@example.com"]
    assert page["next_cursor"] is None
