"""Headers of every answer, whoever makes it: the app, its framework, or a refusal."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.app.conftest import RunApp
from tests.app.life import Running

API_POLICY = "default-src 'none'; frame-ancestors 'none'"
ORIGIN = "https://board.bs"


def check(answer: httpx2.Response, *, kept: str = "no-store", policy: str = API_POLICY) -> None:
    """Each header once, as it must be."""
    for name, value in (
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("content-security-policy", policy),
        ("cache-control", kept),
    ):
        assert answer.headers.get_list(name) == [value], f"{answer.request.url}: {name}"


async def test_answers_good_and_bad_carry_them(run_app: RunApp) -> None:
    async with run_app(max_body_bytes=200, cors_origins=ORIGIN) as app:
        person = await app.person()
        big = b"x" * 201

        async def in_pieces() -> AsyncIterator[bytes]:
            yield big

        passed_on = {"x-forwarded-for": "203.0.113.7"}
        ask = {"access-control-request-method": "GET", "origin": ORIGIN}
        for status, answer in (
            (200, await person.get("/auth/me")),
            (401, await app.client.get("/auth/me")),
            (403, await person.get("/jobs/mine", expect=403)),
            (404, await app.client.get("/jobs/99")),
            (404, await app.client.get("/nowhere")),
            (404, await app.client.get("http://board.test/")),
            (405, await app.client.delete("/jobs")),
            (405, await app.client.options("/jobs")),
            (413, await app.client.post("/auth/login", content=big)),
            (413, await app.client.post("/auth/login", content=in_pieces())),
            (422, await app.client.post("/auth/login", json={})),
            (200, await app.client.options("/jobs", headers=ask)),
            (400, await app.client.options("/jobs", headers={**ask, "origin": "https://x.bs"})),
            (200, await app.client.get("http://board.test/health")),
            (200, await app.client.get("http://board.test/metrics")),
            (404, await app.client.get("http://board.test/metrics", headers=passed_on)),
            (200, await app.client.get("/openapi.json")),
        ):
            assert answer.status_code == status, answer.request.url
            check(answer)


async def test_failures_of_ours_carry_them(
    run_app: RunApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with run_app(request_timeout_seconds=0.1, cors_origins=ORIGIN) as app:

        async def fail(*_: object) -> None:
            raise RuntimeError

        async def hang(*_: object) -> None:
            await asyncio.Event().wait()

        for broken, status in ((fail, 500), (hang, 504)):
            monkeypatch.setattr(app.board.cache, "get", broken, raising=False)
            answer = await app.client.get("/jobs", headers={"origin": ORIGIN})
            assert answer.status_code == status
            check(answer)
            # A browser may read what went wrong.
            assert answer.headers["access-control-allow-origin"] == ORIGIN


async def test_a_refusal_for_asking_too_often_carries_them(run_app: RunApp) -> None:
    async with run_app(api_rate_per_minute=1) as app:
        for status in (200, 429):
            answer = await app.client.get("/subscriptions/tiers")
            assert answer.status_code == status
        check(answer)


async def test_public_pages_may_be_kept_for_seconds_by_those_not_signed_in(app: Running) -> None:
    owner = await app.employer()
    job = await owner.job()
    shared = "public, max-age=5, stale-while-revalidate=10"
    for path, kept in (
        ("/jobs", shared),
        (f"/companies/{owner.company['id']}", shared),
        # each look is counted
        (f"/jobs/{job['id']}", "private, max-age=5"),
    ):
        answer = await app.client.get(path)
        check(answer, kept=kept)
        assert answer.headers["vary"] == "authorization, origin"
        check(await owner.get(path))
    check(await app.client.get("/jobs/999"))
    check(await owner.get("/feed"))
    check(await app.client.get("/subscriptions/tiers"), kept="public, max-age=3600")


async def test_a_listed_origin_may_ask_with_a_token_and_no_other(run_app: RunApp) -> None:
    async with run_app(cors_origins=f"{ORIGIN}, https://two.bs", api_rate_per_minute=1) as app:

        async def may(origin: str, method: str, header: str = "authorization") -> bool:
            asks = {
                "origin": origin,
                "access-control-request-method": method,
                "access-control-request-headers": header,
            }
            answer = await app.client.options("/jobs", headers=asks)
            allowed = answer.headers.get("access-control-allow-origin") == origin
            assert allowed or answer.headers.get("access-control-allow-origin") is None
            assert "access-control-allow-credentials" not in answer.headers
            return answer.status_code == 200 and allowed

        # Asking whether one may ask does not count against the limit of one.
        assert await may(ORIGIN, "PATCH")
        assert await may("https://two.bs", "DELETE", "content-type")
        for stranger in ("https://evil.bs", "http://board.bs", "https://board.bs.evil.example"):
            assert not await may(stranger, "GET")
        assert not await may("null", "GET")
        assert not (await app.client.options("/jobs", headers={"origin": ORIGIN})).is_success
        assert (await app.client.get("/jobs", headers={"origin": ORIGIN})).status_code == 200


async def test_without_a_list_no_origin_is_let_in(app: Running) -> None:
    answer = await app.client.get("/jobs", headers={"origin": ORIGIN})
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]
