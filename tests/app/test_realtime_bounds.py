"""Sockets of two real pods: who is dropped, and what happens without Redis or at the end."""

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import pytest
from redis.asyncio import Redis

from reference_app.kit.store import Store
from reference_app.realtime.announcer import channel, envelope
from reference_app.realtime.connection import Bounds, Connection
from reference_app.realtime.switchboard import Switchboard
from tests.app.life import problem
from tests.app.pods import running_pod
from tests.app.two_pods import People, Two, counted, metric, write


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("x" * 3_000 + "y" * 3_000, 1009),
        ("no JSON", 1003),
        ('{"type":"fetch"}', 1003),
        ('{"type":"typing"}', 1003),
        ('{"type":"typing","conversation_id":-1}', 1003),
    ],
)
async def test_what_is_no_frame_ends_the_socket(
    pods: Two, people: People, said: str, code: int
) -> None:
    socket = await pods.one.open(await people.one.person())
    socket.say(said)
    assert await socket.closed() == code


async def test_whoever_talks_too_much_is_dropped(pods: Two, people: People) -> None:
    socket = await pods.one.open(await people.one.person())
    for _ in range(40):
        socket.say_json(type="pong")
    assert await socket.closed() == 4029


async def test_the_newest_sockets_of_a_person_stay(pods: Two, people: People) -> None:
    ana = await people.one.person()
    twin = ana.through(people.two)
    first = await pods.one.open(ana)
    second = await pods.two.open(twin)
    third = await pods.one.open(ana)
    fourth = await pods.two.open(twin)
    assert await first.closed() == 4009
    fifth = await pods.two.open(twin)
    assert await second.closed() == 4009
    assert not any(each.is_over for each in (third, fourth, fifth))
    for socket in (third, fourth, fifth):
        socket.close()


async def test_a_closed_socket_gives_its_place_back(pods: Two, people: People) -> None:
    ana = await people.one.person()
    stays = await pods.one.open(ana)
    for _ in range(4):
        passing = await pods.one.open(ana)
        passing.close()
        await passing.closed()
        redis = Redis.from_url(pods.redis.url)
        while await redis.llen(f"sockets:{ana.id}") > 1:  # noqa: ASYNC110 - Redis tells nobody
            await asyncio.sleep(0.01)
        await redis.aclose()
    assert not stays.is_over
    stays.close()


async def test_a_silent_peer_is_dropped_and_one_that_answers_is_not(
    pods: Two, people: People
) -> None:
    ana = await people.one.person()
    silent_way = await pods.one.open_early(ana, answers_pings=False)
    lively = await pods.one.open(ana)
    assert await silent_way.closed() == 4010
    assert not lively.is_over
    lively.close()


async def flood(pods: Two, user_id: int, amount: int) -> None:
    redis = Redis.from_url(pods.redis.url)
    filler = '{"type":"filler","text":"' + "x" * 1_000 + '"}'
    for _ in range(amount // 500):
        pipeline = redis.pipeline(transaction=False)
        for _ in range(500):
            pipeline.publish(channel(user_id), envelope(filler))
        await pipeline.execute()
    await redis.aclose()


async def test_a_slow_reader_is_dropped_while_others_go_on(pods: Two, people: People) -> None:
    ana, ben = await people.pair()
    slow = await pods.one.open(ana, receive_buffer=4_096)
    never = await pods.one.open(ana, receive_buffer=4_096, answers_close=False)
    other = await pods.one.open(ben)
    slow.stop_reading()
    never.stop_reading()
    dropped = 'websocket_dropped_total{reason="slow_reader"}'
    async with asyncio.timeout(120):
        # Little by little: Redis too drops who does not keep up, a pod that is short of CPU.
        while await metric(pods.one, dropped) < 2:
            await flood(pods, ana.id, 1_000)
    # The worker goes on: for others, and for the slow one's next socket.
    again = await pods.one.open(ana)
    message = await write(ben, ana)
    for socket in (other, again):
        assert (await socket.receive_type("messages"))["up_to"] == message["id"]
    slow.resume_reading()
    assert await slow.closed() == 4008
    # One that never reads its close holds nothing of the app any more.
    await counted(pods.one, "websocket_connections", lambda value: value == 2)
    for socket in (other, again):
        socket.close()
    never.cut()


async def test_without_redis_people_write_and_poll_and_on_its_return_are_told_to_fetch(
    pods: Two, people: People
) -> None:
    ana, ben = await people.pair()
    socket = await pods.one.open(ana)
    bystander = await pods.two.open(await people.one.person())
    conversation_id = (await write(ben, ana))["conversation_id"]
    await socket.receive_type("messages")
    pods.redis.kill()
    try:
        await socket.receive_type("degraded")
        await bystander.receive_type("degraded")
        unheard = await write(ben, ana, "into the dark")
        page = (await ana.get(f"/conversations/{conversation_id}/messages")).json()
        assert page["items"][-1]["id"] == unheard["id"]
        refusal = await ana.post("/realtime/ticket")
        problem(refusal, 503, "realtime_unavailable")
        assert refusal.headers["retry-after"] == "5"
    finally:
        pods.redis.start()
    for each in (socket, bystander):  # whether or not anything was missed
        told = await each.receive_type("fetch")
        assert 0 <= told["within_ms"] <= 30_000
    bystander.close()
    live = await write(ben, ana)
    # Told at once, or, where Redis is still avoided, to fetch a little later.
    while True:
        frame = await socket.receive()
        if frame["type"] == "fetch" or frame.get("up_to") == live["id"]:
            break
    path = f"/conversations/{conversation_id}/messages?after={unheard['id']}"
    assert [item["id"] for item in (await ana.get(path)).json()["items"]] == [live["id"]]
    assert not socket.is_over
    for way in (ana, ana.through(people.two)):  # both pods are themselves again
        while (await way.post("/realtime/ticket")).status_code != 201:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    socket.close()


async def test_a_worker_that_stops_sends_everyone_away_each_for_another_while(
    pods: Two, people: People
) -> None:
    ana = await people.one.person()
    with running_pod("third", pods.environment, pods.folder) as third:
        await third.ready()
        sockets = [await third.open(ana) for _ in range(8)]
        third.stop()
        waits = [(await socket.receive_type("closing"))["reconnect_after_ms"] for socket in sockets]
        assert [await socket.closed() for socket in sockets] == [1012] * 8
        assert len(set(waits)) > 4
        assert max(waits) <= 30_000
        assert await asyncio.to_thread(third.process.wait, 15) == 0


async def test_who_comes_while_news_cannot_be_heard_is_told_to_fetch_once_it_can(
    pods: Two,
) -> None:
    store = Store(pods.redis.url, connections=2, timeout_s=2)
    switchboard = Switchboard(
        pods.redis.url,
        store,
        bounds=Bounds(queue=8, frame_bytes=100),
        ping_s=25,
        ticket_s=30,
        sockets_per_user=3,
        handshakes=8,
    )
    told: asyncio.Queue[str] = asyncio.Queue()

    async def send(message: MutableMapping[str, Any]) -> None:
        await told.put(json.loads(message["text"])["type"])

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "websocket.disconnect"}

    connection = Connection("only", 1, receive, send, switchboard.bounds)
    await switchboard.join(connection)
    assert await told.get() == "degraded"
    works = [asyncio.create_task(work) for work in switchboard.works()]
    async with asyncio.timeout(60):
        assert await told.get() == "fetch"
    await switchboard.part(connection)
    for work in works:
        work.cancel()
    await asyncio.wait(works)
    await store.close()
