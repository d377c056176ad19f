"""More is asked for at once than there is room for: the rest is refused, and nobody falls over."""

import asyncio
import resource
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import httpx2
import pytest

from tests.app.life import PASSWORD, Person, problem
from tests.degradation.conftest import PODS, SLOTS, WORKERS, Board, eventually
from tests.sockets import ClosedError, Socket

pytestmark = pytest.mark.stack

ROOM = SLOTS * WORKERS * PODS
CROWD = 12 * ROOM
_PROBE_S = 20.0
_FRAMES_S = 60.0
_AGAIN_S = 1.0


async def test_what_is_too_much_is_refused_at_once_and_no_pod_is_left_out(whole: Board) -> None:
    refused_before = await whole.counted('requests_overloaded_total{group="requests"}')
    async with probed(whole) as probes:
        async with nothing_read(whole):
            crowd = [asyncio.create_task(whole.search()) for _ in range(CROWD)]
            # The refused are told while the others still wait.
            await eventually(lambda: _done(crowd) >= CROWD - ROOM, "the rest is refused")
            await asyncio.sleep(0.5)
            assert _done(crowd) < CROWD
        answers = [await task for task in crowd]
        # Room is there again as soon as those who had it are done.
        for _ in range(5):
            assert (await whole.search()).status_code == 200
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses.keys() == {200, 503}
    assert statuses[200] <= ROOM
    refused = [answer for answer in answers if answer.status_code == 503]
    for answer in refused:
        problem(answer, 503, "overloaded")
        assert 1 <= int(answer.headers["retry-after"]) <= 3
    counted = await whole.counted('requests_overloaded_total{group="requests"}')
    assert counted - refused_before == len(refused)
    assert set(probes) == {200}
    # nginx still sends requests to every pod, by turns.
    pods = Counter([(await whole.search()).headers["x-pod"] for _ in range(10 * PODS)])
    assert pods == dict.fromkeys([f"backend-{n + 1}" for n in range(PODS)], 10)


async def test_a_burst_of_sign_ins_is_no_ones_end_and_no_ones_attempt(whole: Board) -> None:
    person = await whole.person()
    right = {"email": person.user["email"], "password": PASSWORD}
    async with probed(whole) as probes:
        answers = await asyncio.gather(
            *(whole.client.post("/auth/login", json=right) for _ in range(CROWD))
        )
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses.keys() == {200, 503}
    for answer in answers:
        if answer.status_code == 503:
            problem(answer, 503, "overloaded")
    assert set(probes) == {200}
    assert (await whole.client.post("/auth/login", json=right)).status_code == 200


async def test_when_all_sockets_return_at_once_they_are_spread_and_all_get_in(
    whole: Board,
) -> None:
    await _storm(whole, 400, within_s=180)


@pytest.mark.long
async def test_when_a_thousand_return_at_once(whole: Board) -> None:
    await _storm(whole, 1_000, within_s=180)


async def _storm(board: Board, amount: int, *, within_s: float) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000), hard))
    people = await asyncio.to_thread(board.people, amount // 8)
    clients = [Client(board, people[number % len(people)], number) for number in range(amount)]
    try:
        # Not all at once, as people do come.
        for start in range(0, amount, ROOM):
            async with asyncio.timeout(within_s):
                await asyncio.gather(*(each.open() for each in clients[start : start + ROOM]))
        told_later = await board.counted('websocket_dropped_total{reason="busy"}')
        for each in clients:
            each.waits.clear()
            each.cut()
        async with (
            probed(board) as probes,
            asyncio.timeout(within_s),
            asyncio.TaskGroup() as group,
        ):
            back = [group.create_task(each.open()) for each in clients]
            reads = []
            while not all(task.done() for task in back):
                reads.append((await board.search()).status_code)
                await asyncio.sleep(0.05)
        assert all(each.is_open for each in clients)
        assert set(probes) == {200}
        # The board goes on meanwhile: what it does not refuse it answers.
        assert 200 in reads
        assert set(reads) <= {200, 503}
        waits = [wait for each in clients for wait in each.waits]
        told = await board.counted('websocket_dropped_total{reason="busy"}') - told_later
        # As many as were told so; one whose connection ended may not have heard it.
        assert told >= len(waits) > 0
        assert len(set(waits)) > len(waits) / 2, "told to return at once again"
        await _news_arrives(board, clients)
    finally:
        for each in clients:
            each.cut()


class Client:
    """Someone with a socket, who returns when told to."""

    def __init__(self, board: Board, person: Person, number: int) -> None:
        self._board = board
        self._person = person
        self._chance = Random(number)
        self._number = number
        self._socket: Socket | None = None
        self.waits: list[int] = []
        """Those the server asked for, in ms."""

    @property
    def is_open(self) -> bool:
        return self._socket is not None and not self._socket.is_over

    @property
    def person(self) -> Person:
        return self._person

    async def open(self) -> None:
        """Come in, however often one is sent away."""
        while self._socket is None:
            try:
                await self._try()
            except (httpx2.TransportError, ClosedError, TimeoutError):
                # Lost on the way, or not heard in time, this crowd's own part of it included.
                await asyncio.sleep(_AGAIN_S + self._chance.random())

    async def _try(self) -> None:
        answer = await self._person.post("/realtime/ticket")
        if answer.status_code != 201:
            assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
            await asyncio.sleep(float(answer.headers["retry-after"]) + self._chance.random())
            return
        shown = answer.json()
        url = f"{self._board.running.base_url}/ws".replace("http://", "ws://")
        source = f"127.0.8.{1 + self._number % 200}"
        socket = await Socket.connect(url, [shown["protocol"], shown["ticket"]], source=source)
        frame = await socket.receive(_FRAMES_S)
        if frame["type"] != "closing":
            self._socket = socket
            return
        assert await socket.closed() == 1013
        self.waits.append(frame["reconnect_after_ms"])
        await asyncio.sleep(frame["reconnect_after_ms"] / 1_000)

    async def hears(self, kind: str) -> None:
        assert self._socket is not None
        await self._socket.receive_type(kind, _FRAMES_S)

    def cut(self) -> None:
        """Lose the connection without a word."""
        if self._socket is not None:
            self._socket.cut()
            self._socket = None


async def _news_arrives(board: Board, clients: list[Client]) -> None:
    """Whoever has returned is told what is new."""
    told = clients[0].person
    follower = await board.person()
    await follower.send("PUT", f"/users/{told.id}/follow", expect=None)
    sockets = [each for each in clients if each.person is told]
    await asyncio.gather(*(each.hears("notifications") for each in sockets))


@asynccontextmanager
async def nothing_read(board: Board) -> AsyncIterator[None]:
    """Nobody can read jobs from any server: such requests stay under way."""
    with board.broken.session("primary") as connection, connection.transaction():
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        connection.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
        for replica in ("replica-1", "replica-2"):
            await eventually(lambda at=replica: board.broken.sql(at, _LOCKED), "it holds there too")
        yield


_LOCKED = (
    "SELECT EXISTS (SELECT FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock'"
    " AND relation = 'jobs'::regclass)"
)


@asynccontextmanager
async def probed(board: Board) -> AsyncIterator[list[int]]:
    """What the probes of every pod answer meanwhile; each within a bounded time."""
    answers: list[int] = []
    addresses = [f"{pod}{path}" for pod in board.pods for path in ("/health", "/ready")]
    addresses.append(f"{board.running.base_url}/health")

    enough = asyncio.Event()

    def ask(address: str) -> int:
        # In a thread: this process is busy being the crowd, and its own delays are not meant.
        return httpx2.get(address, timeout=_PROBE_S).status_code

    async def probe(address: str) -> None:
        while not enough.is_set():
            answers.append(await asyncio.to_thread(ask, address))
            await asyncio.sleep(0.2)

    async with asyncio.TaskGroup() as group:
        for address in addresses:
            group.create_task(probe(address))
        try:
            yield answers
        finally:
            enough.set()
    assert len(answers) >= len(addresses)


def _done(tasks: "list[asyncio.Task[httpx2.Response]]") -> int:
    return sum(task.done() for task in tasks)
