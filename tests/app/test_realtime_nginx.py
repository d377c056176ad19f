"""Sockets as clients have them: through nginx, to whichever pod it chooses, with a replica."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast

import httpx2
import pytest
import pytest_asyncio
from fastapi import FastAPI

from reference_app.subscriptions.tiers import Tier
from stack import engine
from tests.app.life import Running
from tests.conftest import small_pods
from tests.sockets import RefusedError, Socket

pytestmark = pytest.mark.stack


@pytest_asyncio.fixture(scope="module")
async def board(make_home: Callable[[], Path]) -> AsyncIterator[Running]:
    home = make_home()
    with small_pods():
        running = engine.up(home, pods=2, replicas=1, bound=True)
    async with httpx2.AsyncClient(base_url=f"{running.base_url}/api/v1", timeout=120) as client:
        yield Running(cast(FastAPI, None), client)
    engine.down(home)


def address(board: Running) -> str:
    return f"ws://{board.client.base_url.host}:{board.client.base_url.port}/ws"


async def test_news_reaches_every_socket_and_what_it_tells_of_can_be_fetched(
    board: Running,
) -> None:
    employer, seeker = await board.employer(Tier.FREE), await board.person()
    job = await employer.job()
    path = f"/jobs/{job['id']}/applications"
    await seeker.post(path, cover_letter="I mend pipes.", expect=201)
    sockets = []
    for _ in range(4):  # two at each pod
        shown = (await seeker.post("/realtime/ticket", expect=201)).json()
        socket = await Socket.connect(address(board), [shown["protocol"], shown["ticket"]])
        assert (await socket.receive())["type"] == "fetch"
        sockets.append(socket)
    for number in range(5):
        body = {"recipient_id": seeker.id, "body": "When?", "key": f"question-{number}"}
        message = (await employer.post("/conversations", expect=201, **body)).json()
        for socket in sockets:
            assert (await socket.receive_type("messages"))["up_to"] == message["id"]
        # However far behind the replica is: it was told of, so it is there.
        at = f"/conversations/{message['conversation_id']}/messages?after={message['id'] - 1}"
        assert [item["id"] for item in (await seeker.get(at)).json()["items"]] == [message["id"]]
    for socket in sockets:
        socket.close()
        assert await socket.closed() == 1000


async def test_nginx_lets_nobody_in_whom_the_pods_refuse(board: Running) -> None:
    with pytest.raises(RefusedError, match="403"):
        await Socket.connect(address(board), ["hmb", "made-up"])
