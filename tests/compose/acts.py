"""What tests of a stack under Docker do with it, and wait for."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.compose.brought_up import BroughtUp, Visitor, until

PASSWORD = "Bahamas-2026!"


def registered(client: httpx2.Client, name: str) -> dict[str, str]:
    """Someone new; returns the headers that sign them in."""
    answer = client.post(
        "/api/v1/auth/register",
        json={
            "email": f"{name}@example.com",
            "password": PASSWORD,
            "full_name": name.title(),
            "role": "seeker",
        },
    )
    assert answer.status_code == 201, answer.text
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


def signs_in(client: httpx2.Client, name: str) -> bool:
    """Whether one can at every pod: each notices by itself where the primary is."""
    known = {"email": f"{name}@example.com", "password": PASSWORD}
    answers = [client.post("/api/v1/auth/login", json=known) for _ in range(6)]
    return all(answer.status_code == 200 for answer in answers)


@contextmanager
def changed(env: Path, line: str) -> Iterator[None]:
    """The environment file with one line more."""
    before = env.read_text("utf-8")
    env.write_text(f"{before}\n{line}\n", "utf-8")
    yield
    env.write_text(before, "utf-8")


def streaming(brought_up: BroughtUp) -> list[str]:
    """The replicas that follow the primary."""
    query = "SELECT application_name FROM pg_stat_replication WHERE state = 'streaming' ORDER BY 1"
    asked = f'PGPASSWORD=$POSTGRES_PASSWORD psql -U postgres -At -c "{query}"'
    return brought_up.inside("primary", asked).stdout.split()


def both_stream(brought_up: BroughtUp) -> bool:
    """Whether both replicas follow the primary."""
    return streaming(brought_up) == ["replica_1", "replica_2"]


def scaled(brought_up: BroughtUp, visitor: Visitor, count: int) -> set[str]:
    """So many pods, none made anew, once all of them and nobody else answers; their names."""
    words = ("--detach", "--no-deps", "--no-recreate", "--scale", f"backend={count}")
    brought_up.compose("up", *words, "backend")
    pods = all_answer(brought_up, visitor)
    assert len(pods) == count
    return pods


def all_answer(brought_up: BroughtUp, visitor: Visitor) -> set[str]:
    """The pods there are, once all of them and nobody else answers."""
    since, pods = time.monotonic() + 5.0, brought_up.pods()
    until(lambda: visitor.seen_since(since) == pods, f"{len(pods)} pods answer")
    return pods
