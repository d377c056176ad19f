"""One whole stack, whose services tests break one after the other."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, cycle
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx2
import psycopg
import pytest
import pytest_asyncio
from fastapi import FastAPI

from reference_app.kit.tokens import Access, mint_access_token
from reference_app.subscriptions.tiers import Tier
from reference_app.users.models import Role
from stack import engine
from stack import state as stack_state
from tests.app import life
from tests.conftest import checkouts
from tests.degradation.breaking import Breakables

SLOTS, WORKERS, PODS = 8, 2, 2
HANDSHAKES = 8
_SOURCES = 40
_PATIENCE_S = 60.0
_words = count(1)

Ask = Callable[[], Awaitable[bool] | bool]


class Sources(httpx2.AsyncBaseTransport):
    """Sends each request from another address, as from many people: nginx limits each."""

    def __init__(self) -> None:
        self._all = [
            httpx2.AsyncHTTPTransport(
                local_address=f"127.0.7.{number}",
                verify=False,
                limits=httpx2.Limits(max_connections=None),
            )
            for number in range(1, _SOURCES + 1)
        ]
        self._turn = cycle(self._all)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """By the next address."""
        return await next(self._turn).handle_async_request(request)

    async def aclose(self) -> None:
        """All of them."""
        for each in self._all:
            await each.aclose()


@dataclass(frozen=True)
class Board(life.Running):
    """The board behind nginx, and what it runs on."""

    running: stack_state.Running
    broken: Breakables

    @property
    def pods(self) -> list[str]:
        """Where each pod answers, past nginx."""
        return [
            service.urls["http"]
            for service in self.running.services.values()
            if service.service == "backend"
        ]

    async def give(self, person: life.Person, tier: Tier) -> None:
        """Let `person` have a tier that nobody pays for."""
        if tier == Tier.FREE:
            return
        self.broken.sql(
            "primary",
            "INSERT INTO subscriptions (user_id, tier, billing_interval, status)"
            " VALUES (%s, %s, 'month', 'active')",
            person.id,
            tier,
        )

    def people(self, amount: int) -> list[life.Person]:
        """So many at once, signed in without a password."""
        ids = self.broken.column(
            "primary",
            "INSERT INTO users (email, password_hash, role, full_name)"
            " SELECT 'crowd' || gen_random_uuid() || '@example.com', 'none', 'seeker', 'Someone'"
            " FROM generate_series(1, %s) RETURNING id",
            amount,
        )
        return [life.Person(self.client, self._signed_in(user_id)) for user_id in ids]

    def _signed_in(self, user_id: int) -> dict[str, Any]:
        token = mint_access_token(
            Access(user_id, Role.SEEKER, uuid4()),
            secret=self.running.environment["SECRET_KEY"],
            issued_at=datetime.now(UTC),
            minutes=30,
        )
        return {"access_token": token, "refresh_token": "", "user": {"id": user_id}}

    async def search(self) -> httpx2.Response:
        """A page nobody has asked for before, so that it comes from a database."""
        return await self.client.get(f"/jobs?q=word{next(_words)}")

    async def ready(self) -> list[tuple[int, dict[str, Any]]]:
        """What each pod says of itself."""
        answers = [await self.client.get(f"{pod}/ready") for pod in self.pods]
        return [(answer.status_code, answer.json()) for answer in answers]

    async def counted(self, name: str) -> float:
        """A counter of all pods together; `name` may end in its labels."""
        total = 0.0
        for pod in self.pods:
            text = (await self.client.get(f"{pod}/metrics")).text
            line = rf"^{re.escape(name)}{'' if '{' in name else '({[^}]*})?'} (?P<value>\S+)$"
            total += sum(float(found["value"]) for found in re.finditer(line, text, re.MULTILINE))
        return total


async def eventually(ask: Ask, what: str, patience_s: float = _PATIENCE_S) -> None:
    """Wait until `ask()` is true; who cannot be reached has not said so yet."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            answer = ask()
            if answer if isinstance(answer, bool) else await answer:
                return
        except (httpx2.TransportError, psycopg.OperationalError):
            pass
        assert time.monotonic() < deadline, f"not in time: {what}"
        await asyncio.sleep(0.1)


@pytest.fixture(scope="package")
def home() -> Iterator[Path]:
    """Where the stack stands; durable, as in production."""
    with checkouts() as make:
        yield make(durable=True)


@pytest_asyncio.fixture(scope="package")
async def board(home: Path) -> AsyncIterator[Board]:
    """Two pods of two workers with few slots, two replicas."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("WEB_CONCURRENCY", str(WORKERS))
        environment.setenv("REQUEST_SLOTS", str(SLOTS))
        environment.setenv("REALTIME_HANDSHAKES", str(HANDSHAKES))
        environment.setenv("API_RATE_PER_MINUTE", "1000000")
        environment.delenv("STRIPE_SECRET_KEY", raising=False)
        running = engine.up(home, pods=PODS, replicas=2, bound=True)
    broken = Breakables(running, engine.secrets(home)["POSTGRES_PASSWORD"])
    async with httpx2.AsyncClient(
        base_url=f"{running.base_url}/api/v1", timeout=45, transport=Sources()
    ) as client:
        yield Board(cast(FastAPI, None), client, running, broken)


@pytest_asyncio.fixture
async def whole(board: Board) -> AsyncIterator[Board]:
    """The board with nothing broken, before and after."""
    await _all_well(board)
    yield board
    await _all_well(board)


async def _all_well(board: Board) -> None:
    async def well() -> bool:
        reading = board.broken.sql("primary", _STREAMING)
        return (
            reading == 2 and await board.ready() == [(200, {"reads": True, "writes": True})] * PODS
        )

    await eventually(well, "the stack is well")


_STREAMING = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
