"""Limits hold, however many ask together."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from reference_app.subscriptions.entitlements import (
    EntitlementRefusedError,
    Feature,
    Tier,
    require,
    spend,
    tier_of,
)
from reference_app.subscriptions.models import FeatureUsage, Subscription
from tests.app.conftest import RunApp
from tests.app.life import Person, Running, problem


async def _acquainted(app: Running, tier: Tier = Tier.FREE) -> tuple[Person, Person]:
    """Someone who may write to an employer, having applied for their job."""
    employer, seeker = await app.employer(), await app.person()
    await app.give(seeker, tier)
    job = await employer.job()
    await seeker.post(f"/jobs/{job['id']}/applications", cover_letter="Me!", expect=201)
    return seeker, employer


async def test_of_a_hundred_together_exactly_the_quota_goes_through(run_app: RunApp) -> None:
    # All hundred wait for a connection, however busy the machine is.
    async with run_app() as app:
        await _a_hundred_messages(app)


async def _a_hundred_messages(app: Running) -> None:
    seeker, employer = await _acquainted(app)
    answers = await asyncio.gather(
        *(
            seeker.post("/conversations", recipient_id=employer.id, body="Hello", key=str(uuid4()))
            for n in range(100)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {201: 10, 403: 90}
    refused = next(answer for answer in answers if answer.status_code == 403)
    told = problem(refused, 403, "quota_exceeded")
    assert {name: told[name] for name in ("feature", "limit", "used", "tier", "upgrade_tier")} == {
        "feature": "messages",
        "limit": 10,
        "used": 10,
        "tier": "free",
        "upgrade_tier": "pro",
    }
    async with app.board.database.writing() as session:
        sent = (await session.execute(text("SELECT count(*) FROM messages"))).scalar_one()
    assert sent == 10


async def test_what_is_refused_or_fails_uses_nothing_up(app: Running) -> None:
    person = await app.person()
    database = app.board.database

    async def post_twice() -> None:
        async with database.writing() as session:
            await spend(session, person.id, Feature.POSTS, 3)
            await spend(session, person.id, Feature.POSTS, 3)

    with pytest.raises(EntitlementRefusedError):
        await post_twice()
    async with database.writing() as session:
        await spend(session, person.id, Feature.POSTS, 5)
    with pytest.raises(EntitlementRefusedError) as refused:
        async with database.writing() as session:
            await spend(session, person.id, Feature.POSTS)
    assert refused.value.members["used"] == 5


async def test_more_than_the_whole_quota_is_refused_at_once(app: Running) -> None:
    person = await app.person()
    with pytest.raises(EntitlementRefusedError):
        async with app.board.database.writing() as session:
            await spend(session, person.id, Feature.POSTS, 6)


async def test_a_new_month_begins_with_nothing_used(app: Running) -> None:
    person = await app.person()
    last_month = datetime.now(UTC).replace(day=1) - timedelta(days=3)
    async with app.board.database.writing() as session:
        session.add(
            FeatureUsage(
                user_id=person.id,
                feature="posts",
                period_start=last_month.replace(day=1, hour=0, minute=0, second=0, microsecond=0),
                used=5,
            )
        )
    async with app.board.database.writing() as session:
        await spend(session, person.id, Feature.POSTS, 5)


async def test_a_billing_period_has_its_own_count(app: Running) -> None:
    person = await app.person()
    began = datetime.now(UTC) - timedelta(days=45)
    async with app.board.database.writing() as session:
        session.wrote_for(person.id)
        session.add(
            Subscription(
                user_id=person.id,
                tier="pro",
                billing_interval="year",
                status="active",
                current_period_start=began,
                current_period_end=began + timedelta(days=365),
            )
        )
        session.add(FeatureUsage(user_id=person.id, feature="inmail", period_start=began, used=5))
    async with app.board.database.writing() as session:
        session.wrote_for(person.id)
        await spend(session, person.id, Feature.INMAIL, 2)
    usage = (await person.get("/subscriptions/me")).json()["usage"]
    inmail = next(use for use in usage if use["feature"] == "inmail")
    assert (inmail["limit"], inmail["used"]) == (5, 2)
    resets_at = datetime.fromisoformat(inmail["resets_at"])
    assert datetime.now(UTC) < resets_at < datetime.now(UTC) + timedelta(days=31)


async def test_strangers_take_inmail_which_pro_has_five_of(app: Running) -> None:
    free, pro = await app.person(), await app.person()
    await app.give(pro, Tier.PRO)
    strangers = [await app.person() for _ in range(8)]
    told = problem(
        await free.post(
            "/conversations", recipient_id=strangers[0].id, body="Hello", key=str(uuid4())
        ),
        403,
        "not_in_tier",
    )
    assert (told["feature"], told["limit"], told["upgrade_tier"]) == ("inmail", 0, "pro")
    answers = await asyncio.gather(
        *(
            pro.post("/conversations", recipient_id=one.id, body="Hello", key=str(uuid4()))
            for one in strangers
        )
    )
    assert Counter(answer.status_code for answer in answers) == {201: 5, 403: 3}


async def test_open_jobs_are_counted_when_many_are_published_together(app: Running) -> None:
    owner = await app.employer(Tier.PRO)
    drafts = [await owner.job(published=False) for _ in range(12)]
    answers = await asyncio.gather(
        *(owner.post(f"/jobs/{draft['id']}/publish") for draft in drafts)
    )
    assert Counter(answer.status_code for answer in answers) == {200: 5, 403: 7}
    told = problem(
        next(answer for answer in answers if answer.status_code == 403), 403, "quota_exceeded"
    )
    assert (told["feature"], told["limit"], told["used"], told["tier"], told["upgrade_tier"]) == (
        "active_jobs",
        5,
        5,
        "pro",
        "business",
    )
    usage = (await owner.get("/subscriptions/me")).json()["usage"]
    assert {use["feature"]: use["used"] for use in usage}["active_jobs"] == 5


async def test_what_is_used_of_each_limit_is_told(app: Running) -> None:
    person = await app.person()
    usage = (await person.get("/subscriptions/me")).json()["usage"]
    assert {use["feature"]: (use["used"], use["limit"]) for use in usage} == {
        "messages": (0, 10),
        "posts": (0, 5),
        "inmail": (0, 0),
        "active_jobs": (0, 1),
        "connections": (0, 100),
    }
    assert {use["feature"] for use in usage if use["resets_at"] is None} == {
        "active_jobs",
        "connections",
    }


async def test_closing_a_job_makes_room_and_reopening_an_expired_one_needs_it(
    app: Running,
) -> None:
    owner = await app.employer(Tier.FREE)
    job, other = await owner.job(), await owner.job(published=False)
    problem(await owner.post(f"/jobs/{other['id']}/publish"), 403, "quota_exceeded")
    await owner.patch(f"/jobs/{job['id']}", expires_at="2020-01-01T00:00:00Z", expect=200)
    await owner.post(f"/jobs/{other['id']}/publish", expect=200)
    later = "2100-01-01T00:00:00Z"
    problem(await owner.patch(f"/jobs/{job['id']}", expires_at=later), 403, "quota_exceeded")
    await owner.patch(f"/jobs/{job['id']}", title="Still expired", expect=200)
    await owner.post(f"/jobs/{other['id']}/close", expect=200)
    await owner.patch(f"/jobs/{job['id']}", expires_at=later, expect=200)


async def test_publishing_again_what_is_published_takes_no_room(app: Running) -> None:
    owner = await app.employer(Tier.FREE)
    job = await owner.job()
    await owner.post(f"/jobs/{job['id']}/publish", expect=200)


@pytest.mark.parametrize(
    ("status", "entitled_for", "tier"),
    [
        ("active", None, Tier.PRO),
        ("trialing", timedelta(days=1), Tier.PRO),
        ("past_due", timedelta(days=1), Tier.PRO),
        ("past_due", timedelta(seconds=-1), Tier.FREE),
        ("active", timedelta(seconds=-1), Tier.FREE),
        ("incomplete", None, Tier.FREE),
        ("canceled", None, Tier.FREE),
    ],
)
async def test_only_a_subscription_that_counts_gives_its_tier(
    app: Running, status: str, entitled_for: timedelta | None, tier: Tier
) -> None:
    person = await app.person()
    until = None if entitled_for is None else datetime.now(UTC) + entitled_for
    given: dict[str, Any] = {"status": status, "entitled_until": until}
    async with app.board.database.writing() as session:
        session.add(Subscription(user_id=person.id, tier="pro", billing_interval="month", **given))
    async with app.board.database.writing() as session:
        assert await tier_of(session, person.id) == tier


async def test_a_gate_names_the_tier_that_opens_it(app: Running) -> None:
    person = await app.person()
    await app.give(person, Tier.PRO)
    async with app.board.database.writing() as session:
        await require(session, person.id, Feature.ADVANCED_SEARCH)
        with pytest.raises(EntitlementRefusedError) as refused:
            await require(session, person.id, Feature.COMPANY_PAGE)
    assert refused.value.members == {
        "feature": "company_page",
        "limit": None,
        "used": None,
        "tier": "pro",
        "upgrade_tier": "business",
    }
