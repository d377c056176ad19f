"""How many requests, password hashes and handshakes a worker takes on, and what the rest hear."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from random import Random

import httpx2
import pytest

from reference_app.assembly import create_app
from reference_app.kit import passwords
from reference_app.realtime.door import Door
from reference_app.warming import EMPLOYERS, PUBLIC, SEEKERS
from tests.app.conftest import MakeSettings, RunApp
from tests.app.life import PASSWORD, Running, problem, until

SLOTS = 8
PROBES = ("/health", "/ready", "/startup", "/metrics")


class Held:
    """Pages that hang until let go; how many do."""

    def __init__(self) -> None:
        self.hanging = 0
        self._go = asyncio.Event()

    async def hang(self, *_: object) -> None:
        self.hanging += 1
        try:
            await self._go.wait()
            raise RuntimeError("let go")
        finally:
            self.hanging -= 1

    def let_go(self) -> None:
        self._go.set()


@asynccontextmanager
async def full(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[asyncio.Task[httpx2.Response]]]:
    """All slots taken by pages that hang; they fail at the end."""
    held = Held()
    monkeypatch.setattr(app.board.cache, "get", held.hang, raising=False)
    tasks = [asyncio.create_task(app.client.get("/jobs")) for _ in range(SLOTS)]
    await until(lambda: held.hanging == SLOTS, what="all slots are taken")
    yield tasks
    held.let_go()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_one_more_than_the_slots_is_refused_and_probes_are_answered(
    run_app: RunApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with run_app(request_slots=SLOTS) as app:
        async with full(app, monkeypatch) as tasks:
            for path in ("/jobs", "/nowhere", "/auth/me"):
                refused = await app.client.get(path)
                problem(refused, 503, "overloaded")
                assert 1 <= int(refused.headers["retry-after"]) <= 3
                assert refused.headers["x-pod"] == "pod-under-test"
            for probe in PROBES:
                assert (await app.client.get(f"http://board.test{probe}")).status_code == 200
            assert not any(task.done() for task in tasks)
        # Those that failed have left their slots too.
        assert [task.result().status_code for task in tasks] == [500] * SLOTS
        monkeypatch.undo()
        await _room_for_all(app)


async def test_a_slot_is_free_again_when_its_client_is_gone_or_its_time_is_over(
    run_app: RunApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with run_app(request_slots=SLOTS, request_timeout_seconds=1) as app:
        async with full(app, monkeypatch) as tasks:
            tasks[0].cancel()
            await asyncio.wait({tasks[0]})
            for task in tasks[1:]:
                problem(await task, 504, "request_timeout")
        monkeypatch.undo()
        await _room_for_all(app)


async def _room_for_all(app: Running) -> None:
    answers = await asyncio.gather(*(app.client.get(f"/jobs?q=w{n}") for n in range(SLOTS)))
    assert [answer.status_code for answer in answers] == [200] * SLOTS


@contextmanager
def hashing_stands_still(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    go = threading.Event()
    verify = passwords._verify

    def wait(password: str, stored: str) -> bool:
        go.wait(20)
        return verify(password, stored)

    monkeypatch.setattr(passwords, "_verify", wait)
    try:
        yield
    finally:
        go.set()


async def test_sign_ins_that_wait_for_a_hash_leave_slots_to_others_and_refused_ones_do_not_count(
    run_app: RunApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with run_app(request_slots=SLOTS, login_attempts=3) as app:
        person = await app.person()
        right = {"email": person.user["email"], "password": PASSWORD}
        with hashing_stands_still(monkeypatch):
            waiting = [
                asyncio.create_task(app.client.post("/auth/login", json=right)) for _ in range(2)
            ]
            await until(
                lambda: app.board.passwords._taken == SLOTS // 4, what="all places are taken"
            )
            for _ in range(5):
                problem(await app.client.post("/auth/login", json=right), 503, "overloaded")
            new = {
                "email": "new@example.com",
                "password": PASSWORD,
                "full_name": "N",
                "role": "seeker",
            }
            problem(await app.client.post("/auth/register", json=new), 503, "overloaded")
            assert (await app.client.get("/jobs")).status_code == 200
        assert [(await task).status_code for task in waiting] == [200, 200]
        assert (await app.client.post("/auth/login", json=right)).status_code == 200


def test_those_turned_away_get_a_moment_each_and_none_beyond_half_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("reference_app.realtime.door.monotonic", lambda: 100.0)
    monkeypatch.setattr("reference_app.realtime.door.uniform", Random(1).uniform)
    door = Door(2)
    with door.passing():
        assert not door.is_full
        with door.passing():
            assert door.is_full
    assert not door.is_full
    waits = [door.return_after_ms() for _ in range(20_000)]
    assert min(waits) >= 1_000
    assert max(waits) <= 30_000
    # 200 in a second, one after the other, as long as that fits; then spread over the time.
    first = returns_each_second(waits[:1_000], range(2_000, 6_000, 1_000))
    assert all(150 < returns < 250 for returns in first), first
    assert waits[999] >= 5_000
    later = returns_each_second(waits, range(2_000, 29_000, 1_000))
    assert max(later) < 3 * min(later), later


def returns_each_second(waits_ms: list[int], starts_ms: range) -> list[int]:
    """How many of those waits end in the second from each of those moments."""
    return [sum(start <= wait < start + 1_000 for wait in waits_ms) for start in starts_ms]


async def test_a_worker_opens_its_connections_before_it_serves_and_counts_nothing_for_it(
    empty: None, make_settings: MakeSettings
) -> None:
    settings = make_settings(warm_start=True, db_pool_size=5, db_max_overflow=1)
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        board = app.state.board
        opened = sum(engine.pool.checkedin() for engine in board.database._engines)
        # One of them looks after the primary and is in no pool.
        assert opened == board.database.pool_use()[2] - 1 == 5
        assert not board.api_limit._counts


async def test_a_worker_that_cannot_warm_up_serves_all_the_same(
    empty: None, make_settings: MakeSettings
) -> None:
    nowhere = "postgresql://a:b@127.0.0.1:1/c"
    app = create_app(
        make_settings(warm_start=True, database_url=nowhere, database_primary_read_url=nowhere)
    )
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://board.test") as client:
            assert (await client.get("/health")).status_code == 200
            assert (await client.get("/ready")).status_code == 503


async def test_every_page_a_worker_warms_up_with_exists(app: Running) -> None:
    seeker, employer = await app.person(), await app.employer()
    for pages, reader in ((PUBLIC, seeker), (SEEKERS, seeker), (EMPLOYERS, employer)):
        for page in pages:
            answer = await reader.get(page.removeprefix("/api/v1"), expect=None)
            code = "" if answer.status_code == 200 else answer.json()["code"]
            assert code in {"", "job_not_found", "company_not_found"}, (page, code)
