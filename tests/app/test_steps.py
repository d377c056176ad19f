"""CPU of one request's task, while others take their turns between its steps."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from time import thread_time
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import REGISTRY
from starlette.types import Message, Receive, Scope, Send

from reference_app.kit.callers import Callers
from reference_app.kit.metrics import RequestCounters
from reference_app.kit.middleware import Observe
from reference_app.kit.passwords import Passwords
from reference_app.kit.steps import Stepped, in_thread


def busy(seconds: float) -> None:
    until = thread_time() + seconds
    while thread_time() < until:
        pass


async def _working(times: int, seconds: float) -> None:
    for _ in range(times):
        busy(seconds)
        await asyncio.sleep(0)


async def test_the_work_of_others_is_not_counted() -> None:
    mine = Stepped(_working(3, 0.01))

    async def run() -> None:
        await mine

    await asyncio.gather(run(), _working(3, 0.1))
    assert 0.03 <= mine.seconds < 0.1


async def test_what_is_thrown_in_and_out_passes() -> None:
    seen: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            busy(0.01)
            raise

    timed = Stepped(work())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await timed
    assert seen == ["cancelled"]
    assert timed.seconds >= 0.01

    async def fails() -> None:
        await asyncio.sleep(0)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await Stepped(fails())


def test_cpu_is_counted_by_route_and_made_up_methods_are_one() -> None:
    counters = RequestCounters()

    def told(method: str) -> float:
        labels = {"method": method, "route": "/steps"}
        return REGISTRY.get_sample_value("http_request_cpu_seconds_total", labels) or 0.0

    counters.used("GET", "/steps", 0.25)
    counters.used("GET", "/steps", 0.5)
    counters.used("BREW", "/steps", 1.0)
    counters.used("STIR", "/steps", 1.0)
    assert (told("GET"), told("other"), told("BREW")) == (0.75, 2.0, 0.0)


def _cpu(route: str) -> float:
    labels = {"method": "GET", "route": route}
    return REGISTRY.get_sample_value("http_request_cpu_seconds_total", labels) or 0.0


def _asking(route: str, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """What asks a worker for `route`, where a request does this work."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = SimpleNamespace(path=route)
        await work()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def never() -> Any:
        raise AssertionError("nobody asks")

    observe = Observe(
        app,
        pod="p",
        slots=4,
        secret="s" * 32,
        timeout_s=5,
        body_bytes=1_000,
        callers=Callers(()),
        limit=never,
        ended=never,
        seen=never,
        apart={},
        keys=never,
        requests=RequestCounters(),
        route_of=never,
        cors=None,
    )

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        del message

    async def ask() -> None:
        await observe(
            {"type": "http", "method": "GET", "path": route, "headers": []}, receive, send
        )

    return ask


async def test_one_request_in_seven_is_timed_and_counts_for_all() -> None:
    timed = 0.01

    async def work() -> None:
        busy(timed)

    ask = _asking("/seventh", work)
    for _ in range(6):
        await ask()
    assert _cpu("/seventh") == 0.0
    await ask()
    assert 7 * timed <= _cpu("/seventh") < 3 * 7 * timed


async def test_what_threads_do_is_timed_of_every_request_and_counts_once() -> None:
    async def work() -> None:
        await asyncio.to_thread(in_thread(partial(busy, 0.02)))

    first, second = _asking("/threads-a", work), _asking("/threads-b", work)
    await asyncio.gather(first(), first(), second())
    assert 0.04 <= _cpu("/threads-a") < 0.08
    assert 0.02 <= _cpu("/threads-b") < 0.04


async def test_a_password_is_hashed_on_its_requests_account() -> None:
    passwords = Passwords(rounds=8, most=4)

    async def work() -> None:
        await passwords.matches("wrong", None)

    await _asking("/sign-in", work)()
    await passwords.hash("nobody's")  # no request: counted for none
    passwords.close()
    assert _cpu("/sign-in") > 0.003
