"""One worker of the app in the test's own process, and the people who use it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx2
from fastapi import FastAPI

from reference_app.assembly import create_app
from reference_app.serving import Board
from reference_app.settings import Settings
from reference_app.subscriptions import known_tiers
from reference_app.subscriptions.models import Subscription
from reference_app.subscriptions.tiers import Tier

PASSWORD = "Bahamas-2026!"
_PROXY = ("127.0.0.1", 4242)
_numbers = count(1)


@dataclass(frozen=True)
class Running:
    """A worker of the app and a client that reaches it as through our proxy."""

    app: FastAPI
    client: httpx2.AsyncClient

    @property
    def board(self) -> Board:
        """What the worker holds."""
        board: Board = self.app.state.board
        return board

    async def person(self, role: str = "seeker", **given: Any) -> "Person":
        """Someone new, signed in."""
        number = next(_numbers)
        answer = await self.client.post(
            "/auth/register",
            json={
                "email": f"person{number}@example.com",
                "password": PASSWORD,
                "full_name": f"Person {number}",
                "role": role,
                **given,
            },
        )
        assert answer.status_code == 201, answer.text
        return Person(self.client, answer.json())

    async def employer(self, tier: Tier = Tier.BUSINESS) -> "Person":
        """Someone new who offers work, with a company, given `tier`."""
        person = await self.person("employer")
        person.company = (await person.post("/companies", name="Conch Ltd", expect=201)).json()
        await self.give(person, tier)
        return person

    async def give(self, person: "Person", tier: Tier) -> None:
        """Let `person` have a tier that nobody pays for."""
        if tier == Tier.FREE:
            return
        async with self.board.database.writing() as session:
            session.wrote_for(person.id)
            session.forget(known_tiers.cache_key(person.id))
            session.add(
                Subscription(
                    user_id=person.id, tier=tier, billing_interval="month", status="active"
                )
            )


class Person:
    """Someone signed in."""

    def __init__(self, client: httpx2.AsyncClient, signed_in: dict[str, Any]) -> None:
        self._client = client
        self.access_token: str = signed_in["access_token"]
        self.refresh_token: str = signed_in["refresh_token"]
        self.user: dict[str, Any] = signed_in["user"]
        self.id: int = self.user["id"]
        self.company: dict[str, Any] = {}

    def through(self, app: Running) -> "Person":
        """The same person, by way of another worker."""
        twin = Person(
            app.client,
            {
                "access_token": self.access_token,
                "refresh_token": self.refresh_token,
                "user": self.user,
            },
        )
        twin.company = self.company
        return twin

    async def send(
        self, method: str, path: str, body: Any = None, *, expect: int | None = None
    ) -> httpx2.Response:
        """One request as this person; fails the test unless it answers `expect`, if given."""
        answer = await self._client.request(
            method, path, json=body, headers={"authorization": f"Bearer {self.access_token}"}
        )
        if expect is not None:
            assert answer.status_code == expect, answer.text
        return answer

    async def get(self, path: str, *, expect: int | None = 200) -> httpx2.Response:
        """Read as this person."""
        return await self.send("GET", path, expect=expect)

    async def post(self, path: str, *, expect: int | None = None, **body: Any) -> httpx2.Response:
        """Post as this person."""
        return await self.send("POST", path, body or None, expect=expect)

    async def patch(self, path: str, *, expect: int | None = None, **body: Any) -> httpx2.Response:
        """Change something as this person."""
        return await self.send("PATCH", path, body, expect=expect)

    async def job(self, *, published: bool = True, **given: Any) -> dict[str, Any]:
        """A new job of this employer's company."""
        draft = {
            "company_id": self.company["id"],
            "title": "Experienced plumber",
            "description": "Mend pipes in a resort.",
            "category": "plumbing",
            "island": "exuma",
            "employment_type": "full_time",
            **given,
        }
        job: dict[str, Any] = (await self.post("/jobs", expect=201, **draft)).json()
        if published:
            job = (await self.post(f"/jobs/{job['id']}/publish", expect=200)).json()
        return job


@asynccontextmanager
async def running_app(settings: Settings) -> AsyncIterator[Running]:
    """A worker between its start and its end, with a client whose paths begin at /api/v1."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app, client=_PROXY)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://board.test/api/v1"
        ) as client:
            yield Running(app, client)


async def until(condition: Any, *, what: str, patience_s: float = 30.0) -> None:
    """Wait for `condition()` to hold; fail the test if it does not in time."""
    try:
        async with asyncio.timeout(patience_s):
            while not condition():  # noqa: ASYNC110 - of things that know no events
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not in time: {what}") from None


def problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The problem that `answer` must be, checked for its shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "code", "request_id"} <= body.keys()
    assert body["code"] == code
    assert body["status"] == status
    assert body["request_id"] == answer.headers["x-request-id"]
    return body
