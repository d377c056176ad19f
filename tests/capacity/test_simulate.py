"""The simulation against closed forms, against simpy, and against itself."""

from collections.abc import Generator
from random import Random
from statistics import fmean
from typing import Any

import numpy as np
import pytest
import simpy

from capacity.model import mva
from capacity.model.board import lognormal
from capacity.model.simulate import (
    Answer,
    Closed,
    Cores,
    Give,
    Open,
    Pause,
    Route,
    Simulated,
    Take,
    Work,
    simulate,
)
from tests.capacity.closed_forms import waiting

MANY = 12_000


def _alone(service: Any) -> Route:
    return lambda chance: ("a", (Work("s", service(chance)), Answer()))


def _exponential(chance: Random) -> float:
    return chance.expovariate(1.0)


def _mean(found: Simulated) -> float:
    return float(found.everything().mean())


@pytest.mark.parametrize("servers", [1, 3])
@pytest.mark.parametrize("sharing", [True, False])
def test_m_m_c(servers: int, sharing: bool) -> None:
    rate = 0.7 * servers
    found = simulate(
        {"s": Cores(servers, sharing)}, {}, Open(rate), _alone(_exponential), requests=MANY
    )
    expected = waiting(rate, 1.0, servers)
    assert _mean(found) == pytest.approx(expected.response_s, rel=0.06)
    assert found.busy["s"] == pytest.approx(0.7, rel=0.03)
    assert found.throughput == pytest.approx(rate, rel=0.03)


@pytest.mark.parametrize("servers", [1, 3])
def test_the_tail_of_m_m_c_in_order(servers: int) -> None:
    rate = 0.7 * servers
    found = simulate(
        {"s": Cores(servers, sharing=False)}, {}, Open(rate), _alone(_exponential), requests=MANY
    )
    waits = found.everything() - found.own_s["a"]
    expected = waiting(rate, 1.0, servers)
    assert float(np.mean(waits > 1e-9)) == pytest.approx(expected.wait_chance, abs=0.03)
    for share in (0.95, 0.99):
        percentile = float(np.quantile(waits, share))
        assert percentile == pytest.approx(expected.wait_percentile(share), rel=0.12)


def test_m_g_1_waits_in_order_but_not_when_shared() -> None:
    # Pollaczek-Khinchine against processor sharing, whose mean knows only the mean of service
    shape = [float(v) for v in lognormal(2.0)]
    spread = float(np.var(shape))

    def route(chance: Random) -> tuple[str, tuple[Work, Answer]]:
        return "a", (Work("s", chance.choice(shape)), Answer())

    in_order = simulate({"s": Cores(1, sharing=False)}, {}, Open(0.6), route, requests=MANY)
    shared = simulate({"s": Cores(1)}, {}, Open(0.6), route, requests=MANY)
    assert _mean(in_order) == pytest.approx(waiting(0.6, 1, 1, spread).response_s, rel=0.1)
    assert _mean(shared) == pytest.approx(1 / 0.4, rel=0.06)


def test_the_machine_repairman() -> None:
    found = simulate(
        {"s": Cores(1, sharing=False)}, {}, Closed(6, 5.0), _alone(_exponential), requests=MANY
    )
    exact = mva.exact(6, 5.0, [mva.Station("s", {"a": 1.0})])
    assert found.throughput == pytest.approx(exact.throughput, rel=0.02)
    assert _mean(found) == pytest.approx(exact.response_s["a"], rel=0.04)


def test_littles_law_holds_for_places() -> None:
    def route(chance: Random) -> tuple[str, tuple[Take, Pause, Give, Answer]]:
        return "a", (Take("slots"), Pause(chance.expovariate(1)), Give("slots"), Answer())

    found = simulate({}, {"slots": 4}, Open(3.0), route, requests=MANY)
    assert found.held["slots"] == pytest.approx(3.0, rel=0.04)  # rate x time in a slot
    assert _mean(found) == pytest.approx(waiting(3.0, 1.0, 4).response_s, rel=0.06)


def test_work_after_the_answer_is_load_but_no_latency() -> None:
    def route(chance: Random) -> tuple[str, tuple[Work, Answer, Work]]:
        return "a", (Work("s", 0.01), Answer(), Work("s", 0.01))

    found = simulate({"s": Cores(1)}, {}, Open(10), route, requests=2_000)
    assert found.busy["s"] == pytest.approx(0.2, rel=0.1)
    assert float(found.own_s["a"].max()) == pytest.approx(0.01)


def test_the_same_seed_gives_the_same_answer() -> None:
    runs = [
        simulate(
            {"s": Cores(1)}, {}, Open(0.5), _alone(_exponential), requests=500, seed=seed
        ).everything()
        for seed in (1, 1, 2)
    ]
    assert (runs[0] == runs[1]).all()
    assert (runs[0] != runs[2]).any()


RATE, SLOTS, POOL, SERVERS = 9.0, 8, 5, 3
_HEAD, _QUERY = 0.3, 0.25


def test_simpy_agrees_on_slots_pool_and_servers() -> None:
    """A request holds a slot, in it a connection, in that a server: three limits in a row."""

    def route(chance: Random) -> tuple[str, tuple[Any, ...]]:
        head, query = chance.expovariate(1 / _HEAD), chance.expovariate(1 / _QUERY)
        return "a", (
            Take("slots"),
            Pause(head),
            Take("pool"),
            Take("servers"),
            Pause(query),
            Give("servers"),
            Give("pool"),
            Give("slots"),
            Answer(),
        )

    places = {"slots": SLOTS, "pool": POOL, "servers": SERVERS}
    ours = simulate({}, places, Open(RATE), route, requests=MANY)
    assert ours.held["servers"] == pytest.approx(RATE * _QUERY, rel=0.05)
    theirs = _simpy(seed=7)
    assert _mean(ours) == pytest.approx(fmean(theirs), rel=0.08)
    for percent in (50, 95):
        mine, other = np.percentile(ours.everything(), percent), np.percentile(theirs, percent)
        assert mine == pytest.approx(other, rel=0.1)


def _simpy(seed: int) -> list[float]:
    chance, world = Random(seed), simpy.Environment()
    slots, pool, servers = (simpy.Resource(world, n) for n in (SLOTS, POOL, SERVERS))
    times: list[float] = []

    def request() -> Generator[Any, Any, None]:
        began = world.now
        with slots.request() as slot:
            yield slot
            yield world.timeout(chance.expovariate(1 / _HEAD))
            with pool.request() as connection:
                yield connection
                with servers.request() as server:
                    yield server
                    yield world.timeout(chance.expovariate(1 / _QUERY))
        times.append(world.now - began)

    def arrivals() -> Generator[Any, Any, None]:
        while len(times) < MANY:
            yield world.timeout(chance.expovariate(RATE))
            world.process(request())

    world.process(arrivals())
    world.run()
    return times[MANY // 10 :]
