"""Simulated tails of a plan: against closed forms, by pods, seeded, and known by their inputs."""

from datetime import date

import numpy as np
import pytest

from capacity.cost.catalogue import read_catalogues
from capacity.demands import DemandModel, Tier
from capacity.evidence import Span
from capacity.model import board
from capacity.model.predict import Load
from capacity.plan import tails
from capacity.plan.assumed import Assumed, assumed
from capacity.plan.designing import Designed, designed
from capacity.plan.planning import Request, make_plan
from capacity.plan.tails import Job, job, numbers_up
from tests.capacity.closed_forms import waiting
from tests.plan.made_up import model

USERS = 40_000_000


@pytest.fixture(autouse=True)
def _few_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tails, "_REQUESTS", 300)
    monkeypatch.setattr(tails, "_PER_POD", 1)
    monkeypatch.setattr(tails, "DRAWS", 8)


def asked(*settings: str, seed: int = 1) -> tuple[Job, Designed, Assumed]:
    given = assumed(model(), settings)
    values = given.inputs.draws(200, seed)
    made = designed(given, USERS, values)
    return job(given, made, values, seed), made, given


def only_pods(service_s: float) -> DemandModel:
    """One class that works in the pods alone, and nothing idle."""
    cpu = {tier: Span.exact(service_s if tier is Tier.PODS else 0.0) for tier in Tier}
    one = model().classes[0].model_copy(update={"cpu_s": cpu})
    return model().model_copy(
        update={
            "classes": (one,),
            "mix": {one.name: 1.0},
            "idle_cpu": {},
            "cache_hit": {},
            "layers": {},
        }
    )


@pytest.mark.parametrize("cores", [1, 2])
def test_one_pod_is_m_m_c(cores: int) -> None:
    """Shared cores: the mean is that of M/M/c whatever the service times' shape."""
    found = only_pods(0.01)
    topology = found.topology.model_copy(update={"pods": 1, "cores": None})
    load = Load(
        1, 0.0, found.mix, topology, tier_cores=dict.fromkeys(Tier, 1.0) | {Tier.PODS: cores}
    )
    told = board.tail(found, load, rate=70 * cores, requests=15_000)
    assert told.mean_s == pytest.approx(waiting(70 * cores, 0.01, cores).response_s, rel=0.07)
    assert told.busy["pod-0"] == pytest.approx(0.7, rel=0.04)


def test_more_pods_hold_the_targets_more_often_and_too_few_are_saturated() -> None:
    wanted, made, _ = asked()
    told = wanted.model_copy(update={"pods_up": (5, made.design.pods, 2 * made.design.pods)}).run()
    few, planned, many = told.tails
    assert few.saturated == len(wanted.draws)
    assert (few.holds, few.p95_ms) == (0.0, None)
    assert planned.holds >= 0.8
    assert many.holds >= planned.holds
    assert planned.holds_low <= planned.holds <= planned.holds_high
    # Its slowest are the same ones with room to spare: what most wait for is what pods change.
    assert planned.p50_ms is not None
    assert many.p50_ms is not None
    assert many.p50_ms.mid < planned.p50_ms.mid


def test_no_draw_holds_a_target_below_its_own_service_time() -> None:
    wanted, _, _ = asked()
    strict = wanted.model_copy(update={"targets_ms": (0.001, 200.0, 500.0)})
    assert all(one.holds == 0 for one in strict.run().tails)


def test_a_drawn_model_costs_what_the_draw_says() -> None:
    wanted, made, given = asked("cache.hit_rate=0.9")
    (draw, *_) = wanted.draws
    drawn = tails.drawn(wanted.model, draw)
    for tier in Tier:
        mean = sum(share * drawn.by_name(n).cpu_s[tier].mid for n, share in drawn.mix.items())
        assert mean == pytest.approx(draw.cpu_s[tier])
    assert draw.hit_rate == 0.9
    assert drawn.cache_hit["cached read"] > wanted.model.cache_hit["cached read"]
    # what idle pods use does not depend on how many there were when it was measured
    idle = made.all_worlds.needs.demands.idle_cores[Tier.PODS]
    assert drawn.idle_cpu[Tier.PODS] / given.model.topology.pods == pytest.approx(
        float(idle[np.argsort(made.all_worlds.needs.slo_pods, kind="stable")[12]])
    )


def test_the_draws_simulated_reach_from_those_that_need_few_pods_to_many() -> None:
    wanted, made, _ = asked()
    rates = [one.rate for one in wanted.draws]
    everyone = made.all_worlds.needs.traffic.burst_rate
    assert len(rates) == 8
    assert min(rates) < np.quantile(everyone, 0.3)
    assert max(rates) > np.quantile(everyone, 0.8)


def test_the_same_question_has_the_same_answer_and_key() -> None:
    one, again, other = asked()[0], asked()[0], asked(seed=2)[0]
    assert one.key == again.key != other.key
    assert one.run() == again.run()
    assert asked("slo.p95=150")[0].key != one.key
    anew = one.model.model_copy(update={"made_at": model().made_at.replace(year=2027)})
    assert one.model_copy(update={"model": anew}).key == one.key


@pytest.mark.parametrize(
    ("pods", "ups"),
    [(2, (1, 2, 3, 4)), (6, (3, 4, 5, 6, 7, 8)), (100, (94, 95, 99, 100, 104, 105))],
)
def test_each_size_is_simulated_with_one_lost_too(pods: int, ups: tuple[int, ...]) -> None:
    assert numbers_up(pods) == ups


def test_one_replica_is_lost_and_few_draws_do_for_many_pods(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted, made, _ = asked()
    assert wanted.replicas_up == made.design.replicas - 1
    assert wanted.cores[Tier.REPLICAS] == wanted.replicas_up * made.design.replica_cores
    monkeypatch.setattr(tails, "_BUDGET", 6 * 300 * 5)
    assert len(asked()[0].draws) == 5


def test_a_plan_has_them_only_when_asked() -> None:
    given = assumed(model())
    request = Request(USERS, date(2026, 12, 1), draws=60)
    seen: list[Job] = []

    def simulating(one: Job) -> tails.Simulation:
        seen.append(one)
        return one.run()

    catalogues = read_catalogues()
    plan = make_plan(given, request, catalogues, simulating)
    assert plan.simulation is not None
    assert plan.simulation.up(plan.resources.pods_most) is not None
    assert plan.simulation.up(plan.resources.pods_most - 1) is not None
    assert make_plan(given, request, catalogues).simulation is None
    assert len(seen) == 1


def test_idle_work_that_fills_a_station_saturates_it() -> None:
    wanted, _, _ = asked()
    full = [one.model_copy(update={"idle_cores": dict.fromkeys(Tier, 2.0)}) for one in wanted.draws]
    told = wanted.model_copy(update={"draws": tuple(full), "pods_up": (60,)}).run()
    assert told.tails[0].saturated == len(full)
