"""Views are counted, each viewer's once in a while, and never written one by one."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from time import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from reference_app.kit.chores import Chore
from reference_app.kit.store import Command, Store, StoreGoneError
from reference_app.kit.tally import Counted, Tally
from reference_app.subscriptions.tiers import Tier
from reference_app.views.service import writing_job_views, writing_profile_views
from tests.app.conftest import RunApp
from tests.app.life import Person, Running, problem
from tests.app.rows import execute
from tests.app.statements import counted

pytestmark = pytest.mark.usefixtures("no_chores")


def _chores(app: Running) -> tuple[Chore, Chore]:
    board = app.board
    return (
        writing_job_views(board.database, board.job_views),
        writing_profile_views(board.database, board.profile_views),
    )


async def _write(app: Running) -> None:
    """Bring what was seen to the database."""
    await app.board.job_views.hand_over()
    await app.board.profile_views.hand_over()
    for chore in _chores(app):
        await chore.work()


def _views(app: Running) -> list[int]:
    return execute(app, "SELECT sum(views)::int FROM job_views GROUP BY job_id ORDER BY job_id")


def _counted(of: str, stage: str) -> float:
    return REGISTRY.get_sample_value("views_total", {"of": of, "stage": stage}) or 0.0


async def _look(app: Running, path: str, address: str) -> None:
    answer = await app.client.get(path, headers={"x-forwarded-for": address})
    assert answer.status_code == 200


async def test_views_of_a_job_are_counted_but_its_employers_and_repeated_ones(
    app: Running,
) -> None:
    owner, other, seeker = await app.employer(), await app.employer(), await app.person()
    job, unseen = await owner.job(), await owner.job()
    path = f"/jobs/{job['id']}"
    for _ in range(3):
        for person in (owner, other, seeker):
            await person.get(path)
        await _look(app, path, "198.51.100.1")
        await _look(app, path, "198.51.100.2")
        await _write(app)
    assert _views(app) == [4]
    mine = (await owner.get("/jobs/mine")).json()["items"]
    assert {each["id"]: each["views"] for each in mine} == {job["id"]: 4, unseen["id"]: 0}


async def test_another_worker_knows_who_has_been_counted(run_app: RunApp) -> None:
    async with run_app() as app:
        store, secret = app.board.store, app.board.settings.secret_key.get_secret_value()
        workers = [Tally("jobs", store, secret) for _ in range(4)]
        owner = await app.employer()
        job = await owner.job()
        for worker in workers:
            worker.saw(job["id"], "198.51.100.1")
            worker.saw(job["id"], owner.id + 1_000)
            await worker.hand_over()
        await _write(app)
        assert _views(app) == [2]
        # Nobody's address goes anywhere, nor who saw what.
        sets = 0
        for key in await _keys(store, "*"):
            if await store.run(lambda redis, key=key: redis.type(key)) == b"set":
                members = await store.run(lambda redis, key=key: redis.smembers(key))
                assert not any(b"198.51" in each or b":" in each for each in members)
                sets += 1
        assert sets


async def test_looking_writes_nothing_and_reads_nothing_more(app: Running) -> None:
    owner, seeker = await app.employer(), await app.person()
    job = await owner.job()
    await app.client.get(f"/jobs/{job['id']}")
    await app.client.get(f"/users/{owner.id}")
    with counted() as statements:
        for _ in range(3):
            await seeker.get(f"/jobs/{job['id']}")
            await seeker.get(f"/users/{owner.id}")
    assert statements == []


async def test_what_is_not_there_is_not_seen(app: Running) -> None:
    await app.client.get("/jobs/999")
    app.board.job_views.saw(998, "198.51.100.1")
    await _write(app)
    assert _views(app) == []


async def test_a_batch_is_written_once_though_the_worker_dies_before_it_is_dropped(
    app: Running,
) -> None:
    owner = await app.employer()
    job = await owner.job()
    tally, taken = app.board.job_views, list[str]()
    tally.saw(job["id"], "198.51.100.1")
    await tally.hand_over()

    async def die(name: str, batch: Sequence[Counted]) -> bool:
        taken.append(name)
        assert batch == [Counted(job["id"], 0, 1)]
        execute(app, "INSERT INTO tally_batches (id) VALUES (%s)", name)
        execute(app, "INSERT INTO job_views VALUES (%s, current_date, 1)", job["id"])
        raise OSError("the power went")

    with pytest.raises(OSError, match="power"):
        await tally.write(die)
    for _ in range(3):
        await _write(app)
    assert _views(app) == [1]
    # Dead before anything was written, it is written by the next.
    tally.saw(job["id"], "198.51.100.2")
    await tally.hand_over()

    async def die_early(_name: str, _batch: Sequence[Counted]) -> bool:
        raise OSError("the power went")

    with pytest.raises(OSError, match="power"):
        await tally.write(die_early)
    tally.saw(job["id"], "198.51.100.3")
    for _ in range(3):
        await _write(app)
    assert _views(app) == [3]
    assert len(taken) == 1


async def test_two_who_write_at_once_write_once(app: Running) -> None:
    owner = await app.employer()
    job = await owner.job()
    for n in range(20):
        app.board.job_views.saw(job["id"], f"198.51.100.{n}")
    await app.board.job_views.hand_over()
    chore, _ = _chores(app)
    await asyncio.gather(*(chore.work() for _ in range(4)))
    assert _views(app) == [20]


class Deaf(Store):
    """Redis does what it is told, but its answer does not arrive."""

    deaf = True

    async def run(self, command):  # type: ignore[no-untyped-def,override] # any command
        answer = await super().run(command)
        if self.deaf:
            raise StoreGoneError("the answer was lost")
        return answer


async def test_what_was_handed_over_unheard_is_not_counted_twice(
    app: Running, app_servers: dict[str, str]
) -> None:
    owner = await app.employer()
    job = await owner.job()
    store = Deaf(app_servers["REDIS_URL"], connections=2, timeout_s=5)
    tally = Tally("jobs", store, "secret")
    tally.saw(job["id"], "198.51.100.1")
    for _ in range(3):
        await tally.hand_over()
    store.deaf = False
    before = _counted("jobs", "handed_over")
    await tally.hand_over()
    await store.close()
    await _write(app)
    assert _views(app) == [1]
    assert _counted("jobs", "handed_over") == before + 1


class Remembering(Store):
    """Redis, and what it was told."""

    def __init__(self, url: str) -> None:
        super().__init__(url, connections=2, timeout_s=5)
        self.told: list[Command[int]] = []

    async def run(self, command):  # type: ignore[no-untyped-def,override] # any command
        self.told.append(command)
        return await super().run(command)


async def test_what_a_connection_that_was_given_up_brings_late_is_not_counted_twice(
    app: Running, app_servers: dict[str, str]
) -> None:
    owner = await app.employer()
    job = await owner.job()
    store = Remembering(app_servers["REDIS_URL"])
    tally = Tally("jobs", store, "secret")
    for n in range(2):
        tally.saw(job["id"], n + 1_000)
        await tally.hand_over()
    first, second = store.told
    # who was seen is forgotten: the numbers alone must tell
    for key in await _keys(store, "tally:jobs:seen:*"):
        await store.run(lambda redis, key=key: redis.delete(key))
    assert [await store.run(each) for each in (first, second, first)] == [0, 1, 0]
    await store.close()
    await _write(app)
    assert _views(app) == [2]


async def test_a_worker_leaves_one_key_for_all_it_hands_over(app: Running) -> None:
    store = app.board.store
    workers = [Tally("jobs", store, "secret") for _ in range(2)]
    for n in range(5):
        for worker in workers:
            worker.saw(n, n)
            await worker.hand_over()
    keys = await _keys(store, "tally:jobs:*")
    lasting = [key for key in keys if b":seen:" not in key]
    assert sum(b":last:" in key for key in lasting) == 2
    assert len(lasting) == 3  # and what is to be written
    for key in lasting:
        life_s = await store.run(lambda redis, key=key: redis.ttl(key))
        assert life_s == -1 if key.endswith(b":pending") else 0 < life_s <= 2_700


async def test_who_was_seen_is_kept_small_and_forgotten_a_grace_after_the_half_hour(
    app: Running,
) -> None:
    store = app.board.store
    tally = Tally("jobs", store, "secret")
    for n in range(3_000):
        tally.saw(n, n if n % 2 else f"198.51.100.{n}")
    await tally.hand_over()
    parts = await _keys(store, "tally:jobs:seen:*")
    members = 0
    for part in parts:
        *_, window, _ = part.split(b":")
        ends = (int(window) + 1) * 1_800
        assert await store.run(lambda redis, part=part: redis.expiretime(part)) == ends + 900
        encoding = await store.run(lambda redis, part=part: redis.object("encoding", part))
        assert encoding == b"intset"
        members += await store.run(lambda redis, part=part: redis.scard(part))
    assert members == 3_000


async def test_a_part_that_is_full_is_kept_small_too_and_counts_who_finds_no_room_in_it(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reference_app.kit.tally._PARTS", 1)
    store = app.board.store
    tally = Tally("jobs", store, "secret")
    for n in range(3_000):
        tally.saw(n, n)
    await tally.hand_over()
    (part,) = await _keys(store, "tally:jobs:seen:*")
    assert await store.run(lambda redis: redis.scard(part)) == 512
    assert await store.run(lambda redis: redis.object("encoding", part)) == b"intset"
    pending = await store.run(lambda redis: redis.hvals("tally:jobs:pending"))
    assert sum(map(int, pending)) == 3_000


async def test_a_chunk_that_comes_after_its_half_hour_is_forgotten_is_lost_and_said_to_be(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await app.employer()
    job = await owner.job()
    tally = app.board.job_views

    async def hand_over(viewer: int, late_s: int) -> None:
        monkeypatch.setattr("reference_app.kit.tally.time", lambda: time() - late_s)
        tally.saw(job["id"], viewer)
        await tally.hand_over()

    before = {stage: _counted("jobs", stage) for stage in ("lost", "handed_over")}
    await hand_over(1_000, late_s=850)
    await hand_over(1_001, late_s=1_800 + 901)
    await hand_over(1_002, late_s=0)
    after = {stage: _counted("jobs", stage) - many for stage, many in before.items()}
    assert after == {"lost": 1, "handed_over": 2}
    await _write(app)
    assert _views(app) == [2]


async def _keys(store: Store, pattern: str) -> list[bytes]:
    return await store.run(lambda redis: redis.keys(pattern))


async def test_without_redis_views_wait_and_what_finds_no_room_is_counted_as_lost(
    app: Running, app_servers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await app.employer()
    job = await owner.job()
    monkeypatch.setattr("reference_app.kit.tally._MOST_NOTED", 3)
    gone = Store("redis://127.0.0.1:9/0", connections=2, timeout_s=0.2)
    tally = Tally("jobs", gone, "secret")
    before = _counted("jobs", "lost")
    for n in range(3):
        tally.saw(job["id"], n + 1_000)
    await tally.hand_over()
    for n in range(5):
        tally.saw(job["id"], n + 2_000)
    assert _counted("jobs", "lost") == before + 2
    # Redis is back: all that waited is counted.
    tally._store = app.board.store
    await tally.hand_over()
    await _write(app)
    assert _views(app) == [6]
    # A worker that ends without Redis says what it takes with it.
    last = Tally("jobs", gone, "secret")
    last.saw(job["id"], 1)
    await last.close()
    assert _counted("jobs", "lost") == before + 3
    await gone.close()


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seen=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 6)), max_size=40),
    breaks=st.sets(st.integers(0, 39)),
)
async def test_whatever_the_order_each_viewer_counts_once(
    app: Running, seen: list[tuple[int, int]], breaks: set[int]
) -> None:
    redis = Redis.from_url(app.board.settings.redis_url.get_secret_value())
    await redis.flushall()
    await redis.aclose()
    workers = [Tally("property", app.board.store, "secret") for _ in range(2)]
    written: dict[int, int] = {}

    async def write(_name: str, batch: Sequence[Counted]) -> bool:
        for each in batch:
            written[each.subject] = written.get(each.subject, 0) + each.times
        return True

    for n, (subject, viewer) in enumerate(seen):
        workers[n % 2].saw(subject, viewer)
        if n in breaks:
            await workers[n % 2].hand_over()
            await workers[0].write(write)
    for worker in workers:
        await worker.hand_over()
    await workers[0].write(write)
    pairs = set(seen)
    # Half an hour may just end meanwhile; then some count again.
    assert written.keys() == {subject for subject, _ in pairs}
    assert len(pairs) <= sum(written.values()) <= 2 * len(pairs)


async def _viewed(app: Running, person: Person, by: list[Person]) -> None:
    for viewer in by:
        await viewer.get(f"/users/{person.id}")
        await _write(app)


async def test_who_pays_sees_who_looked_at_them_in_pages_the_last_first(app: Running) -> None:
    person = await app.person()
    viewers = [await app.person() for _ in range(5)]
    await app.give(person, Tier.PRO)
    await _viewed(app, person, [*viewers, person])
    await _look(app, f"/users/{person.id}", "198.51.100.1")
    await _write(app)
    seen, cursor = list[int](), ""
    while cursor is not None:
        path = f"/users/me/viewers?limit=2{cursor and '&cursor=' + cursor}"
        page = (await person.get(path)).json()
        seen += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [viewer.id for viewer in reversed(viewers)]
    first = (await person.get("/users/me/viewers?limit=1")).json()["items"][0]
    assert (first["full_name"], first["views"]) == (viewers[-1].user["full_name"], 1)
    assert (await person.get("/users/me/views")).json() == {"days": 90, "viewers": 5, "views": 5}


async def test_free_is_told_the_number_only(app: Running) -> None:
    person, viewer = await app.person(), await app.person()
    await _viewed(app, person, [viewer])
    assert (await person.get("/users/me/views")).json()["viewers"] == 1
    told = problem(await person.get("/users/me/viewers", expect=None), 403, "not_in_tier")
    assert (told["feature"], told["upgrade_tier"]) == ("who_viewed_me", "pro")
    for path in ("/users/me/views", "/users/me/viewers"):
        problem(await app.client.get(path), 401, "not_signed_in")
    await app.give(viewer, Tier.PRO)
    assert (await viewer.get("/users/me/viewers")).json()["items"] == []


async def test_administrators_and_long_ago_are_not_shown(app: Running) -> None:
    person, admin, old = await app.person(), await app.person(), await app.person()
    await app.give(person, Tier.PRO)
    execute(app, "UPDATE users SET role = 'admin' WHERE id = %s", admin.id)
    await _viewed(app, person, [admin, old])
    assert len((await person.get("/users/me/viewers")).json()["items"]) == 1
    execute(app, "UPDATE profile_views SET viewed_at = now() - %s", timedelta(days=91))
    assert (await person.get("/users/me/viewers")).json()["items"] == []
    assert (await person.get("/users/me/views")).json()["views"] == 0
