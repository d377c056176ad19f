"""Sockets of two real pods: who gets in, who is told of what, and that nothing is lost."""

import asyncio
from random import Random

import pytest
from redis.asyncio import Redis

from tests.app.life import Person, problem
from tests.app.two_pods import People, Two, write
from tests.sockets import RefusedError, Socket


async def test_a_message_written_at_one_pod_is_told_at_the_other(pods: Two, people: People) -> None:
    ana, ben = await people.pair()
    reader = await pods.two.open(ana.through(people.two))
    own = await pods.two.open(ben.through(people.two))
    message = await write(ben, ana)
    news = {
        "type": "messages",
        "conversation_id": message["conversation_id"],
        "up_to": message["id"],
    }
    assert await reader.receive() == news
    assert (await reader.receive())["type"] == "notifications"
    # One's own other devices hear of it too, but it is no news to notify of.
    assert await own.receive() == news
    path = f"/conversations/{message['conversation_id']}/messages?after=0"
    items = (await ana.through(people.two).get(path)).json()["items"]
    assert [item["id"] for item in items] == [message["id"]]
    assert not own.frames
    for socket in (reader, own):
        socket.close()


async def test_nobody_else_is_told(pods: Two, people: People) -> None:
    ana, ben = await people.pair()
    stranger = await people.one.person()
    overhearing = await pods.one.open(stranger)
    told = await pods.one.open(ana)
    await write(ben, ana)
    await told.receive_type("messages")
    await write(ben, ana)
    await told.receive_type("messages")
    assert not overhearing.frames
    for socket in (overhearing, told):
        socket.close()


async def test_a_ticket_opens_one_socket_once_at_any_pod(pods: Two, people: People) -> None:
    ana = await people.one.person()
    shown = (await ana.post("/realtime/ticket", expect=201)).json()
    assert shown["expires_in"] == 30
    protocols = [shown["protocol"], shown["ticket"]]
    outcomes = await asyncio.gather(
        *(pod.socket(protocols) for pod in (*pods, *pods, *pods)), return_exceptions=True
    )
    opened = [each for each in outcomes if isinstance(each, Socket)]
    refused = [each.status for each in outcomes if isinstance(each, RefusedError)]
    assert (len(opened), refused) == (1, [403] * 5)
    opened[0].close()


async def test_a_ticket_is_good_for_thirty_seconds(pods: Two, people: People) -> None:
    ana = await people.one.person()
    shown = (await ana.post("/realtime/ticket", expect=201)).json()
    redis = Redis.from_url(pods.redis.url, decode_responses=True)
    (name,) = [key async for key in redis.scan_iter("ticket:*")]
    assert 0 < await redis.pttl(name) <= 30_000
    await redis.pexpire(name, 1)
    while await redis.exists(name):  # noqa: ASYNC110 - Redis tells nobody
        await asyncio.sleep(0.01)
    await redis.aclose()
    with pytest.raises(RefusedError, match="403"):
        await pods.one.socket([shown["protocol"], shown["ticket"]])


@pytest.mark.parametrize("protocols", [["hmb"], ["hmb", "made-up"], ["made-up"], ["a", "b", "c"]])
async def test_nobody_gets_in_without_a_ticket(pods: Two, protocols: list[str]) -> None:
    with pytest.raises(RefusedError, match="403"):
        await pods.one.socket(protocols)


async def test_tickets_are_for_those_signed_in(people: People) -> None:
    problem(await people.one.client.post("/realtime/ticket"), 401, "not_signed_in")


async def test_typing_is_told_to_the_other_side_alone(pods: Two, people: People) -> None:
    ana, ben = await people.pair()
    stranger = await people.one.person()
    conversation_id = (await write(ben, ana))["conversation_id"]
    typing, seeing = await pods.one.open(ana), await pods.two.open(ben.through(people.two))
    intruding = await pods.one.open(stranger)
    intruding.say_json(type="typing", conversation_id=conversation_id)
    for _ in range(5):  # told once: it is the same typing
        typing.say_json(type="typing", conversation_id=conversation_id)
    assert await seeing.receive() == {
        "type": "typing",
        "conversation_id": conversation_id,
        "user_id": ana.id,
    }
    await write(ana, ben)
    assert (await seeing.receive())["type"] == "messages"
    assert not typing.frames or typing.frames[0]["type"] == "messages"
    for socket in (typing, seeing, intruding):
        socket.close()


async def test_reading_is_told_to_both_sides(pods: Two, people: People) -> None:
    ana, ben = await people.pair()
    message = await write(ben, ana)
    other, own = await pods.one.open(ben), await pods.two.open(ana.through(people.two))
    path = f"/conversations/{message['conversation_id']}/read"
    await ana.send("PUT", path, {"up_to": message["id"]}, expect=200)
    expected = {
        "type": "read",
        "conversation_id": message["conversation_id"],
        "user_id": ana.id,
        "up_to": message["id"],
    }
    assert await other.receive() == expected
    assert await own.receive() == expected
    for socket in (other, own):
        socket.close()


async def test_signed_out_sockets_end_at_every_pod(pods: Two, people: People) -> None:
    ana = await people.one.person()
    other = await pods.one.open(await people.one.person())
    sockets = [await pods.one.open(ana), await pods.two.open(ana.through(people.two))]
    await ana.post("/auth/logout", refresh_token=ana.refresh_token, expect=204)
    assert [await socket.closed() for socket in sockets] == [4011, 4011]
    assert not other.is_over
    other.close()


async def test_a_stolen_refresh_token_ends_the_sockets_of_its_family(
    pods: Two, people: People
) -> None:
    ana = await people.one.person()
    socket = await pods.two.open(ana.through(people.two))
    await ana.post("/auth/refresh", refresh_token=ana.refresh_token, expect=200)
    await ana.post("/auth/refresh", refresh_token=ana.refresh_token, expect=401)
    assert await socket.closed() == 4011


class Reader:
    """A client as clients should be: fetches after the last id whenever it may have missed some."""

    def __init__(self, pods: Two, people: People, person: Person, chance: Random) -> None:
        self.seen: list[str] = []
        self._pods = pods
        self._at = {"one": person, "two": person.through(people.two)}
        self._chance = chance
        self._last_id = 0

    async def run(self, conversation_id: int, done: asyncio.Event) -> None:
        """Connect, follow, be cut off, and again; until all is written and read."""
        while not done.is_set():
            pod = self._chance.choice(list(self._pods))
            person = self._at[pod.name]
            socket = await pod.open_early(person)
            for _ in range(self._chance.randint(1, 6)):
                ending = asyncio.create_task(done.wait())
                coming = asyncio.create_task(socket.receive())
                await asyncio.wait({ending, coming}, return_when=asyncio.FIRST_COMPLETED)
                ending.cancel()
                if not coming.done():
                    coming.cancel()
                    break
                if coming.result()["type"] in {"fetch", "messages"}:
                    await self.fetch(person, conversation_id)
            socket.cut() if self._chance.random() < 0.7 else socket.close()

    async def fetch(self, person: Person, conversation_id: int) -> None:
        """Everything after the last id."""
        more = True
        while more:
            path = f"/conversations/{conversation_id}/messages?limit=3&after={self._last_id}"
            page = (await person.get(path)).json()
            self.seen += [item["body"] for item in page["items"]]
            if page["items"]:
                self._last_id = page["items"][-1]["id"]
            more = page["has_more"]


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_message_arrives_exactly_once_however_often_one_is_cut_off(
    pods: Two, people: People, seed: int
) -> None:
    chance = Random(seed)
    ana, ben = await people.pair()
    first = await write(ben, ana, "the first")
    conversation_id = first["conversation_id"]
    reader = Reader(pods, people, ana, chance)
    done = asyncio.Event()
    reading = asyncio.create_task(reader.run(conversation_id, done))

    async def send(number: int) -> None:
        await asyncio.sleep(chance.random())
        wanted = {"body": f"message {number}", "key": f"seed-{seed}-number-{number}"}
        ways = [ben, ben.through(people.two)]
        # A client that is not sure that it got through sends again, perhaps elsewhere.
        tries = [chance.choice(ways) for _ in range(chance.randint(1, 3))]
        path = f"/conversations/{conversation_id}/messages"
        answers = await asyncio.gather(*(way.post(path, expect=201, **wanted) for way in tries))
        assert len({answer.json()["id"] for answer in answers}) == 1

    await asyncio.gather(*(send(number) for number in range(25)))
    expected = {"the first", *(f"message {number}" for number in range(25))}
    async with asyncio.timeout(60):
        while len(reader.seen) < len(expected):
            assert not reading.done(), reading.exception()
            await asyncio.sleep(0.02)
    done.set()
    await reading
    # Nothing more was there to be found.
    await reader.fetch(ana, conversation_id)
    assert len(reader.seen) == len(expected)
    assert set(reader.seen) == expected
