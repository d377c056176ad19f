"""Needs of a population: N-1, cache hits, growth with data, limits."""

from typing import Any

import numpy as np
import pytest

from capacity.demands import DemandModel, Tier
from capacity.evidence import Evidence
from capacity.inputs import Array
from capacity.model.cache import hit_rate, with_hit_rate
from capacity.model.predict import mean_demand
from capacity.plan.assumed import Assumed, assumed
from capacity.plan.demand_inputs import demands
from capacity.plan.limits import Design, carried, filled, rate_of
from capacity.plan.sizing import Needs, holds, needs, response
from tests.plan.made_up import model

STEADY = ("peak.burst=1", "machine.speed=1", "model.p95_off=1")


def given(*settings: str) -> Assumed:
    return assumed(model(), [*STEADY, *settings])


def middle(users: float, *settings: str) -> tuple[Needs, dict[str, Array], Assumed]:
    known = given(*settings)
    mids = known.inputs.mids()
    return needs(known.model, users, mids, known.rules), mids, known


def test_pods_hold_the_targets_with_one_lost_and_no_fewer_do() -> None:
    # an autoscaler that hardly minds CPU leaves the number to the targets
    sized, mids, known = middle(40_000_000, "autoscale.up_cpu=0.99")
    pods, replicas = sized.slo_pods, sized.replicas - 1
    assert pods[0] > 5
    assert holds(sized, mids, known.rules, pods, replicas)[0]
    assert not holds(sized, mids, known.rules, pods - 1, replicas)[0]
    assert sized.pods[0] == pods[0] + 1


def test_more_people_never_need_fewer_pods() -> None:
    counts = [middle(users)[0].pods[0] for users in (1e4, 1e6, 1e7, 1e8)]
    assert counts == sorted(counts)
    assert counts[0] == 2  # the least there are
    assert counts[-1] > 50


def test_the_autoscaler_wants_pods_below_its_limit() -> None:
    sized, _, known = middle(40_000_000)
    busy = sized.traffic.peak_rate[0] * sized.demands.cpu_s[Tier.PODS][0]
    assert sized.pods[0] >= busy / known.rules.autoscale.up_cpu / known.rules.pod.vcpu


def test_replicas_each_carry_all_reads_when_one_is_lost() -> None:
    sized, _, known = middle(1_000_000)
    reads = sized.traffic.burst_rate[0] * sized.demands.cpu_s[Tier.REPLICAS][0]
    left = (sized.replicas[0] - 1) * sized.replica_cores[0]
    idle = 10 * 0.01 / 3  # of ten pods, a third of what three cost
    assert left * known.rules.fill.database == pytest.approx(reads + idle)


def test_a_slower_machine_and_a_slower_promise_cost_pods() -> None:
    fast, slow = middle(5e7)[0].pods[0], middle(5e7, "machine.speed=0.5")[0].pods[0]
    assert slow > 1.8 * fast


def test_cpu_per_request_is_the_mixs() -> None:
    known = given()
    cost = demands(known.model, np.array([50_000.0]), known.inputs.mids())
    assert cost.cpu_s[Tier.PODS][0] == pytest.approx(0.7 * 0.0011 + 0.15 * 0.0025 + 0.15 * 0.005)
    assert cost.redis_commands[0] == pytest.approx(0.7 * 3 + 0.15 * 3 + 0.15 * 6)


def test_cache_hits_take_load_off_the_databases_alone_as_far_as_reads_go() -> None:
    users = np.array([50_000.0])
    known = given()
    measured = hit_rate(known.model)
    assert measured == pytest.approx((0.7 * 0.8 + 0.15 * 0.2) / 0.85)
    before = demands(known.model, users, known.inputs.mids())
    best = given("cache.hit_rate=1")
    after = demands(best.model, users, best.inputs.mids())
    writes = 0.15 * 5
    assert before.queries[0] == pytest.approx(0.7 * 0.2 + 0.15 * 1 + writes)
    assert after.queries[0] == pytest.approx(writes)
    assert after.cpu_s[Tier.PRIMARY][0] == pytest.approx(0.15 * 0.0015)
    # 85 % of the requests can be cached; a miss costs the pods 2.0 - 0.9 ms more than a hit
    gained = before.cpu_s[Tier.PODS][0] - after.cpu_s[Tier.PODS][0]
    assert gained == pytest.approx(0.85 * (1 - measured) * 0.0011)
    worse = given("cache.hit_rate=0")
    none = demands(worse.model, users, worse.inputs.mids())
    assert none.cpu_s[Tier.REPLICAS][0] > before.cpu_s[Tier.REPLICAS][0]


@pytest.mark.parametrize("rate", [0.66, 0.9, 1.0])
def test_a_plan_and_the_model_say_the_same_of_another_hit_rate(rate: float) -> None:
    known = given(f"cache.hit_rate={rate}")
    told = demands(known.model, np.array([50_000.0]), known.inputs.mids())
    moved = with_hit_rate(known.model, rate)
    assert hit_rate(moved) == pytest.approx(rate)
    for tier, seconds in mean_demand(moved, moved.mix).items():
        assert told.cpu_s[tier][0] == pytest.approx(seconds), tier


def test_a_database_grows_dearer_with_its_users() -> None:
    known = given("growth.primary=0.1")
    small, large = (
        demands(known.model, np.array([users]), known.inputs.mids()) for users in (5e4, 5e6)
    )
    times = large.cpu_s[Tier.PRIMARY][0] / small.cpu_s[Tier.PRIMARY][0]
    assert times == pytest.approx(100**0.1)
    assert large.cpu_s[Tier.PODS][0] == small.cpu_s[Tier.PODS][0]


def test_how_long_a_connection_is_held_is_measured_where_the_records_tell() -> None:
    assert given().inputs.known["database.held_ms"].evidence is Evidence.ASSUMED
    classes = tuple(
        one.model_copy(update={"held_s": one.queries.times(0.006)}) for one in model().classes
    )
    told = assumed(model().model_copy(update={"classes": classes}), STEADY)
    held = told.inputs.known["database.held_ms"]
    assert held.evidence is Evidence.MODELLED
    assert held.mid == pytest.approx(6)
    longer = needs(told.model, 40_000_000, told.inputs.mids(), told.rules)
    assumed_of = middle(40_000_000)[0]  # 4 ms
    reserved = told.rules.fill.reserved_connections
    assert longer.primary_connections[0] - reserved == pytest.approx(
        1.5 * (assumed_of.primary_connections[0] - reserved), abs=2
    )


def test_growth_that_was_fitted_is_taken_from_the_model() -> None:
    told: dict[str, Any] = model().model_dump()
    told["growth"] = {"primary": {"low": 0.2, "mid": 0.3, "high": 0.4}}
    known = assumed(DemandModel.model_validate(told)).inputs.known
    assert known["growth.primary"].mid == 0.3
    assert known["growth.primary"].reason == "fitted over sizes of data"
    assert known["growth.replicas"].reason.startswith("a statement's cost grows")


def test_predictions_are_stretched_by_the_errors_of_held_out_runs() -> None:
    off = assumed(model()).inputs.known["model.p95_off"]
    # p95: 46 for 40, 45 for 50, 70 for 60
    assert (off.low, off.mid, off.high) == pytest.approx((0.9, 1.15, 70 / 60))


def test_waiting_is_taken_by_the_factor_that_was_fitted() -> None:
    def mean(waiting: float) -> float:
        sized, mids, known = middle(10_000_000, f"model.wait_factor={waiting}")
        rate, pods = sized.traffic.burst_rate, np.array([12.0])
        return float(response(sized, mids, known.rules, pods, sized.replicas, rate).mean[0])

    alone, queued = mean(0), mean(1)
    sized = middle(10_000_000)[0]
    assert alone == pytest.approx(
        sum(float(one[0]) for one in sized.demands.cpu_s.values()) + sized.demands.delay_s[0]
    )
    assert mean(3) - alone == pytest.approx(3 * (queued - alone))
    assert assumed(model().model_copy(update={"wait_factor": 2.5})).inputs.known[
        "model.wait_factor"
    ].mid == pytest.approx(2.5)


def test_so_many_pods_carry_the_rate_at_which_the_targets_just_hold() -> None:
    sized, mids, known = middle(1_000_000)
    one, ten = (rate_of(pods, sized, mids, known.rules)[0] for pods in (1, 10))
    # a rotation smooths what each of ten gets
    assert 10 * one < ten < 12 * one
    # no core answers more than its seconds allow
    assert ten < 10 * known.rules.pod.vcpu / sized.demands.cpu_s[Tier.PODS][0]
    # and nothing but the pods is in the way, so twice as many people change nothing
    twice = middle(2_000_000, "database.growth=0")[0]
    same = middle(1_000_000, "database.growth=0")[0]
    assert rate_of(10, twice, mids, known.rules)[0] == pytest.approx(
        rate_of(10, same, mids, known.rules)[0], rel=0.02
    )


DESIGN = Design(
    pods=4,
    nginx_workers=1,
    pgbouncers=1,
    primary_cores=2,
    replicas=2,
    replica_cores=2,
    redis_shards=1,
)


def test_a_design_carries_less_with_machines_lost() -> None:
    sized, mids, known = middle(1_000_000)
    whole, lost = (carried(sized, DESIGN, mids, known.rules, one)[0] for one in (0, 1))
    assert whole > lost > 1
    # three of four pods
    assert lost / whole == pytest.approx(3 / 4, abs=0.03)


def test_what_is_full_refuses_however_short_the_queues() -> None:
    sized, mids, known = middle(1_000_000, "nginx.connections=2000")
    # 975 sockets take 1,950 connections
    assert carried(sized, DESIGN, mids, known.rules, 0)[0] == pytest.approx(2000 / 1950)
    by_name = {one.name: one for one in filled(sized, DESIGN, mids, known.rules)}
    assert by_name["nginx connections"].used[0] == pytest.approx(1950 / 2000)


def test_100_000_sockets_take_the_blueprints_49_workers_of_nginx() -> None:
    users = 100_000 / 3250 * 1_000_000  # 3,250 of a million are there at a time
    sized, _, _ = middle(users, "activity.socket_share=1", "nginx.connections=4096")
    assert sized.traffic.sockets[0] == pytest.approx(100_000)
    assert sized.nginx_workers[0] == 49


def test_memory_fills_with_sockets_above_its_base() -> None:
    sized, mids, known = middle(1_000_000, "pod.memory_base_mb=500", "pod.memory_socket_kb=100")
    memory = {one.name: one for one in filled(sized, DESIGN, mids, known.rules)}["pods memory"]
    assert memory.used[0] == pytest.approx(0.5 + 975 / 4 * 1e-4)
    assert memory.times[0] == pytest.approx(0.5 / (975 / 4 * 1e-4))
