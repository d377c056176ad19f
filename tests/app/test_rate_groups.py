"""Limits of groups of routes: whom they count, what they say, what they leave alone."""

import pytest
from fastapi.routing import APIRoute
from pydantic import ValidationError

from reference_app import rate_groups
from reference_app.assembly import create_app
from reference_app.kit.rate_limit import ApiLimit
from reference_app.kit.store import Store
from reference_app.rate_groups import RateGroup
from tests.app.conftest import MakeSettings, RunApp
from tests.app.life import Running, problem

GROUPS = {group.name: group for group in rate_groups.load()}


def test_the_groups_name_routes_that_exist_each_once(make_settings: MakeSettings) -> None:
    there = {
        f"{method} {route.path}"
        for route in create_app(make_settings()).router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    folders = {call.split()[1].rpartition("/")[0] for call in there}
    named = [call for group in GROUPS.values() for call in group.routes]
    assert len(named) == len(set(named))
    for call in set(named) - there:
        # Of a part of the board that is not there; else it is a mistake.
        folder = call.split()[1].rpartition("/")[0]
        assert folder == "/api/v1" or folder not in folders, call


def test_what_counts_apart_is_told_by_a_word_no_other_path_ends_in(
    make_settings: MakeSettings,
) -> None:
    routes = create_app(make_settings()).router.routes
    words = [route.path.rpartition("/")[2] for route in routes if isinstance(route, APIRoute)]
    apart = rate_groups.apart(routes, list(GROUPS.values()))
    assert {word: group for word, (_, group) in apart.items()} == {"avatar": "pictures"}
    assert [words.count(word) for word in apart] == [1]


def test_a_share_that_could_never_bind_is_refused() -> None:
    with pytest.raises(ValidationError, match="share above 1"):
        RateGroup(name="posts", share=2, routes=())


@pytest.mark.parametrize("given", [{"by": "address"}, {"asking": "q"}])
def test_what_is_not_looked_at_apart_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="by and asking are not looked at"):
        RateGroup.model_validate({"name": "posts", "share": 2, "routes": (), "apart": True} | given)


async def test_pictures_count_apart_from_all_else(run_app: RunApp) -> None:
    async with run_app(api_rate_per_minute=2) as app:
        before = await _count(app, 'rate_limited_total{group="pictures"}')
        for _ in range(12):
            problem(await app.client.get("/users/7/avatar"), 404, "avatar_not_found")
        told = problem(await app.client.get("/users/7/avatar"), 429, "rate_limited")
        assert (told["group"], told["limit"]) == ("pictures", 12)
        assert await _count(app, 'rate_limited_total{group="pictures"}') == before + 1
        assert (await app.client.get("/companies/7")).status_code == 404


async def test_what_is_no_picture_but_ends_like_one_counts_in_the_ordinary_limit(
    run_app: RunApp,
) -> None:
    async with run_app(api_rate_per_minute=4) as app:
        for method, path, status in (
            ("GET", "/nothing/avatar", 404),
            ("GET", "/users/7/of/avatar", 404),
            ("GET", "/companies/avatar", 422),
            ("POST", "/users/7/avatar", 405),
        ):
            assert (await app.client.request(method, path)).status_code == status, path
        told = problem(await app.client.get("/nothing/avatar"), 429, "rate_limited")
        assert (told["group"], told["limit"]) == ("api", 4)
        problem(await app.client.get("/users/7/avatar"), 404, "avatar_not_found")


def test_the_blueprints_limits() -> None:
    limit = ApiLimit(
        Store("redis://127.0.0.1:1/0", connections=1, timeout_s=0.1),
        100,
        {group.name: group.share for group in GROUPS.values()},
    )
    assert limit.limits["api"] == 100
    assert limit.limits["uploads"] == 10
    # Ordinary virtual users act 5 times a minute, now and then 20 times.
    assert min(limit.limits[name] for name in ("messages", "contacts", "sessions", "search")) >= 20


async def _refused(app: Running, path: str, group: str, limit: int, **how: object) -> None:
    answer = await app.client.post(path, **how)  # type: ignore[arg-type]
    told = problem(answer, 429, "rate_limited")
    assert {name: told[name] for name in ("group", "limit", "window_s")} == {
        "group": group,
        "limit": limit,
        "window_s": 60,
    }
    assert 0 < told["retry_after"] <= 60
    assert answer.headers["retry-after"] == str(told["retry_after"])


async def test_a_groups_limit_is_stricter_and_its_own(run_app: RunApp) -> None:
    async with run_app(api_rate_per_minute=10) as app:
        person = await app.person()
        for _ in range(2):
            await person.post("/posts", body="Hello", expect=201)
        told = problem(await person.post("/posts", body="Hello"), 429, "rate_limited")
        assert (told["group"], told["limit"]) == ("posts", 2)
        # Nothing else is held back by it, for this person or another.
        await person.get("/auth/me")
        elsewhere = {"x-forwarded-for": "203.0.113.9"}
        headers = {"authorization": f"Bearer {person.access_token}", **elsewhere}
        answer = await app.client.post("/posts", json={"body": "Hello"}, headers=headers)
        problem(answer, 429, "rate_limited")


async def test_accounts_are_made_by_addresses_however_many_one_has(run_app: RunApp) -> None:
    async with run_app(api_rate_per_minute=20) as app:
        one, two = await app.person(), await app.person()
        for maker in (one, two):
            await _refused(
                app,
                "/auth/register",
                "accounts",
                2,
                json={},
                headers={"authorization": f"Bearer {maker.access_token}"},
            )
        other = {"x-forwarded-for": "203.0.113.7"}
        answer = await app.client.post("/auth/register", json={}, headers=other)
        problem(answer, 422, "invalid_request")


async def test_one_address_cannot_try_a_password_on_many_accounts(run_app: RunApp) -> None:
    async with run_app(api_rate_per_minute=10) as app:
        for n in range(3):
            attempt = {"email": f"somebody{n}@example.com", "password": "Sunshine-2026"}
            answer = await app.client.post("/auth/login", json=attempt)
            problem(answer, 401, "invalid_credentials")
        await _refused(app, "/auth/login", "sign_in", 3, json=attempt)


async def test_looking_through_lists_is_no_search(run_app: RunApp) -> None:
    async with run_app(api_rate_per_minute=10) as app:
        for query in ("q=plumber", "island=exuma&q=mason", "q=", "island=exuma", "", "xq=1"):
            assert (await app.client.get(f"/jobs?{query}")).status_code == 200
        for _ in range(3):
            await app.client.get("/users/available?q=mason")
        told = problem(await app.client.get("/jobs?q=plumber"), 429, "rate_limited")
        assert (told["group"], told["limit"]) == ("search", 6)


async def test_pods_count_together_and_refusals_are_counted_by_group(run_app: RunApp) -> None:
    async with run_app(api_rate_per_minute=20) as one, run_app(api_rate_per_minute=20) as two:
        person = await one.person()  # who may post four times a minute
        await person.post("/posts", body="Hello", expect=201)
        for _ in range(3):
            await person.through(two).post("/posts", body="Hello", expect=201)
        await two.board.api_limit.share()
        before = await _count(one, 'rate_limited_total{group="posts"}')
        answer = await person.post("/posts", body="Hello")
        if answer.status_code == 201:  # no more than this one, before it hears of the other pod's
            await one.board.api_limit.share()
            answer = await person.post("/posts", body="Hello")
        problem(answer, 429, "rate_limited")
        assert await _count(one, 'rate_limited_total{group="posts"}') == before + 1
        series = 'http_requests_total{method="POST",route="/api/v1/posts",status="429"}'
        assert await _count(one, series) >= 1


async def test_refusals_of_the_limit_on_all_are_counted_by_route(run_app: RunApp) -> None:
    async with run_app(api_rate_per_minute=2) as app:
        series = [
            f'http_requests_total{{method="GET",route="{route}",status="429"}}'
            for route in ("/api/v1/companies/{company_id}", "none")
        ]
        before = [await _count(app, each) for each in series]
        for _ in range(2):
            await app.client.get("/companies/7")
        told = problem(await app.client.get("/companies/7"), 429, "rate_limited")
        assert told["group"] == "api"
        problem(await app.client.get("/nobody/knows"), 429, "rate_limited")
        assert [await _count(app, each) for each in series] == [n + 1 for n in before]


async def test_without_redis_requests_pass_and_that_is_counted(run_app: RunApp) -> None:
    async with run_app(redis_url="redis://127.0.0.1:1/0", api_rate_per_minute=20) as app:
        person = await app.person()
        before = await _count(app, 'rate_limit_unchecked_total{group="posts"}')
        for _ in range(4):
            await person.post("/posts", body="Hello", expect=201)
        await app.board.api_limit.share()
        assert await _count(app, 'rate_limit_unchecked_total{group="posts"}') > before
        # Its own worker still holds a caller to it.
        problem(await person.post("/posts", body="Hello"), 429, "rate_limited")


async def test_signing_in_too_often_says_so_in_the_same_words(app: Running) -> None:
    attempt = {"email": "somebody@example.com", "password": "Sunshine-2026"}
    for _ in range(5):
        await app.client.post("/auth/login", json=attempt)
    told = problem(await app.client.post("/auth/login", json=attempt), 429, "too_many_attempts")
    assert (told["group"], told["limit"], told["window_s"]) == ("login", 5, 900)
    assert 0 < told["retry_after"] <= 900


async def _count(app: Running, series: str) -> float:
    text = (await app.client.get("http://board.test/metrics")).text
    found = [line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(series)]
    return float(found[0]) if found else 0.0
