"""The sliders' grid of tails: what a simulation makes of the closed forms, point by point."""

import numpy as np
import pytest

from capacity.demands import Tier
from capacity.inputs import Values
from capacity.model import board
from capacity.model.predict import limits
from capacity.plan import tail_grid
from capacity.plan.assumed import Assumed, assumed
from capacity.plan.limits import Design, fixed
from capacity.plan.sizing import needs, response
from capacity.plan.tail_grid import GridJob, Points, TailGrid
from capacity.plan.tails import drawn
from tests.plan.made_up import model

USERS = 1e6
PODS, HITS = (2, 5, 12), (0.2, 0.8)
DESIGN = Design(5, 1, 1, 2.0, 2, 2.0, 1)


@pytest.fixture(autouse=True)
def _few_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_grid, "_REQUESTS", 400)
    monkeypatch.setattr(tail_grid, "_PER_POD", 1)


def made(*settings: str, design: Design = DESIGN) -> tuple[TailGrid, GridJob, Points]:
    seen: list[tuple[GridJob, Points]] = []

    def simulating(job: GridJob) -> Points:
        seen.append((job, job.run()))
        return seen[0][1]

    given = assumed(model(), settings)
    return tail_grid.tail_grid(given, USERS, design, PODS, HITS, simulating), *seen[0]


def values_at(given: Assumed, hit: float) -> Values:
    return given.inputs.mids() | {"cache.hit_rate": np.array([hit])}


def closed(given: Assumed, pods: int, hit: float, rate: float, which: str) -> float:
    values = values_at(given, hit)
    placed = fixed(needs(given.model, USERS, values, given.rules), DESIGN)
    one = np.ones(1)
    time = response(placed, values, given.rules, one * pods, one * 2, one * rate)
    return 1000 * float(time.quantile(which)[0])


def test_at_every_point_the_closed_form_becomes_what_was_simulated() -> None:
    grid, job, _ = made()
    given = assumed(model())
    quotients = np.array(grid.p95).reshape(len(PODS), len(HITS), len(grid.fullest))
    for up, hit, full in ((0, 0, 0), (1, 1, 2), (2, 0, 3)):
        cost = needs(given.model, USERS, values_at(given, HITS[hit]), given.rules).demands
        draw = job.job.draws[hit]
        assert draw.cpu_s == pytest.approx({tier: float(cost.cpu_s[tier][0]) for tier in Tier})
        found = drawn(given.model, draw)
        load = job.job.load(found, PODS[up])
        rate = grid.fullest[full] * limits(found, load).saturation_rate
        lived = board.tail(found, load, rate=rate, requests=400, seed=1_000_003)
        wanted = quotients[up, hit, full] * closed(given, PODS[up], HITS[hit], rate, "p95")
        assert wanted == pytest.approx(1000 * lived.p95_s)


def test_few_slots_lengthen_the_simulated_tail_alone() -> None:
    roomy, _, _ = made()
    tight, _, _ = made("pod.slots=1", "pod.workers=1")
    busiest = [at for at in range(len(roomy.p95)) if at % len(roomy.fullest) == 3]
    assert all(tight.p95[at] > 1.5 * roomy.p95[at] for at in busiest)


def test_where_idle_work_fills_a_station_fewer_pods_stand_for_more() -> None:
    idle = model().idle_cpu | {Tier.PRIMARY: 3 * 0.2}  # of three pods; 12 take more than 2 cores
    given = assumed(model().model_copy(update={"idle_cpu": idle}))
    told: list[Points] = []

    def simulating(job: GridJob) -> Points:
        told.append(job.run())
        return told[0]

    grid = tail_grid.tail_grid(given, USERS, DESIGN, PODS, HITS, simulating)
    each = len(HITS) * len(grid.fullest)
    assert all(one is None for one in told[0].lived[2 * each :])
    assert all(one is not None for one in told[0].lived[: 2 * each])
    assert grid.p99[2 * each :] == grid.p99[each : 2 * each]


def test_the_same_question_has_the_same_key_and_answer() -> None:
    (grid, job, _), (again, same, _) = made(), made()
    assert grid == again
    assert job.key == same.key
    assert made("pod.slots=8")[1].key != job.key
    assert job.model_copy(update={"fullest": (0.5,)}).key != job.key


def test_more_pods_than_are_simulated_count_as_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_grid, "_MOST_PODS", 6)
    assert made()[0].pods == (2, 5, 6)
