"""Campaigns: from draft to end, who may do what, and to whom and where they are shown."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from reference_app.subscriptions.tiers import Tier
from tests.app.admins import administrator
from tests.app.campaigns import TARGET, asked, campaign, draft, path_of, started
from tests.app.life import Running, problem
from tests.app.rows import execute
from tests.app.statements import counted


async def test_a_campaign_from_draft_to_end(app: Running) -> None:
    owner, admin = await app.employer(), await administrator(app)
    campaign_id = await campaign(owner)
    path, desk = f"/campaigns/{campaign_id}", f"/admin/campaigns/{campaign_id}"
    assert (await owner.get(path)).json()["status"] == "draft"
    for step in ("start", "pause"):
        problem(await owner.post(f"{path}/{step}"), 409, "campaign_status")
    problem(await admin.post(f"{desk}/approve"), 409, "campaign_status")
    assert (await admin.get("/admin/campaigns")).json()["items"] == []
    await owner.post(f"{path}/submit", expect=200)
    assert [each["id"] for each in (await admin.get("/admin/campaigns")).json()["items"]] == [
        campaign_id
    ]
    problem(await owner.patch(path, text="Changed"), 409, "campaign_not_a_draft")
    rejected = (await admin.post(f"{desk}/reject", reason="Too loud.", expect=200)).json()
    assert (rejected["status"], rejected["rejection"]) == ("rejected", "Too loud.")
    changed = (await owner.patch(path, text="Quieter.", expect=200)).json()
    assert (changed["status"], changed["rejection"]) == ("draft", None)
    for _ in range(2):  # twice is once
        await owner.post(f"{path}/submit", expect=200)
    await admin.post(f"{desk}/approve", expect=200)
    assert (await asked(app)).status_code == 204
    await owner.post(f"{path}/start", expect=200)
    assert (await asked(app)).json()["text"] == "Quieter."
    await owner.post(f"{path}/pause", expect=200)
    assert (await asked(app)).status_code == 204
    await owner.post(f"{path}/start", expect=200)
    assert (await asked(app)).status_code == 200
    await owner.post(f"{path}/end", expect=200)
    assert (await asked(app)).status_code == 204
    problem(await owner.post(f"{path}/start"), 409, "campaign_status")


async def test_what_was_rejected_leads_nowhere_even_from_where_it_was_shown(app: Running) -> None:
    owner, admin = await app.employer(), await administrator(app)
    campaign_id = await started(owner, admin)
    click = path_of(await asked(app))
    assert (await app.client.get(click)).headers["location"] == TARGET
    await admin.post(f"/admin/campaigns/{campaign_id}/reject", reason="A trap.", expect=200)
    assert (await asked(app)).status_code == 204
    problem(await app.client.get(click), 404, "ad_not_found")
    await owner.patch(f"/campaigns/{campaign_id}", target_url="https://trap.example.com")
    problem(await app.client.get(click), 404, "ad_not_found")


async def test_only_its_owner_and_administrators_know_of_a_campaign(app: Running) -> None:
    owner, other, seeker = await app.employer(), await app.employer(), await app.person()
    admin = await administrator(app)
    campaign_id = await campaign(owner)
    path = f"/campaigns/{campaign_id}"
    for where in (path, f"{path}/statistics"):
        problem(await other.get(where, expect=None), 404, "campaign_not_found")
        problem(await seeker.get(where, expect=None), 403, "advertisers_only")
        problem(await app.client.get(where), 401, "not_signed_in")
        await admin.get(where)
    for step in ("submit", "start", "pause", "end"):
        problem(await other.post(f"{path}/{step}"), 404, "campaign_not_found")
        problem(await seeker.post(f"{path}/{step}"), 403, "advertisers_only")
        problem(await admin.post(f"{path}/{step}"), 404, "campaign_not_found")
    problem(await other.patch(path, text="Mine"), 404, "campaign_not_found")
    problem(await seeker.post("/campaigns", **draft()), 403, "advertisers_only")
    for person in (owner, seeker):
        for where in ("/admin/campaigns", "/admin/advertising/statistics"):
            problem(await person.get(where, expect=None), 403, "admins_only")
        problem(await person.post(f"/admin{path}/approve"), 403, "admins_only")
        problem(await person.post(f"/admin{path}/reject", reason="Mine."), 403, "admins_only")
    assert [each["id"] for each in (await owner.get("/campaigns/mine")).json()["items"]] == [
        campaign_id
    ]
    assert (await other.get("/campaigns/mine")).json()["items"] == []
    assert execute(app, "SELECT status FROM campaigns") == ["draft"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"target_url": "http://conch.example.com"},
        {"target_url": "javascript:alert(1)"},
        {"target_url": "//conch.example.com"},
        {"target_url": "https://bank.example.com@conch.example.com/"},
        {"target_url": "https://conch.example.com/" + "x" * 500},
        {"ends_at": "2020-01-01T00:00:00Z"},
        {"starts_at": "2026-01-01T00:00:00"},
        {"daily_impressions": 10_001},
        {"cpm_cents": 0},
        {"island": "atlantis"},
        {"placement": "everywhere"},
        {"status": "running"},
    ],
)
async def test_a_draft_that_makes_no_sense_is_refused(app: Running, wrong: dict[str, str]) -> None:
    owner = await app.employer()
    problem(await owner.post("/campaigns", **draft(**wrong)), 422, "invalid_request")


async def test_changes_must_fit_what_is_there(app: Running) -> None:
    owner = await app.employer()
    path = f"/campaigns/{await campaign(owner)}"
    problem(await owner.patch(path, ends_at="2020-01-01T00:00:00Z"), 400, "campaign_out_of_order")
    problem(await owner.patch(path, total_impressions=1), 400, "budget_out_of_order")
    problem(await owner.patch(path, target_url="http://conch.example.com"), 422, "invalid_request")
    problem(await owner.post("/campaigns", **draft()), 409, "campaign_exists")
    await campaign(owner, title="Lobster")
    problem(await owner.patch(path, title="Lobster"), 409, "campaign_exists")
    assert (await owner.get(path)).json()["title"] == "Conch fritters"
    over = {"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-02T00:00:00Z"}
    await owner.patch(path, expect=200, **over)
    problem(await owner.post(f"{path}/submit"), 409, "campaign_over")


async def test_a_campaign_is_shown_where_it_fits(app: Running) -> None:
    owner, admin = await app.employer(), await administrator(app)
    on_exuma = await started(owner, admin, title="Exuma", island="exuma", placement="jobs")
    assert (await asked(app)).status_code == 204
    assert (await asked(app, "placement=jobs&island=abaco")).status_code == 204
    assert (await asked(app, "placement=feed&island=exuma")).status_code == 204
    fits = await asked(app, "placement=jobs&island=exuma&category=plumbing")
    assert fits.json()["campaign_id"] == on_exuma
    plumbing = await started(owner, admin, title="Pipes", category="plumbing")
    assert (await asked(app, "placement=feed&category=plumbing")).json()["campaign_id"] == plumbing
    assert (await asked(app, "placement=feed&category=tourism")).status_code == 204
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await started(owner, admin, title="Tomorrow", starts_at=later)
    assert (await asked(app, "placement=feed")).status_code == 204
    for query in ("", "placement=moon", "placement=jobs&island=atlantis"):
        problem(await asked(app, query), 422, "invalid_request")


async def test_the_higher_the_bid_the_oftener_shown(app: Running) -> None:
    owner, admin = await app.employer(), await administrator(app)
    low = await started(owner, admin, title="Low", cpm_cents=100)
    high = await started(owner, admin, title="High", cpm_cents=900)
    shown = [(await asked(app)).json()["campaign_id"] for _ in range(200)]
    # Nine in ten: fewer than 140 would happen less than once in a hundred million times.
    assert shown.count(high) > 140
    assert low in shown


async def test_whose_tier_has_none_is_shown_none_and_not_counted(app: Running) -> None:
    owner, admin = await app.employer(), await administrator(app)
    await started(owner, admin)
    free = await app.person()
    assert (await free.get("/ads?placement=jobs")).json()["title"] == "Conch fritters"
    paying = []
    for tier in (Tier.PRO, Tier.BUSINESS, Tier.ENTERPRISE):
        person = await app.person()
        await app.give(person, tier)
        paying.append(person)
    counts = app.board.ads.tally._days[app.board.ads.tally.today()]
    before = (dict(counts.shown), set(counts.people))
    for person in paying:
        answer = await person.get("/ads?placement=jobs", expect=204)
        assert answer.content == b""
    counts = app.board.ads.tally._days[app.board.ads.tally.today()]
    assert (dict(counts.shown), set(counts.people) - before[1]) == (before[0], set())


async def test_a_tier_that_begins_or_runs_out_is_known_at_once(app: Running) -> None:
    owner, admin = await app.employer(), await administrator(app)
    await started(owner, admin)
    person = await app.person()
    assert (await person.get("/ads?placement=jobs")).status_code == 200
    await app.give(person, Tier.PRO)
    await person.get("/ads?placement=jobs", expect=204)
    other = await app.person()
    soon = datetime.now(UTC) + timedelta(seconds=2)
    execute(
        app,
        "INSERT INTO subscriptions (user_id, tier, billing_interval, status, entitled_until)"
        " VALUES (%s, 'pro', 'month', 'past_due', %s)",
        other.id,
        soon,
    )
    if (await other.get("/ads?placement=jobs", expect=None)).status_code == 200:
        assert datetime.now(UTC) >= soon  # a machine this busy
    await asyncio.sleep(2)
    assert (await other.get("/ads?placement=jobs")).status_code == 200


async def test_an_impression_asks_no_database_and_a_click_once(app: Running) -> None:
    owner, admin = await app.employer(), await administrator(app)
    for number in range(12):
        await started(owner, admin, title=f"Number {number}")
    person = await app.person()
    for path in ("/campaigns/mine?limit=100", f"/campaigns/{1}", "/campaigns/1/statistics"):
        with counted() as statements:
            await owner.get(path)
        assert len(statements) == 1, statements
    for path in ("/admin/campaigns", "/admin/advertising/statistics"):
        with counted() as statements:
            await admin.get(path)
        assert len(statements) == 1, statements
    await person.get("/ads?placement=jobs")
    await asked(app)
    with counted() as statements:
        for _ in range(5):
            await person.get("/ads?placement=jobs")
            await asked(app)
    # What the chores do meanwhile is not the impressions' doing.
    assert not [each for each in statements if each.lstrip().startswith("SELECT")], statements
    click = path_of(await asked(app))
    with counted() as statements:
        await app.client.get(click)
    assert len(statements) == 1, statements


async def test_campaigns_of_suspended_people_are_not_listed(app: Running) -> None:
    owner, admin = await app.employer(), await administrator(app)
    campaign_id = await started(owner, admin)
    execute(app, "UPDATE users SET suspended_at = now() WHERE id = %s", owner.id)
    await admin.post(f"/admin/campaigns/{campaign_id}/approve")  # no step, the list is as it was
    other = await app.employer()
    await started(other, admin, title="Other")
    for _ in range(10):
        assert (await asked(app)).json()["title"] == "Other"


async def test_what_is_past_its_time_or_budget_ends(app: Running) -> None:
    owner, admin = await app.employer(), await administrator(app)
    over, spent, going = [await started(owner, admin, title=f"Ad {each}") for each in "abc"]
    execute(
        app,
        "UPDATE campaigns SET starts_at = now() - interval '2 days',"
        " ends_at = now() - interval '1 day' WHERE id = %s",
        over,
    )
    execute(
        app,
        "INSERT INTO campaign_days (campaign_id, day, impressions)"
        " VALUES (%s, current_date - 1, 4000), (%s, current_date, 6000)",
        spent,
        spent,
    )
    await app.board.ads.end_finished()
    statuses = execute(app, "SELECT status FROM campaigns ORDER BY id")
    assert statuses == ["ended", "ended", "running"]
    for _ in range(10):
        assert (await asked(app)).json()["campaign_id"] == going
