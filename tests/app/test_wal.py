"""Who may read where: routing by WAL position, and what it does when servers go."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_app.kit.store import Store
from reference_app.kit.wal import UNKNOWN, OwnWrites, Replica, Replicas


class FakeServer:
    """A replica that answers what it is told to."""

    def __init__(self, replayed: int = 0, lag_s: float = 0.0) -> None:
        self.replayed = replayed
        self.lag_s = lag_s
        self.gone = False
        self.asked = 0

    async def ask(self) -> tuple[int, float]:
        self.asked += 1
        if self.gone:
            raise OSError("gone")
        return self.replayed, self.lag_s


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _replicas(servers: Sequence[FakeServer], clock: Clock) -> Replicas:
    return Replicas(
        [
            Replica(str(number), server.ask, max_lag_s=10, clock=clock)
            for number, server in enumerate(servers)
        ]
    )


async def _chosen(replicas: Replicas, position: int, *, primary_gone: bool = False) -> str | None:
    replica = await replicas.choose(position, primary_gone=primary_gone)
    return replica.name if replica is not None else None


async def test_reads_without_a_position_take_turns_and_ask_nobody() -> None:
    servers = [FakeServer(), FakeServer()]
    replicas = _replicas(servers, Clock())
    assert [await _chosen(replicas, 0) for _ in range(4)] == ["0", "1", "0", "1"]
    assert [server.asked for server in servers] == [0, 0]


async def test_a_read_after_a_write_waits_for_no_replica_but_takes_one_that_is_there() -> None:
    servers = [FakeServer(90), FakeServer(100)]
    clock = Clock()
    replicas = _replicas(servers, clock)
    assert {await _chosen(replicas, 100) for _ in range(6)} == {"1"}
    assert await _chosen(replicas, 101) is None
    clock.now += 0.2
    servers[0].replayed = 101
    assert {await _chosen(replicas, 101) for _ in range(6)} == {"0"}


async def test_a_replica_is_asked_at_most_ten_times_a_second() -> None:
    server, clock = FakeServer(50), Clock()
    replicas = _replicas([server], clock)
    for _ in range(100):
        assert await _chosen(replicas, 60) is None
        clock.now += 0.01
    assert 9 <= server.asked <= 11


async def test_what_is_replayed_stays_replayed_and_is_not_asked_again() -> None:
    server, clock = FakeServer(70), Clock()
    replicas = _replicas([server], clock)
    assert await _chosen(replicas, 60) == "0"
    clock.now += 100
    assert await _chosen(replicas, 70) == "0"
    assert server.asked == 1


async def test_an_unknown_position_is_the_primarys() -> None:
    server = FakeServer(2**60)
    assert await _chosen(_replicas([server], Clock()), UNKNOWN) is None
    assert server.asked == 0


async def test_a_replica_that_is_gone_is_skipped_until_it_answers() -> None:
    servers = [FakeServer(100), FakeServer(100)]
    replicas = _replicas(servers, Clock())
    servers[0].gone = True
    await replicas.all[0].look()
    assert {await _chosen(replicas, 0) for _ in range(4)} == {"1"}
    servers[0].gone = False
    await replicas.all[0].look()
    assert {await _chosen(replicas, 0) for _ in range(4)} == {"0", "1"}


async def test_a_replica_that_comes_back_younger_is_not_taken_for_the_old_one() -> None:
    server, clock = FakeServer(100), Clock()
    replicas = _replicas([server], clock)
    assert await _chosen(replicas, 100) == "0"
    replicas.all[0].failed()
    server.replayed = 10  # restored from a backup
    clock.now += 1
    await replicas.all[0].look()
    assert await _chosen(replicas, 100) is None
    assert await _chosen(replicas, 5) == "0"


async def test_a_replica_too_far_behind_serves_only_when_the_primary_is_gone() -> None:
    server = FakeServer(100, lag_s=11)
    replicas = _replicas([server], Clock())
    await replicas.all[0].look()
    assert await _chosen(replicas, 0) is None
    assert await _chosen(replicas, 0, primary_gone=True) == "0"
    assert await _chosen(replicas, 101, primary_gone=True) is None  # nor then an old truth
    assert await _chosen(replicas, UNKNOWN, primary_gone=True) == "0"


@given(
    replayed=st.lists(st.integers(0, 100), min_size=1, max_size=4),
    gone=st.lists(st.booleans(), min_size=4, max_size=4),
    wanted=st.integers(1, 100),
)
async def test_never_a_replica_that_lacks_the_position_or_does_not_answer(
    replayed: list[int], gone: list[bool], wanted: int
) -> None:
    servers = [FakeServer(each) for each in replayed]
    for server, is_gone in zip(servers, gone, strict=False):
        server.gone = is_gone
    able = {
        str(number)
        for number, server in enumerate(servers)
        if not server.gone and server.replayed >= wanted
    }
    replicas = _replicas(servers, Clock())
    chosen = {await _chosen(replicas, wanted) for _ in range(3 * len(servers))}
    assert chosen == (able or {None})


async def test_of_two_reports_the_later_position_stays(
    empty: None, app_servers: dict[str, str]
) -> None:
    stores = [Store(app_servers["REDIS_URL"], connections=2, timeout_s=1) for _ in range(2)]
    pods = [OwnWrites(store, keep_s=60) for store in stores]
    assert await pods[0].position(7) == 0
    await pods[0].reached(7, 2**45 + 1)
    await pods[1].reached(7, 2**45)
    assert [await pod.position(7) for pod in pods] == [2**45 + 1] * 2
    assert await pods[0].position(8) == 0
    for store in stores:
        await store.close()


async def test_without_redis_nobodys_position_is_known() -> None:
    store = Store("redis://127.0.0.1:1/0", connections=2, timeout_s=0.5)
    assert await OwnWrites(store, keep_s=60).position(7) == UNKNOWN
    await store.close()


@pytest.mark.parametrize("times", [1, 20])
async def test_parallel_reads_all_get_an_answer(times: int) -> None:
    replicas = _replicas([FakeServer(100)], Clock())
    found = await asyncio.gather(*(_chosen(replicas, 50) for _ in range(times)))
    assert set(found) <= {"0", None}
    assert "0" in found
