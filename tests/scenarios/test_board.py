"""The journeys on the real board: every request of every journey, and a whole load test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from capacity.histogram import Histogram
from capacity.store import read_timeline
from scenarios import catalogue
from scenarios.journeys.account import Member
from scenarios.journeys.browsing import Journey
from scenarios.journeys.employer import Employer
from scenarios.journeys.looking import Visitor
from scenarios.journeys.seeker import Seeker
from scenarios.journeys.world import World
from scenarios.load_data import read_load_data
from scenarios.runner import RunRequest, run
from stack import data, engine
from stack.probes import probes
from stack.state import Running
from tests.scenarios.one_run import HERE
from tests.scenarios.person import Person

pytestmark = pytest.mark.stack


class Board(NamedTuple):
    """A running board with data in it, and a file of sessions on it."""

    running: Running
    load_file: Path


@pytest.fixture(scope="module")
def board(make_home: Callable[[], Path]) -> Iterator[Board]:
    home = make_home()
    running = engine.up(home, pods=2, replicas=1, bound=True)
    data.ensure_seeded(running, "small", 1, lambda _line: None)
    file = home / "load.json"
    data.export_load_data(running, catalogue.load("smoke").accounts(60), 1, file)
    yield Board(running, file)
    engine.down(home)


@pytest.mark.parametrize("kind", ["visitor", "seeker", "employer"])
def test_every_request_of_a_journey_is_answered_rightly(board: Board, kind: str) -> None:
    mixed = catalogue.load("mixed")
    # whatever one thing may lead to is done
    habits = mixed.habits.model_copy(update={"click_share": 1.0, "take_back_share": 1.0})
    world = World.of(
        mixed.model_copy(update={"habits": habits}), read_load_data(board.load_file), 1
    )
    sent: set[tuple[str, str]] = set()
    # two of each, since one may ask a hundred times a minute
    for number in (1, 2):
        # sessions from the end of the file: the load test below uses those at the start
        seeker = [one for one in world.data.seekers if one.met_companies][-number]
        journey: Journey = {
            "visitor": lambda chance: Visitor(world, chance),
            "seeker": lambda chance, one=seeker: Seeker(world, chance, one),
            "employer": lambda chance, at=-number: Employer(
                world, chance, world.data.employers[at]
            ),
        }[kind](world.chance(number, "decisions"))
        person = Person(board.running.base_url, f"127.250.0.{number}", journey)
        try:
            for action in journey.actions().values():
                journey.then(action)
                while journey.coming:
                    call = journey.coming.popleft()()
                    person.send(call)
                    sent.add((call.method, call.route.removeprefix("/api/v1")))
            if isinstance(journey, Member):
                for call in (journey.refresh(), journey.me(), journey.sign_in(), journey.me()):
                    person.send(call)
        finally:
            person.close()
    assert {
        "visitor": {
            ("GET", "/jobs?cursor"),
            ("GET", "/jobs/{id}"),
            ("GET", "/jobs/{id}/similar"),
            ("GET", "/ads/{token}/click"),
            ("GET", "/subscriptions/tiers"),
        },
        "seeker": {
            ("POST", "/applications/{id}/withdraw"),
            ("DELETE", "/jobs/{id}/save"),
            ("GET", "/ads/{token}/click"),
            ("POST", "/uploads/{id}/confirm"),
            ("DELETE", "/uploads/{id}"),
            ("POST", "/saved-searches"),
            ("DELETE", "/saved-searches/{id}"),
            ("PUT", "/companies/{id}/review"),
            ("POST", "/connections"),
            ("GET", "/users/me/viewers"),
        },
        "employer": {
            ("POST", "/jobs/{id}/close"),
            ("PATCH", "/applications/{id}"),
            ("GET", "/users/me/viewers"),
            ("POST", "/uploads/{id}/confirm"),
        },
    }[kind] <= sent


def test_a_load_test_of_the_board_finds_nothing_wrong(board: Board, tmp_path: Path) -> None:
    watching = probes(board.running)
    request = RunRequest(
        catalogue.load("smoke"), board.running.base_url, HERE, data_file=board.load_file
    )
    try:
        found = run(request, probes=watching, runs_dir=tmp_path, on_second=lambda _tick: None)
    finally:
        for probe in watching:
            probe.close()
    assert {(one.endpoint, kind) for one in found.endpoints for kind in one.errors} == set()
    assert sum(one.refusals for one in found.endpoints) == 0
    assert sum(Histogram.decode(one.raw).count for one in found.endpoints) > 60
    (step,) = found.measured_steps()
    assert step.arrivals.offered == pytest.approx(20 * (step.end_s - step.start_s))
    assert step.end_s - step.start_s == pytest.approx(5, abs=0.5)
    timeline = read_timeline(tmp_path / found.id)
    assert {"load.p95", "nginx.requests", "pod.backend-1.requests"} <= set(timeline.columns)
