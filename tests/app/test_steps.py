"""CPU of one request's task, while others take their turns between its steps."""

import asyncio
from time import thread_time
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import REGISTRY
from starlette.types import Message, Receive, Scope, Send

from reference_app.kit.callers import Callers
from reference_app.kit.metrics import RequestCounters
from reference_app.kit.middleware import Observe
from reference_app.kit.steps import Stepped


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


async def test_one_request_in_seven_is_timed_and_counts_for_all() -> None:
    counters, timed = RequestCounters(), 0.01

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = SimpleNamespace(path="/seventh")
        busy(timed)
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
        keys=never,
        requests=counters,
        route_of=never,
        cors=None,
    )

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        del message

    def told() -> float:
        labels = {"method": "GET", "route": "/seventh"}
        return REGISTRY.get_sample_value("http_request_cpu_seconds_total", labels) or 0.0

    scope = {"type": "http", "method": "GET", "path": "/seventh", "headers": []}
    for _ in range(6):
        await observe(dict(scope), receive, send)
    assert told() == 0.0
    await observe(dict(scope), receive, send)
    assert 7 * timed <= told() < 3 * 7 * timed
