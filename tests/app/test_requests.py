"""What every request passes: ids, addresses, limits, time, errors, headers."""

import asyncio
import json
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_app.kit.callers import Callers
from reference_app.kit.rate_limit import ApiLimit, network_of
from reference_app.kit.store import Store
from tests.app.conftest import RunApp
from tests.app.life import Running, problem

TRUSTED = (ip_network("127.0.0.1/32"), ip_network("10.0.0.0/8"))


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (None, "127.0.0.1"),
        (b"203.0.113.9", "203.0.113.9"),
        (b"1.1.1.1, 203.0.113.9", "203.0.113.9"),
        (b"1.1.1.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        (b"203.0.113.9,10.0.0.1 , 10.0.0.2", "203.0.113.9"),
        (b"2001:db8::1", "2001:db8::1"),
        (b"1.1.1.1, 2001:db8::1, 10.0.0.2", "2001:db8::1"),
        (b"1.1.1.1, ::ffff:10.0.0.2", "1.1.1.1"),
        (b"1.1.1.1, [2001:db8::1]:443", "127.0.0.1"),
        (b"127.4.5.6", "127.4.5.6"),
        (b"10.0.0.7", "127.0.0.1"),
        (b"1.1.1.1, nonsense", "127.0.0.1"),
        (b"", "127.0.0.1"),
    ],
)
def test_the_client_is_the_last_address_our_proxies_did_not_add(
    forwarded: bytes | None, address: str
) -> None:
    callers = Callers(TRUSTED)
    for _ in range(2):  # the second time from memory
        assert callers.address("127.0.0.1", forwarded) == address


@given(st.lists(st.sampled_from(["1.2.3.4", "10.0.0.1", "evil", "::1"]), max_size=4))
def test_nothing_a_client_puts_in_front_changes_its_address(made_up: list[str]) -> None:
    forwarded = ", ".join([*made_up, "203.0.113.9"]).encode()
    assert Callers(TRUSTED).address("127.0.0.1", forwarded) == "203.0.113.9"


def test_only_our_proxies_are_trusted() -> None:
    callers = Callers(TRUSTED)
    assert callers.trusts("127.0.0.1")
    assert callers.trusts("10.9.8.7")
    assert callers.trusts("::ffff:10.9.8.7")
    for stranger in ("127.0.0.2", "203.0.113.9", "", "unix"):
        assert not callers.trusts(stranger)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("unix", "unix"),
    ],
)
def test_an_ipv6_caller_is_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


async def test_every_response_says_who_answered_how_fast_and_from_where(app: Running) -> None:
    for path in ("/jobs", "/jobs/999", "/nowhere", "/auth/me"):
        headers = (await app.client.get(path)).headers
        assert headers["x-pod"] == "pod-under-test"
        assert float(headers["x-process-time"]) >= 0
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-served-from"] in {"l1", "l2", "db", "app"}
        assert len(headers["x-request-id"]) >= 8


async def test_a_request_id_is_taken_from_our_proxy_if_it_is_one(app: Running) -> None:
    async def id_of(given_id: str) -> str:
        answer = await app.client.get("/jobs", headers={"x-request-id": given_id})
        return answer.headers["x-request-id"]

    assert await id_of("abcdef-12345") == "abcdef-12345"
    for odd in ("short", "with space in it", "x" * 129, "semi;colon;id"):
        assert await id_of(odd) != odd


async def test_a_stranger_chooses_neither_id_nor_address(run_app: RunApp) -> None:
    async with run_app(trusted_proxies="192.0.2.1/32", api_rate_per_minute=3) as app:
        answers = [
            await app.client.get(
                "/jobs", headers={"x-request-id": "chosen-by-me", "x-forwarded-for": f"1.1.1.{n}"}
            )
            for n in range(4)
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert "chosen-by-me" not in {answer.headers["x-request-id"] for answer in answers}


async def test_errors_nobody_foresaw_are_logged_and_told_without_detail(
    capsys: pytest.CaptureFixture[str], app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("the secret is 42")

    monkeypatch.setattr(app.board.cache, "get", broken, raising=False)
    answer = await app.client.get("/jobs")
    body = problem(answer, 500, "internal_error")
    assert "42" not in answer.text
    logged = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    ours = [line for line in logged if line.get("request_id") == body["request_id"]]
    assert ours[0]["level"] == "error"
    assert "the secret is 42" in json.dumps(ours[0])


async def test_a_request_that_takes_too_long_is_cut_off(
    run_app: RunApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with run_app(request_timeout_seconds=0.1) as app:

        async def hang(*_: object) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(app.board.cache, "get", hang, raising=False)
        problem(await app.client.get("/jobs"), 504, "request_timeout")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "no_such_route"),
        ("DELETE", "/jobs", 405, "method_not_allowed"),
        ("GET", "/jobs/", 404, "no_such_route"),
        ("POST", "/auth/login", 422, "invalid_request"),
    ],
)
async def test_what_does_not_exist_is_a_problem_too(
    app: Running, method: str, path: str, status: int, code: str
) -> None:
    problem(await app.client.request(method, path), status, code)


async def test_bodies_that_are_no_json_or_too_large_are_refused(run_app: RunApp) -> None:
    async with run_app(max_body_bytes=1_000) as app:
        headers = {"content-type": "application/json"}
        for unreadable in (b'{"a', b"\xff\xfe{", b"[" * 900, b'"\xed\xa0\x80"'):
            answer = await app.client.post("/auth/login", content=unreadable, headers=headers)
            problem(answer, 422, "invalid_request")
        answer = await app.client.post("/auth/login", content=b"x" * 2_000, headers=headers)
        problem(answer, 413, "too_large")

        async def in_pieces() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b"x" * 100

        answer = await app.client.post("/auth/login", content=in_pieces(), headers=headers)
        problem(answer, 413, "too_large")


async def test_passwords_and_tokens_are_not_logged(
    capsys: pytest.CaptureFixture[str], app: Running
) -> None:
    person = await app.person()
    await app.client.post(
        "/auth/login", json={"email": person.user["email"], "password": "Wrong-Pass-99"}
    )
    for _ in range(2):
        await app.client.post("/auth/refresh", json={"refresh_token": person.refresh_token})
    logged = capsys.readouterr()
    for secret in ("Wrong-Pass-99", person.refresh_token, person.access_token):
        assert secret not in logged.err + logged.out


async def test_every_pod_counts_towards_one_limit(run_app: RunApp) -> None:
    async with run_app(api_rate_per_minute=10) as one, run_app(api_rate_per_minute=10) as two:
        headers = {"x-forwarded-for": "203.0.113.5"}
        for _ in range(5):
            assert (await one.client.get("/jobs", headers=headers)).status_code == 200
            assert (await two.client.get("/jobs", headers=headers)).status_code == 200
        for pod in (one, two):
            await pod.board.api_limit.share()
        # The first pod learns of the others' requests with its next own.
        await one.client.get("/jobs", headers=headers)
        await one.board.api_limit.share()
        for pod in (one, two):
            answer = await pod.client.get("/jobs", headers=headers)
            problem(answer, 429, "rate_limited")
            assert 0 < int(answer.headers["retry-after"]) <= 60
        other = await one.client.get("/jobs", headers={"x-forwarded-for": "203.0.113.6"})
        assert other.status_code == 200
        assert (await one.client.get("http://board.test/health")).status_code == 200


async def test_a_signed_in_user_has_a_limit_of_their_own(run_app: RunApp) -> None:
    async with run_app(api_rate_per_minute=4) as app:
        person = await app.person()
        for n in range(4):
            headers = {"x-forwarded-for": f"203.0.113.{n}"}
            headers["authorization"] = f"Bearer {person.access_token}"
            assert (await app.client.get("/jobs", headers=headers)).status_code == 200
        headers["x-forwarded-for"] = "203.0.113.99"
        problem(await app.client.get("/jobs", headers=headers), 429, "rate_limited")
        made_up = {"x-forwarded-for": "203.0.113.99", "authorization": "Bearer made.up.token"}
        assert (await app.client.get("/jobs", headers=made_up)).status_code == 200


async def test_without_redis_a_worker_still_holds_callers_to_the_limit() -> None:
    store = Store("redis://127.0.0.1:1/0", connections=2, timeout_s=0.5)
    now = 600.0
    limit = ApiLimit(store, 3, clock=lambda: now)
    assert [limit.admit("a") for _ in range(4)] == [0, 0, 0, 60]
    await limit.share()
    assert limit.admit("a") == 60
    now = 659.5
    assert limit.admit("a") == 1
    now = 660.0
    assert limit.admit("a") == 0
    await store.close()


async def test_what_was_counted_is_kept_for_its_minute_and_a_little_longer(app: Running) -> None:
    store = app.board.store
    limit = ApiLimit(store, 3, clock=lambda: 659.0)
    limit.admit("a")
    await limit.share()
    assert 1 < await store.run(lambda redis: redis.ttl("rate:10:api:a")) <= 1 + 15


async def test_a_browser_may_read_answers_from_the_listed_origins_only(run_app: RunApp) -> None:
    async with run_app(cors_origins="https://board.bs", api_rate_per_minute=1) as app:
        ours = {"origin": "https://board.bs"}
        answer = await app.client.get("/jobs", headers=ours)
        assert answer.headers["access-control-allow-origin"] == "https://board.bs"
        refused = await app.client.get("/jobs", headers=ours)
        assert refused.status_code == 429
        assert refused.headers["access-control-allow-origin"] == "https://board.bs"
        theirs = await app.client.get("/jobs", headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in theirs.headers


async def test_without_redis_everything_works_slower(run_app: RunApp) -> None:
    async with run_app(redis_url="redis://127.0.0.1:1/0") as app:
        owner, seeker = await app.employer(), await app.person()
        job = await owner.job()
        path = f"/jobs/{job['id']}"
        assert (await app.client.get(path)).json()["title"] == job["title"]
        await owner.patch(path, title="Master plumber", expect=200)
        assert (await app.client.get(path)).json()["title"] == "Master plumber"
        await seeker.post(f"{path}/applications", cover_letter="Me.", expect=201)
        assert len((await seeker.get("/applications")).json()["items"]) == 1
        login = {"email": seeker.user["email"], "password": "Bahamas-2026!"}
        assert (await app.client.post("/auth/login", json=login)).status_code == 200


async def test_the_metrics_tell_what_was_served(app: Running) -> None:
    await app.client.get("/jobs/999")
    await app.client.request("FROB123", "/jobs")
    text = (await app.client.get("http://board.test/metrics")).text
    for name in (
        'http_requests_total{method="GET",route="/api/v1/jobs/{job_id}",status="404"}',
        'http_request_duration_seconds_bucket{le="0.1",method="GET",route="/api/v1/jobs/{job_id}"}',
        'served_requests_total{source="db"}',
        'cache_lookups_total{layer="miss",of="job"}',
        'db_sessions_total{target="primary_read"}',
        "db_pool_in_use",
        "db_pool_waiting",
        "db_pool_limit",
        "event_loop_lag_seconds",
        "requests_in_flight",
        "pod_cpu_seconds_total",
        "pod_memory_bytes",
        "pod_cpu_limit_cores",
        "pod_memory_limit_bytes",
    ):
        assert name in text
    assert "/jobs/999" not in text
    assert "FROB123" not in text
