"""What a pod writes to its log, whatever is sent to it and goes wrong: nothing of people's."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import cast

import httpx2
import pytest
import pytest_asyncio
from fastapi import FastAPI

from reference_app.subscriptions.tiers import Tier
from tests.app.life import Running
from tests.app.pods import Pod, running_pod
from tests.app.rows import execute_at

MARK = "Quassia7731"
"""In everything that is sent, and in no log."""


@pytest_asyncio.fixture
async def pod(
    empty: None, app_servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pod]:
    folder = tmp_path_factory.mktemp("silent")
    with running_pod(
        "silent",
        app_servers,
        folder,
        stripe_secret_key="sk_test_0123456789abcdef",
        stripe_webhook_secret="whsec_0123456789abcdef",
    ) as pod:
        await pod.ready()
        yield pod


@contextmanager
def _broken(url: str, change: str, back: str) -> Iterator[None]:
    execute_at(url, change)
    try:
        yield
    finally:
        execute_at(url, back)


async def test_nothing_anyone_sent_is_logged(pod: Pod, app_servers: dict[str, str]) -> None:
    url = app_servers["DATABASE_DIRECT_URL"]
    async with pod.client() as client:
        secrets = await _all_kinds_of_requests(pod, client)
        with _broken(
            url,
            f"ALTER TABLE posts ADD CONSTRAINT odd CHECK (position('{MARK} again' IN body) = 0)",
            "ALTER TABLE posts DROP CONSTRAINT odd",
        ):
            person = await Running(cast(FastAPI, None), client).person()
            assert (await person.post("/posts", body=f"{MARK} again")).status_code == 500
        # What does not fit its own shape: the library that says so repeats it.
        execute_at(
            url,
            "INSERT INTO notifications (user_id, kind, data) VALUES (%s, 'followed', %s)",
            person.id,
            f'["{MARK}"]',
        )
        await person.get("/notifications", expect=500)
        with _broken(
            url,
            "ALTER TABLE jobs RENAME title TO heading",
            "ALTER TABLE jobs RENAME heading TO title",
        ):
            assert (await client.get(f"/jobs?q={MARK}+broken")).status_code == 500
    _malformed(pod)
    log = pod.log.read_text("utf-8")
    # It did log what went wrong, and where.
    assert "unforeseen error" in log
    for sqlstate in ("23514", "42703"):  # a check that failed, a column that is not there
        assert f'"sqlstate": "{sqlstate}"' in log
    assert "cache load failed" in log
    for secret in (MARK, MARK.lower(), *secrets):
        assert secret not in log


async def _all_kinds_of_requests(pod: Pod, client: httpx2.AsyncClient) -> list[str]:
    """Send the mark wherever something can be sent; the tokens that were."""
    email, password = f"{MARK}@example.com", f"{MARK}-pass!"
    board = Running(cast(FastAPI, None), client)
    person = await board.person(email=email, password=password, full_name=f"Ana {MARK}")
    secrets = [person.access_token, person.refresh_token]
    other = await board.employer(Tier.FREE)
    job = await other.job(description=f"{MARK} wanted")
    requests = (
        client.post("/auth/register", json={"email": email, "password": password}),
        client.post(
            "/auth/register",
            json={"email": email, "password": password, "full_name": MARK, "role": "seeker"},
        ),
        client.post("/auth/login", json={"email": email, "password": password}),
        client.post("/auth/login", json={"email": email, "password": f"{MARK}-wrong"}),
        client.post("/auth/login", content=f'{{"email": "{MARK}'),
        client.post("/auth/login", content=MARK.encode("utf-16")),
        client.post("/auth/refresh", json={"refresh_token": MARK}),
        client.get(f"/jobs?q={MARK}&cursor={MARK}"),
        client.get(f"/jobs?salary_min={MARK}"),
        client.get(f"/jobs/{MARK}"),
        client.get(f"/{MARK}?token={MARK}"),
        client.get("/auth/me", headers={"authorization": f"Bearer {MARK}"}),
        client.get("/jobs", headers={"x-forwarded-for": MARK, "x-request-id": f"id {MARK}"}),
        client.request(MARK.upper(), "/jobs"),
        client.post(
            "/subscriptions/webhook", content=MARK, headers={"stripe-signature": f"t=1,v1={MARK}"}
        ),
        person.post(f"/jobs/{job['id']}/applications", cover_letter=MARK),
        person.post("/conversations", recipient_id=other.id, body=MARK, key="mark-0001"),
        person.post("/conversations", recipient_id=other.id, body=MARK, key=MARK),
        person.post("/posts", body=MARK),
        person.patch("/users/me", bio=MARK, nickname=MARK),
    )
    statuses = [(await sent).status_code for sent in requests]
    assert max(statuses) < 500
    for _ in range(2):
        await client.post("/auth/refresh", json={"refresh_token": person.refresh_token})
    for _ in range(7):
        attempt = {"email": f"else-{MARK}@example.com", "password": password}
        answer = await client.post("/auth/login", json=attempt)
    assert answer.status_code == 429
    shown = (await other.post("/realtime/ticket", expect=201)).json()
    connected = await pod.socket([shown["protocol"], shown["ticket"]])
    connected.say(MARK)
    await connected.closed()
    return [*secrets, shown["ticket"], other.access_token, other.refresh_token]


def _malformed(pod: Pod) -> None:
    """Requests that are none."""
    for nonsense in (
        f"GET /{MARK} HTTP/9.9\r\nhost: x\r\n\r\n",
        f"GET / HTTP/1.1\r\nhost: x\r\n{MARK} {MARK}: x\r\n\r\n",
        f"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {MARK}\r\n\r\n{MARK}",
        f"{MARK}\r\n\r\n",
        f"GET /ws?ticket={MARK} HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", pod.port), timeout=10) as connection:
            connection.sendall(nonsense.encode())
            connection.recv(4_096)
