"""Two real pods that share a Redis of their own, and people who reach both."""

import asyncio
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, cast

import httpx2
import psycopg
import pytest
import pytest_asyncio
from fastapi import FastAPI
from redis.asyncio import Redis

from reference_app.subscriptions.tiers import Tier
from stack.processes import dying_with_parent
from tests.app.life import Person, Running
from tests.app.pods import Pod, free_port, running_pod

_keys = count(1)


class OwnRedis:
    """A Redis that a test may kill."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
            stdout=subprocess.DEVNULL,
            preexec_fn=dying_with_parent(signal.SIGKILL, None),  # noqa: PLW1509
        )

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(60)


@dataclass
class Two:
    """Two pods and their Redis; `environment` is what a third would need."""

    one: Pod
    two: Pod
    redis: OwnRedis
    environment: dict[str, str]
    folder: Path

    def __iter__(self) -> Iterator[Pod]:
        return iter((self.one, self.two))


@pytest_asyncio.fixture(scope="session")
async def pods(
    app_servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Two]:
    folder = tmp_path_factory.mktemp("pods")
    redis = OwnRedis()
    redis.start()
    environment = {**app_servers, "REDIS_URL": redis.url}
    settings = {"realtime_ping_seconds": 1, "realtime_sockets_per_user": 3}
    with (
        running_pod("one", environment, folder, **settings) as one,
        running_pod("two", environment, folder, **settings) as two,
    ):
        await one.ready()
        await two.ready()
        yield Two(one, two, redis, environment, folder)
    redis.kill()


@dataclass
class People:
    """People of the board, as they reach each pod."""

    one: Running
    two: Running
    database_url: str

    async def pair(self) -> tuple[Person, Person]:
        """Two people who know each other and may write as much as they like, at the first pod."""
        employer, seeker = await self.one.employer(Tier.FREE), await self.one.person()
        job = await employer.job()
        await seeker.post(f"/jobs/{job['id']}/applications", cover_letter="Please.", expect=201)
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            for person in (employer, seeker):
                connection.execute(
                    "INSERT INTO subscriptions (user_id, tier, billing_interval, status)"
                    " VALUES (%s, 'pro', 'month', 'active')",
                    (person.id,),
                )
        return seeker, employer


@pytest_asyncio.fixture
async def people(pods: Two, empty: None) -> AsyncIterator[People]:
    redis = Redis.from_url(pods.redis.url)
    await redis.flushall()
    await redis.aclose()
    async with pods.one.client() as one, pods.two.client() as two:
        nobody = cast(FastAPI, None)
        yield People(Running(nobody, one), Running(nobody, two), pods.environment["DATABASE_URL"])


async def write(sender: Person, to: Person, body: str = "Hello") -> dict[str, Any]:
    answer = await sender.post(
        "/conversations", recipient_id=to.id, body=body, key=f"key-{next(_keys):08}", expect=201
    )
    found: dict[str, Any] = answer.json()
    return found


async def counted(pod: Pod, name: str, wanted: Callable[[float], bool]) -> None:
    """Wait until the pod's metric `name` is as `wanted`."""
    async with asyncio.timeout(60):
        while not wanted(await metric(pod, name)):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.1)


async def metric(pod: Pod, name: str) -> float:
    async with httpx2.AsyncClient() as client:
        text = (await client.get(f"{pod.url}/metrics")).text
    return sum(
        float(value) for value in re.findall(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    )
