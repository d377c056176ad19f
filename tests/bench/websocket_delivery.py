"""Sockets over two real pods: how late messages arrive, what an idle one costs, how many fit.

Needs nothing running: brings its own Postgres, Redis and pods, and takes about two minutes.

    python -m tests.bench.websocket_delivery
"""

import asyncio
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx2
import numpy as np
import psutil
import psycopg

from reference_app.kit.store import Store
from reference_app.kit.tokens import Access, mint_access_token
from reference_app.realtime.counts import DELIVERY_BUCKETS
from reference_app.realtime.endpoints import PROTOCOL
from reference_app.realtime.places import Tickets
from stack import engine
from tests.app.pods import Pod, running_pod
from tests.bench.homes import a_home
from tests.sockets import ClosedError, RefusedError, Socket

IDLE = 1_000
WARMUP = 100
MESSAGES = 400
PER_SECOND = 25
MOST = 10_000
PER_ADDRESS = 250
AT_ONCE = 48
AGAIN_S = 0.5
OPENING_S = 90
SECRET = "bench-" + "0123456789abcdef" * 3

_OPEN_FILES = 20_000


@dataclass
class Arrivals:
    """When news of each message came, in seconds of `perf_counter`, by the id told."""

    at: dict[int, float] = field(default_factory=dict)

    def take(self, frame: dict[str, object]) -> None:
        """Note a frame."""
        if frame["type"] == "messages":
            self.at.setdefault(int(str(frame["up_to"])), time.perf_counter())


def measure() -> dict[str, float]:
    """Delivery in ms, memory per idle connection in kB, the most connections, and how quick."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, _OPEN_FILES), hard))
    with data_servers() as environment, tempfile.TemporaryDirectory(prefix="hmb-bench-") as folder:
        people(environment["DATABASE_DIRECT_URL"], MOST)
        return asyncio.run(_measure(environment, Path(folder)))


async def _measure(environment: dict[str, str], folder: Path) -> dict[str, float]:
    given = {"secret_key": SECRET, "web_concurrency": 4, "realtime_sockets_per_user": 20}
    found: dict[str, float] = {}
    with ExitStack() as stack:
        one = stack.enter_context(running_pod("one", environment, folder, **given))
        two = stack.enter_context(running_pod("two", environment, folder, **given))
        for pod in (one, two):
            await pod.ready()
        found |= await _delivery(environment["REDIS_URL"], one, two)
    with running_pod("one", environment, folder, **given) as one:
        await one.ready()
        found |= await _most(environment["REDIS_URL"], one)
    return found


async def _delivery(redis_url: str, one: Pod, two: Pod) -> dict[str, float]:
    arrivals = Arrivals()
    # What a worker's first requests and sockets leave in memory is not an idle socket's.
    async with opened(redis_url, [one, two], range(1, WARMUP + 1), arrivals):
        await _talk(one, WARMUP, WARMUP)
    await asyncio.sleep(1)
    before = memory(one) + memory(two)
    async with opened(redis_url, [one, two], range(1, IDLE + 1), arrivals) as sockets:
        after = memory(one) + memory(two)
        counted = await delivered(two)
        sent = await _talk(one, IDLE, MESSAGES)
        await asyncio.sleep(2)
        told = (await delivered(two)) - counted
        late = np.array([arrivals.at[i] - at for i, at in sent.items() if i in arrivals.at])
        found = {
            "idle connections held": float(len(sockets)),
            "memory per idle connection, kB": (after - before) / len(sockets) / 1_000,
            "messages sent": float(len(sent)),
            "messages told": float(len(late)),
        }
    for percentile in (50, 95, 99):
        found[f"committed to told, p{percentile}, at most ms"] = 1e3 * bound(told, percentile)
        found[f"posted to told, p{percentile}, ms"] = 1e3 * float(np.percentile(late, percentile))
    return found


async def _talk(one: Pod, people: int, amount: int) -> dict[int, float]:
    """Messages from people at one pod to people at the other: id -> when it was posted."""
    sent: dict[int, float] = {}
    limit = asyncio.Semaphore(32)

    async def write(client: httpx2.AsyncClient, number: int) -> None:
        # Odd people sit at one pod, even ones at the other: each writes to a neighbour.
        pair = number % (people // 2)
        body = {"body": "Hello", "key": uuid4().hex}
        path = f"/conversations/{pair + 1}/messages"
        async with limit:
            posted = time.perf_counter()
            answer = await client.post(path, json=body, headers=signed_in(2 * pair + 1))
        answer.raise_for_status()
        sent[answer.json()["id"]] = posted

    async with one.client() as client, asyncio.TaskGroup() as group:
        started = time.perf_counter()
        for number in range(amount):
            await asyncio.sleep(max(0.0, started + number / PER_SECOND - time.perf_counter()))
            group.create_task(write(client, number))
    return sent


async def _most(redis_url: str, pod: Pod) -> dict[str, float]:
    before = memory(pod)
    started = time.perf_counter()
    async with opened(redis_url, [pod], range(1, MOST + 1), Arrivals()) as sockets:
        took = time.perf_counter() - started
        await asyncio.sleep(3)
        alive = [socket for socket in sockets if not socket.is_over]
        used = memory(pod) - before
    return {
        "most connections one pod held": float(len(alive)),
        "opened per second": len(sockets) / took,
        "pod memory for them, MB": used / 1e6,
        "memory per connection at the most, kB": used / max(1, len(alive)) / 1_000,
    }


@asynccontextmanager
async def opened(
    redis_url: str, pods: Sequence[Pod], users: Sequence[int], arrivals: Arrivals
) -> AsyncIterator[list[Socket]]:
    """Sockets of `users`, at the pods by turns, each told to fetch; as many as open in time."""
    sockets: list[Socket] = []
    store = Store(redis_url, connections=AT_ONCE, timeout_s=5)
    # Straight from Redis: asking the pods for each would be most of the time.
    tickets = Tickets(store, OPENING_S)
    limit = asyncio.Semaphore(AT_ONCE)
    deadline = time.perf_counter() + OPENING_S

    async def connect(place: int, user: int) -> None:
        async with limit:
            source = f"127.0.{1 + place // PER_ADDRESS // 250}.{1 + place // PER_ADDRESS % 250}"
            while time.perf_counter() < deadline:
                protocols = [PROTOCOL, await tickets.issue(user, uuid4())]
                try:
                    socket = await pods[place % len(pods)].socket(protocols, source=source)
                    await socket.receive_type("fetch")
                except (ClosedError, RefusedError, TimeoutError):
                    # Too many at once for the pod: clients try again a little later.
                    await asyncio.sleep(AGAIN_S)
                else:
                    socket.on_frame = arrivals.take
                    sockets.append(socket)
                    return

    async with asyncio.TaskGroup() as group:
        for place, user in enumerate(users):
            group.create_task(connect(place, user))
    try:
        yield sockets
    finally:
        for socket in sockets:
            socket.cut()
        await store.close()


def signed_in(user_id: int) -> dict[str, str]:
    """The headers of a signed-in user."""
    access = Access(user_id, "seeker", uuid4())
    token = mint_access_token(access, secret=SECRET, issued_at=datetime.now(UTC), minutes=30)
    return {"authorization": f"Bearer {token}"}


def memory(pod: Pod) -> int:
    """What a pod's processes hold, in bytes; what they share is counted once."""
    master = psutil.Process(pod.process.pid)
    return sum(each.memory_full_info().pss for each in (master, *master.children(recursive=True)))


async def delivered(pod: Pod) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """How many frames a pod has told within each of `DELIVERY_BUCKETS`, so far."""
    async with httpx2.AsyncClient() as client:
        text = (await client.get(f"{pod.url}/metrics")).text
    counted = dict(re.findall(r'^websocket_delivery_seconds_bucket{le="(\S+)"} (\S+)$', text, re.M))
    return np.array([float(counted.get(str(limit), 0)) for limit in DELIVERY_BUCKETS])


def bound(told: np.ndarray[tuple[int], np.dtype[np.float64]], percentile: int) -> float:
    """The smallest bucket, in seconds, that holds `percentile` of what was told; else infinity."""
    enough = np.flatnonzero(told >= told[-1] * percentile / 100)
    return DELIVERY_BUCKETS[int(enough[0])]


def people(url: str, amount: int) -> None:
    """Users 1 to `amount`, who may write as much as they like.

    1 and 2 know each other, 3 and 4, and so on: in conversations 1, 2 and so on.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO users (email, password_hash, role, full_name)"
            " SELECT 'user' || n || '@example.com', 'none', 'seeker', 'User ' || n"
            " FROM generate_series(1, %s) n ORDER BY n",
            (amount,),
        )
        connection.execute(
            "INSERT INTO subscriptions (user_id, tier, billing_interval, status)"
            " SELECT id, 'enterprise', 'month', 'active' FROM users"
        )
        connection.execute(
            "INSERT INTO conversations (low_user_id, high_user_id)"
            " SELECT id, id + 1 FROM users WHERE id % 2 = 1 ORDER BY id"
        )
        connection.execute(
            "INSERT INTO conversation_participants"
            " (conversation_id, user_id, other_id, has_written)"
            " SELECT id, low_user_id, high_user_id, true FROM conversations"
            " UNION ALL SELECT id, high_user_id, low_user_id, true FROM conversations"
        )


@contextmanager
def data_servers() -> Iterator[dict[str, str]]:
    """A migrated primary and a Redis of their own: the app's environment."""
    with a_home() as home:
        running = engine.up(home, services={"primary", "redis"}, bound=True)
        environment = dict(running.environment)
        environment["DATABASE_URL"] = environment["DATABASE_DIRECT_URL"]
        environment["DATABASE_PRIMARY_READ_URL"] = environment["DATABASE_DIRECT_URL"]
        environment["DATABASE_REPLICA_URLS"] = ""
        migrate = (sys.executable, "-m", "alembic", "-c", "reference_app/alembic.ini")
        subprocess.run([*migrate, "upgrade", "head"], env={**os.environ, **environment}, check=True)
        yield environment


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
