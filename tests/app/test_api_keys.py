"""API keys: who may have them, what they open, and how they end."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from reference_app.kit.tokens import api_key_hash
from reference_app.subscriptions import known_tiers
from reference_app.subscriptions.tiers import Tier
from tests.app.admins import administrator
from tests.app.conftest import RunApp
from tests.app.life import Person, Running, problem, until
from tests.app.rows import execute
from tests.app.statements import counted
from tests.app.till import Till


async def key_of(person: Person, name: str = "Payroll") -> dict[str, Any]:
    made: dict[str, Any] = (await person.post("/api-keys", name=name, expect=201)).json()
    return made


async def send(app: Running, key: str, method: str, path: str, body: Any = None) -> httpx2.Response:
    headers = {"authorization": f"Bearer {key}"}
    return await app.client.request(method, path, json=body, headers=headers)


async def lapse(app: Running, person: Person) -> None:
    """The person's tier ends, as when Stripe says so."""
    async with app.board.database.writing() as session:
        execute(app, "UPDATE subscriptions SET status = 'canceled' WHERE user_id = %s", person.id)
        session.wrote_for(person.id)
        session.forget(known_tiers.cache_key(person.id))


async def test_a_key_is_shown_once_and_acts_as_its_owner(app: Running) -> None:
    owner = await app.employer(Tier.BUSINESS)
    made = await key_of(owner)
    key = made.pop("key")
    assert key.startswith(made["prefix"])
    assert len(made["prefix"]) < 16 < len(key)
    assert (await owner.get("/api-keys")).json() == {"items": [made]}
    stored = execute(app, "SELECT key_hash FROM api_keys")
    assert [bytes(each) for each in stored] == [api_key_hash(key)]
    draft = {
        "company_id": owner.company["id"],
        "title": "By key",
        "description": "Work.",
        "category": "plumbing",
        "island": "exuma",
        "employment_type": "full_time",
    }
    answer = await send(app, key, "POST", "/jobs", draft)
    assert answer.status_code == 201, answer.text
    assert answer.json()["employer_id"] == owner.id
    assert (await send(app, key, "GET", "/jobs/mine")).json()["items"][0]["title"] == "By key"
    # In the owner's role and no other.
    problem(await send(app, key, "POST", "/jobs/1/applications", {}), 403, "seekers_only")
    problem(await send(app, key, "GET", "/admin/campaigns"), 403, "not_by_api_key")


@pytest.mark.parametrize("tier", [Tier.FREE, Tier.PRO])
async def test_only_tiers_with_api_access_make_keys(app: Running, tier: Tier) -> None:
    person = await app.person()
    await app.give(person, tier)
    told = problem(await person.post("/api-keys", name="Mine"), 403, "not_in_tier")
    assert (told["feature"], told["upgrade_tier"]) == ("api_access", "business")
    problem(await app.client.post("/api-keys", json={"name": "Mine"}), 401, "not_signed_in")
    assert execute(app, "SELECT count(*) FROM api_keys") == [0]


async def test_a_lapsed_tier_stops_the_key_and_a_new_one_revives_it(run_app: RunApp) -> None:
    async with run_app() as one, run_app() as two:
        await _both_hear(one, two)
        owner = await one.employer(Tier.ENTERPRISE)
        key = (await key_of(owner))["key"]
        for app in (one, two):
            assert (await send(app, key, "GET", "/jobs/mine")).status_code == 200
        await lapse(one, owner)
        for app in (one, two):
            told = await _eventually(app, key, 403)
            assert problem(told, 403, "not_in_tier")["feature"] == "api_access"
        # Its owner still sees and revokes it.
        assert len((await owner.get("/api-keys")).json()["items"]) == 1
        await one.give(owner, Tier.BUSINESS)
        for app in (one, two):
            await _eventually(app, key, 200)


async def test_a_revoked_key_is_refused_by_every_pod_at_once(run_app: RunApp) -> None:
    async with run_app() as one, run_app() as two:
        await _both_hear(one, two)
        owner, other = await one.employer(), await one.employer()
        made = await key_of(owner)
        for app in (one, two):
            assert (await send(app, made["key"], "GET", "/jobs/mine")).status_code == 200
        await other.send("DELETE", f"/api-keys/{made['id']}", expect=204)
        assert (await send(two, made["key"], "GET", "/jobs/mine")).status_code == 200
        for _ in range(2):  # twice is once
            await owner.send("DELETE", f"/api-keys/{made['id']}", expect=204)
        problem(await send(one, made["key"], "GET", "/jobs/mine"), 401, "not_signed_in")
        problem(await _eventually(two, made["key"], 401), 401, "not_signed_in")
        # For what everyone may see, nobody's key is nobody.
        assert (await send(one, made["key"], "GET", "/jobs")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/auth/me"),
        ("POST", "/api-keys"),
        ("GET", "/api-keys"),
        ("DELETE", "/api-keys/1"),
        ("GET", "/subscriptions/me"),
        ("GET", "/subscriptions/payments"),
        ("POST", "/subscriptions/checkout"),
        ("POST", "/subscriptions/portal"),
        ("POST", "/subscriptions/cancel"),
        ("POST", "/subscriptions/reactivate"),
        ("POST", "/subscriptions/change"),
        ("POST", "/subscriptions/referral-code"),
        ("POST", "/realtime/ticket"),
    ],
)
async def test_account_matters_are_not_for_keys(app: Running, method: str, path: str) -> None:
    owner = await app.employer(Tier.BUSINESS)
    key = (await key_of(owner))["key"]
    bodies = {
        "/api-keys": {"name": "Another"},
        "/subscriptions/checkout": {"tier": "pro", "interval": "month"},
        "/subscriptions/change": {"tier": "pro", "interval": "month"},
    }
    body = bodies.get(path) if method == "POST" else None
    problem(await send(app, key, method, path, body), 403, "not_by_api_key")
    assert execute(app, "SELECT count(*) FROM api_keys") == [1]


async def test_a_key_costs_no_database_once_it_is_known(app: Running) -> None:
    owner = await app.employer()
    key = (await key_of(owner))["key"]
    await app.board.keys.write_down()
    await until(lambda: app.board.cache._hears, what="the worker hears invalidations")
    await send(app, key, "GET", "/jobs/mine")
    await app.board.keys.write_down()
    with counted() as statements:
        for _ in range(5):
            assert (await send(app, key, "GET", "/jobs/mine")).status_code == 200
        await app.board.keys.write_down()
    assert len([each for each in statements if "FROM jobs" in each]) == 5
    assert len(statements) == 5, statements


async def test_the_day_of_use_is_written_once_a_day(run_app: RunApp) -> None:
    async with run_app() as one, run_app() as two:
        owner = await one.employer()
        made = await key_of(owner)
        assert made["last_used_on"] is None
        for app in (one, two):
            await send(app, made["key"], "GET", "/jobs")
        await asyncio.gather(*(app.board.keys.write_down() for app in (one, two)))
        shown = (await owner.get("/api-keys")).json()["items"][0]
        assert shown["last_used_on"] == datetime.now(UTC).date().isoformat()
        written = execute(one, "SELECT xmin::text FROM api_keys")
        async with run_app() as three:
            for app in (one, two, three):
                await send(app, made["key"], "GET", "/jobs")
                await app.board.keys.write_down()
        assert execute(one, "SELECT xmin::text FROM api_keys") == written


async def test_one_has_ten_keys_at_most_however_many_are_made_together(run_app: RunApp) -> None:
    async with run_app() as app:
        owner = await app.employer()
        answers = await asyncio.gather(
            *(owner.post("/api-keys", name=f"Key {number}") for number in range(15))
        )
        assert sorted(answer.status_code for answer in answers) == [201] * 10 + [409] * 5
        problem(await owner.post("/api-keys", name="More"), 409, "too_many_api_keys")
        made = answers[[answer.status_code for answer in answers].index(201)].json()
        await owner.send("DELETE", f"/api-keys/{made['id']}", expect=204)
        taken = next(
            answer.json()["name"]
            for answer in answers
            if answer.status_code == 201 and answer.json()["id"] != made["id"]
        )
        problem(await owner.post("/api-keys", name=taken), 409, "api_key_exists")


async def test_the_limit_is_the_owners(run_app: RunApp) -> None:
    async with run_app(api_rate_per_minute=20) as app:
        owner = await app.employer()
        key = (await key_of(owner))["key"]
        answers = [await send(app, key, "GET", "/jobs") for _ in range(20)]
        assert answers[0].status_code == 200
        problem(answers[-1], 429, "rate_limited")
        problem(await owner.get("/jobs", expect=None), 429, "rate_limited")


async def test_guessing_keys_is_limited_and_harms_nobody_signed_in(run_app: RunApp) -> None:
    async with run_app(api_rate_per_minute=30) as app:
        owner = await app.employer()
        with counted() as statements:
            answers = [await send(app, f"hmb_{n:043}", "GET", "/jobs/mine") for n in range(60)]
        problem(answers[0], 401, "not_signed_in")
        problem(answers[-1], 429, "rate_limited")
        assert len([each for each in statements if "api_keys" in each]) <= 30
        await owner.get("/jobs/mine")


async def test_who_is_suspended_has_no_keys(app: Running) -> None:
    owner = await app.employer()
    key = (await key_of(owner))["key"]
    execute(app, "UPDATE users SET suspended_at = now() WHERE id = %s", owner.id)
    problem(await send(app, key, "GET", "/jobs/mine"), 401, "not_signed_in")


async def test_no_key_administrates(app: Running) -> None:
    admin = await administrator(app)
    await app.give(admin, Tier.BUSINESS)
    key = (await key_of(admin))["key"]
    problem(await send(app, key, "GET", "/admin/campaigns"), 403, "not_by_api_key")


@pytest.mark.parametrize("key", ["hmb_", "hmb_x", "hmb_" + "x" * 5_000, "hmb_\x80\xff"])
async def test_what_looks_like_a_key_and_is_none_is_refused(app: Running, key: str) -> None:
    headers = [(b"authorization", b"Bearer " + key.encode("latin-1"))]
    problem(await app.client.get("/auth/me", headers=headers), 401, "not_signed_in")


async def test_without_redis_keys_still_work(run_app: RunApp) -> None:
    async with run_app(redis_url="redis://127.0.0.1:9/0", redis_timeout_seconds=0.2) as app:
        owner = await app.employer()
        key = (await key_of(owner))["key"]
        assert (await send(app, key, "GET", "/jobs/mine")).status_code == 200


async def _both_hear(*apps: Running) -> None:
    for app in apps:
        await until(lambda app=app: app.board.cache._hears, what="workers hear each other")


async def _eventually(app: Running, key: str, status: int) -> httpx2.Response:
    """The answer once the other pod's news has arrived."""
    async with asyncio.timeout(60):
        while True:
            answer = await send(app, key, "GET", "/jobs/mine")
            if answer.status_code == status:
                return answer
            await asyncio.sleep(0.05)


async def test_what_is_bought_opens_and_what_ends_closes_keys_at_once(till: Till) -> None:
    person = await till.person()
    # From now on the worker believes to know that they are on Free.
    await person.get("/ads?placement=jobs", expect=204)
    await till.subscribe(person, "business")
    key = (await key_of(person))["key"]
    holder = Person(till.client, {"access_token": key, "refresh_token": "", "user": person.user})
    await holder.get("/jobs/saved", expect=200)
    await person.post("/subscriptions/cancel", expect=200)
    await till.days(32)
    problem(await holder.get("/jobs/saved", expect=None), 403, "not_in_tier")
