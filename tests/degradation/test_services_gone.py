"""What goes on when a service is gone, and that it comes back by itself."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx2
import pytest

from reference_app.subscriptions.tiers import Tier
from tests.app import life
from tests.app.life import problem
from tests.degradation.conftest import PODS, SLOTS, WORKERS, Board, eventually

pytestmark = pytest.mark.stack

MANY = 5 * PODS * WORKERS
"""Requests in a row that reach every worker."""

HELD = max(2, SLOTS // 4) * PODS * WORKERS
"""Requests that may wait for one service at once, on all workers together."""

FEW = SLOTS - max(2, SLOTS // 4) - 2
"""With those that wait, and one more, they have room on a single worker."""

_REPLICA_READS = 'db_sessions_total{target="replica"}'
_PRIMARY_READS = 'db_sessions_total{target="primary_read"}'
_CALLS = (
    "SELECT coalesce(sum(calls), 0)::int FROM pg_stat_statements WHERE query LIKE '%FROM jobs%'"
)


async def test_without_redis_reads_and_writes_go_on_and_caches_agree_afterwards(
    whole: Board,
) -> None:
    employer = await whole.employer(Tier.FREE)
    job = await employer.job()
    page = f"/jobs/{job['id']}"

    async def title_is(title: str) -> bool:
        """Whether many reads in a row, from whichever worker, say so."""
        for _ in range(MANY):
            answer = await whole.client.get(page)
            assert answer.status_code == 200, answer.text
            if answer.json()["title"] != title:
                return False
        return True

    assert await title_is(job["title"])
    failures = await whole.counted("redis_failures_total")
    unchecked = await whole.counted("rate_limit_unchecked_total")
    whole.broken["redis"].end()
    try:
        for number in range(MANY):
            assert (await whole.search()).status_code == 200
            await employer.patch(page, title=f"Plumber {number}", expect=200)
            assert (await employer.get(page)).status_code == 200
            assert (await employer.get("/jobs/mine")).json()["items"][0][
                "title"
            ] == f"Plumber {number}"
        refused = await employer.post("/realtime/ticket")
        problem(refused, 503, "realtime_unavailable")
        assert await whole.counted("redis_failures_total") > failures
        await eventually(lambda: _more(whole, "rate_limit_unchecked_total", unchecked), "counted")
        # Nobody tells the workers of changes elsewhere; they do not believe themselves for long.
        await eventually(lambda: title_is(f"Plumber {MANY - 1}"), "all see the change")
    finally:
        whole.broken["redis"].start()

    async def news_is_back() -> bool:
        answers = [await employer.post("/realtime/ticket") for _ in range(MANY)]
        return all(answer.status_code == 201 for answer in answers)

    await eventually(news_is_back, "every worker has Redis again")
    assert await title_is(f"Plumber {MANY - 1}")
    await employer.patch(page, title="Plumber for good", expect=200)
    await eventually(lambda: title_is("Plumber for good"), "all hear of the change")


async def test_without_a_replica_every_read_is_answered(whole: Board) -> None:
    async with reading(whole) as reads:
        await asyncio.sleep(0.5)
        whole.broken["replica-1"].end(signal.SIGQUIT)
        try:
            before = await whole.counted(_REPLICA_READS)
            await reads.go_on()
            assert await whole.counted(_REPLICA_READS) > before
        finally:
            whole.broken["replica-1"].start()

        async def serves_again() -> bool:
            before = whole.broken.sql("replica-1", _CALLS)
            await reads.go_on()
            return bool(whole.broken.sql("replica-1", _CALLS) > before)

        await eventually(serves_again, "the replica serves again")
    assert {answer.status_code for answer in reads.answers} == {200}


async def test_a_replica_that_lags_shows_nobody_a_past_without_their_own_writes(
    whole: Board,
) -> None:
    person, other = await whole.person(), await whole.person()

    async def write_and_look(headline: str) -> None:
        await person.patch("/users/me", headline=headline, expect=200)
        for _ in range(MANY):
            assert (await person.get("/auth/me")).json()["headline"] == headline
            assert (await other.get(f"/users/{person.id}")).json()["headline"] == headline
            assert (await other.get("/auth/me")).json()["headline"] != headline

    with paused(whole, "replica-1"):
        before = await whole.counted(_REPLICA_READS)
        await write_and_look("one stands still")
        assert await whole.counted(_REPLICA_READS) > before
        held_back = "SELECT headline FROM users WHERE id = %s"
        assert whole.broken.sql("replica-1", held_back, person.id) != "one stands still"
        with paused(whole, "replica-2"):
            before = await whole.counted(_PRIMARY_READS)
            await write_and_look("both stand still")
            assert await whole.counted(_PRIMARY_READS) >= before + MANY
            assert whole.broken.sql("replica-2", held_back, person.id) != "both stand still"


async def test_without_the_primary_reads_go_on_and_no_acknowledged_write_is_lost(
    whole: Board,
) -> None:
    employer = await whole.employer(Tier.BUSINESS)
    kept: list[int] = []
    refused: list[httpx2.Response] = []
    stopping = asyncio.Event()

    async def write() -> None:
        while not stopping.is_set():
            answer = await employer.post(
                "/jobs",
                company_id=employer.company["id"],
                title="Mason",
                description="Build.",
                category="plumbing",
                island="exuma",
                employment_type="full_time",
            )
            if answer.status_code == 201:
                kept.append(answer.json()["id"])
            else:
                refused.append(answer)
            await asyncio.sleep(0.01)

    writers = [asyncio.create_task(write()) for _ in range(4)]
    async with reading(whole) as reads:
        await eventually(lambda: len(kept) > 20, "jobs are written")
        whole.broken["primary"].end(signal.SIGQUIT)
        try:
            await eventually(lambda: _all_say(whole, reads=True, writes=False), "pods know")
            refused_by_then = len(refused)
            await reads.go_on()
            await eventually(lambda: len(refused) > refused_by_then + MANY, "refused")
        finally:
            whole.broken["primary"].start()
        written_by_then = len(kept)
        await eventually(lambda: _all_say(whole, reads=True, writes=True), "pods know it is back")
        await eventually(lambda: len(kept) > written_by_then + MANY, "written again")
        stopping.set()
        await asyncio.gather(*writers)
    assert {answer.status_code for answer in reads.answers} == {200}
    for answer in refused:
        problem(answer, 503, "database_unavailable")
        assert int(answer.headers["retry-after"]) > 0
    there = whole.broken.sql("primary", "SELECT count(*) FROM jobs WHERE id = ANY(%s)", kept)
    assert there == len(set(kept)) == len(kept)


async def test_without_pgbouncer_all_is_refused_at_once_and_comes_back(whole: Board) -> None:
    person = await whole.person()
    whole.broken["pgbouncer"].end()
    try:
        await eventually(lambda: _all_say(whole, 503, reads=False, writes=False), "pods know")
        for _ in range(MANY):
            for answer in (
                await whole.search(),
                await person.get("/auth/me", expect=None),
                await person.patch("/users/me", headline="new"),
            ):
                problem(answer, 503, "database_unavailable")
                assert int(answer.headers["retry-after"]) > 0
            assert (await whole.client.get(f"{whole.running.base_url}/health")).status_code == 200
            assert (await whole.client.get("/subscriptions/tiers")).status_code == 200
    finally:
        whole.broken["pgbouncer"].start()
    await eventually(lambda: _all_say(whole, reads=True, writes=True), "pods know it is back")

    async def works() -> bool:
        for _ in range(MANY):
            if (await person.patch("/users/me", headline="newer")).status_code != 200:
                return False
        return (await whole.search()).status_code == 200

    await eventually(works, "writes and reads work")


async def test_without_any_pod_nginx_says_so_and_the_first_that_is_back_serves_at_once(
    whole: Board,
) -> None:
    names = [f"backend-{number + 1}" for number in range(PODS)]
    for name in names:
        whole.broken[name].end()
    try:
        # More than it takes to have nginx leave all of them out for half a minute.
        for _ in range(MANY):
            answer = await whole.search()
            problem(answer, 502, "no_pod_answered")
            for header in ("x-content-type-options", "content-security-policy", "x-request-id"):
                assert len(answer.headers.get_list(header)) == 1, header
        whole.broken[names[0]].start()
        assert [(await whole.search()).status_code for _ in range(MANY)] == [200] * MANY
    finally:
        for name in names:
            if not whole.broken.service(name).process.alive:
                whole.broken[name].start()


@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGKILL])
async def test_without_stripe_only_its_routes_fail(whole: Board, how: signal.Signals) -> None:
    buyer = await whole.person()

    async def buys() -> bool:
        return (await buyer.post("/subscriptions/checkout", tier="pro")).status_code == 200

    await eventually(buys, "one can buy")
    with _gone(whole, "stripe", how):
        await _others_work_while(
            whole, buyer, "billing_unavailable", "/subscriptions/checkout", tier="pro"
        )
    await eventually(buys, "one can buy again")


@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGKILL])
async def test_without_the_store_for_files_only_its_routes_fail(
    whole: Board, how: signal.Signals
) -> None:
    person = await whole.person()
    picture = b"\x89PNG\r\n\x1a\n" + bytes(500)

    async def sends() -> str | None:
        """Where a file that was sent is confirmed; None while none is taken."""
        begun = await person.post(
            "/uploads",
            kind="avatar",
            file_name="me.png",
            content_type="image/png",
            size_bytes=len(picture),
        )
        if begun.status_code == 503:
            return None
        put = begun.json()["put"]
        async with httpx2.AsyncClient(timeout=30) as browser:
            sent = await browser.put(put["url"], content=picture, headers=put["headers"])
        assert sent.status_code == 200, sent.text
        return f"/uploads/{begun.json()['upload']['id']}/confirm"

    async def uploads() -> bool:
        path = await sends()
        if path is None or (await person.post(path)).status_code == 200:
            return path is not None
        # Nobody may have many that were not confirmed.
        await person.send("DELETE", path.removesuffix("/confirm"), expect=204)
        return False

    await eventually(uploads, "one can upload")
    sent = await sends()
    assert sent is not None
    with _gone(whole, "s3", how):
        await _others_work_while(whole, person, "storage_unavailable", sent)
    await eventually(uploads, "one can upload again")


@contextmanager
def _gone(board: Board, name: str, how: signal.Signals) -> Iterator[None]:
    """Meanwhile the service `name` stands still, or is not there."""
    service = board.broken[name]
    if how is signal.SIGSTOP:
        service.stop()
    else:
        service.end()
    try:
        yield
    finally:
        if how is signal.SIGSTOP:
            service.go_on()
        else:
            service.start()


async def _others_work_while(
    board: Board, person: life.Person, code: str, path: str, **body: str
) -> None:
    """Many POSTs to `path` are all refused with `code`, and meanwhile the rest is served.

    They come a few at a time, so that it is not their number that is too much for a worker.
    """
    stalled: list[asyncio.Task[httpx2.Response]] = []
    while not stalled or not all(task.done() for task in stalled):
        if len(stalled) < MANY and sum(not task.done() for task in stalled) <= HELD:
            stalled += [asyncio.create_task(person.post(path, **body)) for _ in range(FEW)]
        for answer in (
            await board.search(),
            await person.get("/subscriptions/me"),
            await person.patch("/users/me", headline="poor"),
        ):
            assert answer.status_code == 200, answer.text
    for answer in await asyncio.gather(*stalled):
        problem(answer, 503, code)
        assert int(answer.headers["retry-after"]) > 0


class Reads:
    """Reads from a database, one after the other, from several sides."""

    def __init__(self, board: Board) -> None:
        self.answers: list[httpx2.Response] = []
        self._board = board
        self.enough = asyncio.Event()

    async def run(self) -> None:
        while not self.enough.is_set():
            self.answers.append(await self._board.search())
            await asyncio.sleep(0.02)

    async def go_on(self) -> None:
        """Wait until every worker has surely answered some more."""
        wanted = len(self.answers) + 2 * MANY
        await eventually(lambda: len(self.answers) >= wanted, "reads go on")


@asynccontextmanager
async def reading(board: Board) -> AsyncIterator[Reads]:
    """Reads that go on all the while."""
    reads = Reads(board)
    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(reads.run())
        try:
            yield reads
        finally:
            reads.enough.set()


@contextmanager
def paused(board: Board, replica: str) -> Iterator[None]:
    """`replica` receives, but shows nothing new."""
    board.broken.sql(replica, "SELECT pg_wal_replay_pause()")
    try:
        yield
    finally:
        board.broken.sql(replica, "SELECT pg_wal_replay_resume()")


async def _more(board: Board, name: str, than: float) -> bool:
    return await board.counted(name) > than


async def _all_say(board: Board, status: int = 200, **what: bool) -> bool:
    return await board.ready() == [(status, what)] * PODS
