"""What a plan tells beside its sizes: latency, a day of pods, and constants to plan again with."""

from datetime import date

import numpy as np
import pytest

from capacity.cost.catalogue import read_catalogues
from capacity.plan import tail_grid
from capacity.plan.assumed import assumed
from capacity.plan.planning import Request, make_plan
from capacity.plan.shapes import PlanResult
from capacity.plan.tail_grid import GridJob
from capacity.plan.what_if import WhatIf, what_if
from tests.plan.made_up import model


@pytest.fixture(autouse=True)
def _few_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_grid, "_REQUESTS", 60)
    monkeypatch.setattr(tail_grid, "_PER_POD", 1)


def _plan(users: float, *settings: str) -> tuple[PlanResult, WhatIf]:
    given, catalogues = assumed(model(), settings), read_catalogues()
    request = Request(users=users, start=date(2026, 11, 28), draws=100)
    plan = make_plan(given, request, catalogues)
    return plan, what_if(given, plan, catalogues, (), GridJob.run)


def test_latency_rises_with_the_percentile_and_with_fewer_pods() -> None:
    roomy, _ = _plan(1e6, "pods=10", "autoscale.least=10")
    tight, _ = _plan(1e6, "pods=2")
    for plan in (roomy, tight):
        told = plan.latency
        assert list(told) == ["p50", "p95", "p99"]
        assert told["p50"].mid < told["p95"].mid < told["p99"].mid
        assert told["p95"].unit == "ms"
    assert tight.latency["p95"].mid > roomy.latency["p95"].mid


def test_a_plan_saturated_in_every_draw_tells_no_latency() -> None:
    plan, _ = _plan(2e7, "pods=2")
    assert plan.latency == {}
    assert any(one.startswith("in 100 % of the draws something is sat") for one in plan.warnings)


def test_a_day_of_pods_follows_the_load_within_the_plans_pods() -> None:
    plan, _ = _plan(5e6, "pods=12", "pod.memory_base_mb=100", "peak.over_mean=4")
    day = plan.day
    assert len(day.pods) == len(day.used) == 24 * 60 / day.every_minutes
    assert min(day.pods) >= plan.resources.pods_least
    assert max(day.pods) <= 12
    assert max(day.pods) > min(day.pods)
    busy = np.array(day.pods) * np.array(day.used)
    hours = 24 * np.argmax(busy) / len(busy)
    assert 19 <= hours <= 21  # the evening's peak


def test_sliders_begin_at_the_plan_and_their_grid_has_its_bill() -> None:
    plan, found = _plan(1e6)
    starts = {name: one.start for name, one in found.sliders.items()}
    assert starts["users"] == 1e6
    assert starts["pods"] == plan.resources.pods_most
    assert starts["paying"] == pytest.approx(0.02052)
    assert all(one.low <= one.start <= one.high for one in found.sliders.values())
    grid = found.bill
    sizes = [len(axis) for axis in (grid.users, grid.daily_share, grid.over_mean, grid.hit_rate)]
    assert len(grid.usd) == np.prod(sizes)
    usd = np.array(grid.usd, dtype=float).reshape(sizes)
    at = (
        grid.users.index(1e6),
        grid.daily_share.index(starts["daily_share"]),
        grid.over_mean.index(starts["over_mean"]),
        grid.hit_rate.index(starts["hit_rate"]),
    )
    assert usd[at] == grid.at_start
    alone = usd[:, at[1], at[2], at[3]]
    assert (np.diff(alone) > 0).all()  # more users cost more


def test_tails_are_told_wherever_pods_and_hit_rate_can_be_moved() -> None:
    plan, found = _plan(1e6)
    pods, hit = found.sliders["pods"], found.sliders["hit_rate"]
    assert (found.tails.pods[0], found.tails.pods[-1]) == (pods.low, pods.high)
    assert plan.resources.pods_most in found.tails.pods
    assert (found.tails.hit_rate[0], found.tails.hit_rate[-1]) == (hit.low, hit.high)
    assert hit.start in found.tails.hit_rate
    points = len(found.tails.pods) * len(found.tails.hit_rate) * len(found.tails.fullest)
    assert len(found.tails.p95) == len(found.tails.p99) == points
    assert min(found.tails.p95) > 0


def test_nobody_can_move_a_cache_the_model_does_not_know() -> None:
    given = assumed(model().model_copy(update={"cache_hit": {}}))
    request = Request(users=1e5, start=date(2026, 11, 28), draws=50)
    plan = make_plan(given, request, read_catalogues())
    assert "hit_rate" not in what_if(given, plan, read_catalogues(), (), GridJob.run).sliders


def test_where_nobody_pays_there_is_no_share_of_payers_to_move() -> None:
    nobody = [f"tiers.{tier}_share=0" for tier in ("pro", "business", "enterprise")]
    assert "paying" not in _plan(1e5, *nobody)[1].sliders


@pytest.mark.parametrize("users", [1e3, 1e8])
def test_the_smallest_and_the_largest_population_have_sliders_too(users: float) -> None:
    _, found = _plan(users)
    assert found.sliders["users"].low <= users <= found.sliders["users"].high
    assert users in found.bill.users
    assert list(found.bill.users) == sorted(set(found.bill.users))


def test_fees_are_a_share_of_the_dollars_and_an_amount_of_each_payment() -> None:
    _, found = _plan(1e6, "pay.abroad=0", "pay.converted=0", "pay.disputes=0")
    assert found.fee_of_usd == pytest.approx(0.029 + 0.007)
    assert found.fee_of_charge == pytest.approx(0.30)
