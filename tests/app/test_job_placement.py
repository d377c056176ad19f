"""Where jobs stand in lists: head starts of tiers, boosts, features."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference_app.jobs import placement
from reference_app.jobs.listing_sql import Filters, best_paid, ranked
from reference_app.subscriptions.tiers import TERMS, Tier
from tests.app.life import Person, Running, problem
from tests.app.rows import execute, execute_at
from tests.app.test_job_lists import _NOW, _add_jobs

pytestmark = pytest.mark.usefixtures("no_chores")

_IN_A_TEST = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _age(app: Running, job: dict[str, Any], interval: str) -> None:
    execute(
        app,
        "UPDATE jobs SET published_at = now() - %s::interval WHERE id = %s",
        interval,
        job["id"],
    )


async def _order(app: Running) -> list[int]:
    rows = await ranked(app.board.database.reading(primary=True), Filters(), 100, None)
    return [row.id for row in rows]


async def _promoted(owner: Person, job: dict[str, Any], how: str) -> dict[str, Any]:
    answer = await owner.send("PUT", f"/jobs/{job['id']}/{how}", expect=200)
    shown: dict[str, Any] = answer.json()
    return shown


async def test_a_tier_gives_jobs_the_head_start_it_promises(app: Running) -> None:
    jobs = {}
    for tier in Tier:
        owner = await app.employer(tier)
        jobs[tier] = await owner.job()
        days = execute(app, "SELECT head_start_days FROM jobs WHERE id = %s", jobs[tier]["id"])
        assert days == [TERMS[tier].head_start_days]
    for tier, age in ((Tier.PRO, "23 hours"), (Tier.BUSINESS, "2 days"), (Tier.FREE, "1 hour")):
        _age(app, jobs[tier], age)
    names = {job["id"]: tier for tier, job in jobs.items()}
    assert [names[job_id] for job_id in await _order(app)] == [
        Tier.ENTERPRISE,
        Tier.BUSINESS,
        Tier.PRO,
        Tier.FREE,
    ]
    # No longer than that.
    _age(app, jobs[Tier.PRO], "26 hours")
    assert names[(await _order(app))[-1]] == Tier.PRO


async def test_when_a_subscription_ends_its_jobs_fall_back(app: Running) -> None:
    paying, free = await app.employer(), await app.employer(Tier.FREE)
    aged, boosted = await paying.job(), await paying.job()
    fresh = await free.job()
    _age(app, aged, "1 day")
    _age(app, boosted, "2 days")
    await _promoted(paying, boosted, "boost")
    await _promoted(paying, boosted, "feature")
    assert await _order(app) == [boosted["id"], aged["id"], fresh["id"]]
    execute(app, "UPDATE subscriptions SET entitled_until = now() WHERE user_id = %s", paying.id)
    for _ in range(2):
        await placement.keep_up(app.board.database)
        assert await _order(app) == [fresh["id"], aged["id"], boosted["id"]]
    mine = (await paying.get("/jobs/mine")).json()["items"]
    assert {(job["boosted_until"], job["featured_until"]) for job in mine} == {(None, None)}


async def test_when_a_tier_changes_its_jobs_follow_and_nobody_elses(app: Running) -> None:
    owner, other = await app.employer(Tier.FREE), await app.employer(Tier.FREE)
    job, draft = await owner.job(), await owner.job(published=False)
    theirs = await other.job()
    for each in (owner, other):
        await app.give(each, Tier.BUSINESS)
    async with app.board.database.writing() as session:
        await placement.follow_tier(session, owner.id)
    days = dict(
        zip(
            execute(app, "SELECT id FROM jobs ORDER BY id"),
            execute(app, "SELECT head_start_days FROM jobs ORDER BY id"),
            strict=True,
        )
    )
    assert days == {job["id"]: 3, draft["id"]: 0, theirs["id"]: 0}
    assert (await app.client.get(f"/jobs/{job['id']}")).json()["updated_at"] == job["updated_at"]


async def test_a_boost_leads_the_list_until_it_ends(app: Running) -> None:
    owner = await app.employer()
    old, new = await owner.job(), await owner.job()
    _age(app, old, "30 days")
    assert await _order(app) == [new["id"], old["id"]]
    first = await _promoted(owner, old, "boost")
    assert first == await _promoted(owner, old, "boost")  # twice is once
    newest = await owner.job()
    assert await _order(app) == [old["id"], newest["id"], new["id"]]
    execute(app, "UPDATE jobs SET boosted_until = now() WHERE id = %s", old["id"])
    await placement.keep_up(app.board.database)
    assert await _order(app) == [newest["id"], new["id"], old["id"]]


async def test_featured_jobs_are_shown_apart_while_they_are_open(app: Running) -> None:
    owner = await app.employer()
    first, second, plain = await owner.job(), await owner.job(), await owner.job()

    async def featured() -> list[int]:
        return [job["id"] for job in (await app.client.get("/jobs/featured")).json()["items"]]

    assert await featured() == []
    for job in (first, second):
        await _promoted(owner, job, "feature")
    assert await featured() == [second["id"], first["id"]]
    for _ in range(2):
        await owner.send("DELETE", f"/jobs/{second['id']}/feature", expect=200)
    assert await featured() == [first["id"]]
    await owner.post(f"/jobs/{first['id']}/close", expect=200)
    await app.board.cache.invalidate([placement.FEATURED_CACHE_KEY], 0)
    assert await featured() == []
    assert plain["status"] == "published"


@pytest.mark.parametrize("how", ["boost", "feature"])
async def test_of_many_at_once_only_three_are_promoted(app: Running, how: str) -> None:
    owner = await app.employer()
    jobs = [await owner.job() for _ in range(6)]
    answers = await asyncio.gather(*(owner.send("PUT", f"/jobs/{job['id']}/{how}") for job in jobs))
    assert Counter(answer.status_code for answer in answers) == {200: 3, 409: 3}
    refused = next(answer for answer in answers if answer.status_code == 409)
    problem(refused, 409, "too_many_promoted")
    promoted = [job for job, answer in zip(jobs, answers, strict=True) if answer.status_code == 200]
    # One that is closed makes room.
    await owner.post(f"/jobs/{promoted[0]['id']}/close", expect=200)
    left = next(job for job, answer in zip(jobs, answers, strict=True) if answer is refused)
    await _promoted(owner, left, how)


@pytest.mark.parametrize("how", ["boost", "feature"])
async def test_who_may_promote_and_what(app: Running, how: str) -> None:
    owner, other, seeker = await app.employer(), await app.employer(), await app.person()
    job, draft = await owner.job(), await owner.job(published=False)
    path = f"/jobs/{job['id']}/{how}"
    for method in ("PUT", "DELETE"):
        problem(await app.client.request(method, path), 401, "not_signed_in")
        problem(await seeker.send(method, path), 403, "employers_only")
        problem(await other.send(method, path), 403, "not_your_job")
        problem(await other.send(method, f"/jobs/{draft['id']}/{how}"), 404, "job_not_found")
        problem(await owner.send(method, f"/jobs/999/{how}"), 404, "job_not_found")
    problem(await owner.send("PUT", f"/jobs/{draft['id']}/{how}"), 409, "job_not_open")
    execute(app, "UPDATE jobs SET expires_at = now() WHERE id = %s", job["id"])
    problem(await owner.send("PUT", path), 409, "job_not_open")
    for tier in (Tier.FREE, Tier.PRO):
        poor = await app.employer(tier)
        offer = await poor.job()
        told = problem(await poor.send("PUT", f"/jobs/{offer['id']}/{how}"), 403, "not_in_tier")
        assert told["feature"] == "priority_placement"
        assert told["upgrade_tier"] == "business"


_place = st.fixed_dictionaries(
    {
        "minutes": st.integers(0, 4),
        "days": st.integers(0, 2),
        "boost": st.none() | st.integers(0, 3),
        "pay": st.none() | st.integers(1, 3),
    }
)


@_IN_A_TEST
@given(places=st.lists(_place, min_size=1, max_size=14), size=st.integers(1, 6))
async def test_the_pages_together_hold_every_job_once_in_the_order_of_places(
    app: Running, app_servers: dict[str, str], places: list[dict[str, Any]], size: int
) -> None:
    url = app_servers["DATABASE_DIRECT_URL"]
    await asyncio.to_thread(execute_at, url, "DELETE FROM jobs")
    # Minutes stand for days too, so that many jobs tie.
    rows = [
        {
            "published_at": _NOW - timedelta(days=each["minutes"]),
            "head_start_days": each["days"],
            "boosted_until": None
            if each["boost"] is None
            else _NOW + timedelta(days=each["boost"]),
            "salary_max_cents": each["pay"],
        }
        for each in places
    ]
    ids = _add_jobs(url, rows)
    wanted = sorted(
        zip(
            (
                (row["boosted_until"] or row["published_at"])
                + timedelta(days=row["head_start_days"])
                for row in rows
            ),
            ids,
            strict=True,
        ),
        reverse=True,
    )
    session = app.board.database.reading(primary=True)
    seen: list[Any] = []
    while page := await ranked(session, Filters(), size, seen[-1] if seen else None):
        seen += [(row.ranked_at, row.id) for row in page]
    assert seen == wanted
    paid: list[tuple[int, int]] = []
    while page := await best_paid(session, Filters(), size, paid[-1] if paid else None):
        paid += [(row.pay, row.id) for row in page]
    named = [(row["salary_max_cents"], job_id) for row, job_id in zip(rows, ids, strict=True)]
    assert paid == sorted((each for each in named if each[0] is not None), reverse=True)
