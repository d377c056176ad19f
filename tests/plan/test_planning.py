"""A whole plan from a made-up model: it adds up, and says what it rests on."""

import re
from datetime import date
from typing import Any

import pytest

from capacity.cost.catalogue import Layer, read_catalogues
from capacity.demands import DemandModel
from capacity.errors import UsageError
from capacity.evidence import Evidence
from capacity.inputs import InputError
from capacity.plan.assumed import assumed
from capacity.plan.budget import afforded
from capacity.plan.planning import Request, make_plan
from capacity.plan.shapes import PlanResult
from tests.plan.made_up import model

START = date(2026, 11, 28)


def plan(
    users: float = 1_000_000, *settings: str, told: DemandModel | None = None, **request: Any
) -> PlanResult:
    given = assumed(told or model(), settings)
    asked = Request(users, START, **{"draws": 100, **request})
    return make_plan(given, asked, read_catalogues())


@pytest.fixture(scope="module")
def million() -> PlanResult:
    return plan()


def test_same_question_same_answer(million: PlanResult) -> None:
    assert plan() == million
    assert plan(seed=2) != million


def test_the_bill_is_the_sum_of_its_lines(million: PlanResult) -> None:
    billed = sum(
        line.BilledCost for line in million.cost.invoice if line.x_layer is not Layer.PAYMENTS
    )
    assert million.cost.mid_usd == pytest.approx(billed, abs=0.01)
    apart = {layer: usd for layer, usd in million.cost.by_layer.items() if layer != "payments"}
    assert sum(apart.values()) == pytest.approx(billed, abs=0.01)
    assert million.cost.usd.evidence is Evidence.PRICED
    assert million.cost.usd.low < million.cost.usd.mid < million.cost.usd.high
    assert million.cost.per_user.mid == pytest.approx(million.cost.usd.mid / 1e6)


def test_the_chosen_pods_are_regretted_least(million: PlanResult) -> None:
    chosen = [one for one in million.pods if one.chosen]
    assert [one.pods for one in chosen] == [million.resources.pods_most]
    assert chosen[0].regret_usd == min(one.regret_usd for one in million.pods)
    assert all(one.why for one in million.pods)
    probabilities = [one.holds_one_lost for one in million.pods]
    assert probabilities == sorted(probabilities)
    assert all(one.holds >= one.holds_one_lost for one in million.pods)


def test_what_fills_first_is_named_and_its_headroom(million: PlanResult) -> None:
    ends = [one.full_at_users.mid for one in million.limits]
    assert ends == sorted(ends)
    assert (million.first, million.second) == (million.limits[0].name, million.limits[1].name)
    assert million.headroom.mid == pytest.approx(1 - 1e6 / ends[0], abs=0.02)
    assert million.capacity_users_none_lost.mid > million.capacity_users.mid > 1e6


def test_a_plan_runs_out_later_on_the_path_the_more_it_carries(million: PlanResult) -> None:
    for one in million.runs_out:
        assert one.month_low is not None
        assert one.month_mid is not None
        assert one.month_low < one.month_mid
        assert one.date_mid is not None
        assert one.date_mid > START
    small = plan(10_000, "pods=2")
    assert small.runs_out[0].month_mid < million.runs_out[0].month_mid


def test_a_path_s_month_is_a_date() -> None:
    # two pods of a made-up board carry less than a million, so the end lies on the path
    found = plan(1_000_000, "pods=2", "machine.speed=0.2").runs_out
    stages = next(one for one in found if one.path == "stages")
    assert stages.month_mid is not None
    assert stages.month_mid < 12
    assert stages.date_mid is not None
    assert (stages.date_mid - START).days == int(stages.month_mid * 730 / 24)


def test_what_a_person_sets_is_what_is_planned(million: PlanResult) -> None:
    six = plan(1_000_000, "pods=6")
    assert six.resources.pods_most == 6
    few = plan(40_000_000, "pods=6")
    assert few.pods[0].enough == 0
    assert few.pods[0].why.startswith("least regretted: enough for 0 %")
    assert few.resources.pods_reached.high == 6
    slow = plan(1_000_000, "machine.speed=0.3")
    assert slow.resources.pods_most > million.resources.pods_most
    assert slow.inputs["machine.speed"].reason == "set on the command line"


def test_too_many_pods_for_the_rule_are_told() -> None:
    many = plan(100_000_000)
    assert many.resources.pods_most > 10
    assert not many.resources.within_rule
    assert any("more than the autoscaler's 10" in one for one in many.resources.problems)
    assert any("do not fit PgBouncer's" in one for one in many.resources.problems)


def test_an_autoscaler_that_does_not_see_latency_is_told() -> None:
    late = plan(40_000_000, "autoscale.up_cpu=0.95", "autoscale.most=100")
    assert any("CPU and memory do not see latency" in one for one in late.resources.problems)
    assert late.resources.pods_reached.mid < late.resources.pods_most
    assert late.resources.stops_short > 0.1
    # told with its price: what a pod costs in the bill, for those that are not up all day
    least = late.resources.pods_most
    kept_up = plan(
        40_000_000, "autoscale.up_cpu=0.95", "autoscale.most=100", f"autoscale.least={least}"
    )
    more = kept_up.cost.by_layer[Layer.PODS] - late.cost.by_layer[Layer.PODS]
    (told,) = [one for one in late.resources.problems if "do not see latency" in one]
    assert f"--set autoscale.least={least}" in told
    (dollars,) = re.findall(r"costs \$([\d,.]+) a month more", told)
    assert float(dollars.replace(",", "")) == pytest.approx(more, rel=0.05)
    assert late.latency["p95"].mid > kept_up.latency["p95"].mid
    ample = plan(1_000_000, "autoscale.least=4").resources
    assert not any("do not see latency" in one for one in ample.problems)


def test_the_plan_says_what_it_rests_on(million: PlanResult) -> None:
    assert million.basis.errors == pytest.approx(
        {"throughput": 200 / 196 - 1, "mean": 1 - 12 / 13, "p95": 1 - 60 / 70, "utilisation": 0.02},
    )
    assert any("50,000 users in the database" in one for one in million.warnings)
    assert any(one.startswith("AWS: prices of") for one in million.warnings)
    rested = model().model_copy(update={"held_out": (), "seeded_users": None, "tested_rate": 10})
    warned = " ".join(plan(told=rested).warnings)
    assert "held against no run" in warned
    assert "does not say how many users" in warned
    assert "more than twice the 10" in warned


def test_what_makes_a_setting_doubtful_is_warned_of() -> None:
    untold = model().model_copy(update={"layers": {}})
    settings = ("cache.hit_rate=0.9", "pod.memory_base_mb=450")
    warned = " ".join(plan(1_000_000, *settings, told=untold).warnings)
    assert "another cache hit rate changes the databases' demand only" in warned
    assert "those that came for the peak stay" in warned


def test_a_layer_and_a_combination_are_told_with_what_was_rejected(million: PlanResult) -> None:
    blueprint = next(one for one in million.cost.combinations if one.name == "the blueprint's")
    assert blueprint.layers[Layer.PODS].startswith("Render")
    assert blueprint.usd is not None
    assert blueprint.usd > million.cost.mid_usd
    assert sum(blueprint.bills.values()) == pytest.approx(blueprint.usd)
    assert blueprint.bills["Neon"] > 0
    assert "Stripe" not in blueprint.bills
    by_command = next(
        one for one in million.cost.rejected if one.name == "Upstash Redis pay as you go"
    )
    assert by_command.usd is not None
    assert by_command.usd > 1000
    asked = plan(providers=("Render", "Vercel"))
    assert asked.cost.by_layer[Layer.PODS] > million.cost.by_layer[Layer.PODS]


def test_the_margin_is_its_tiers(million: PlanResult) -> None:
    money = million.money
    assert [one.tier for one in money.tiers] == ["free", "pro", "business", "enterprise"]
    assert sum(one.contribution.mid for one in money.tiers) == pytest.approx(
        money.contribution.mid, rel=0.1
    )
    assert money.margin.high < money.fees_only_margin.high
    assert money.arr.mid == pytest.approx(12 * money.mrr.mid)
    # an Enterprise customer sends 30 times the requests of a Free one
    each = {one.tier: one.served_per_user for one in money.tiers}
    assert each["enterprise"] > 10 * each["free"]
    assert len(money.paths["stages"].months) == 12


def test_a_bar_of_the_tornado_is_the_outcome_with_one_input_moved(million: PlanResult) -> None:
    pods = next(one for one in million.sensitivity if one.outcome == "pods")
    bar = next(one for one in pods.bars if one.name == "activity.daily_share")
    assert bar.at_low == pytest.approx(pods.middle * 0.10 / 0.15)
    assert bar.at_high == pytest.approx(pods.middle * 0.20 / 0.15)
    widths = [abs(one.at_high - one.at_low) for one in pods.bars]
    assert widths == sorted(widths, reverse=True)
    assert all(not one.effects for one in million.sensitivity)


def test_what_must_be_held_is_bought_for_nine_draws_in_ten() -> None:
    large = plan(9_000_000, draws=400)
    # a provider that stops at 10,000 commands a second would do in the middle, not in most
    assert large.bought.redis_commands_per_s_peak > 10_000
    assert not any("Upstash" in one.ProviderName for one in large.cost.invoice)
    assert large.cost.uncarried < 0.1


def test_draws_that_no_figure_speaks_for_are_counted() -> None:
    warned = plan(9_000_000, "slo.p95=12", draws=400).warnings
    assert warned[0].endswith("of the draws no number of pods holds the targets")
    assert 20 < float(warned[0].split()[1]) < 60


def test_a_budget_carries_as_many_as_it_pays_for() -> None:
    given = assumed(model())
    found = afforded(given, 400, read_catalogues())
    assert found.middle_usd <= 400
    beyond = plan(found.middle * 1.01, draws=600)
    assert beyond.cost.mid_usd > 400
    assert found.users.low < found.users.mid < found.users.high
    assert "users" in found.next_step


@pytest.mark.parametrize("budget", [0, -5, float("nan")])
def test_a_budget_of_nothing_is_refused(budget: float) -> None:
    with pytest.raises(UsageError, match="buys nothing"):
        afforded(assumed(model()), budget, read_catalogues())


def test_a_budget_too_small_says_what_the_least_costs() -> None:
    with pytest.raises(UsageError, match=r"\$5.00 a month does not carry 1,000 users: they cost"):
        afforded(assumed(model()), 5, read_catalogues())


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("cache.hit=0.9", 'did you mean "cache.hit_rate"'),
        ("pods=1", 'key "pods"'),
        ("pods=some", 'key "pods"'),
        ("autoscale.least=11", "least pods above the most"),
        ("fill.database=2", "fill.database"),
        ("zzz=1", "nothing is named"),
        ("pods", "write name=value"),
    ],
)
def test_a_setting_that_cannot_be_is_one_line(setting: str, says: str) -> None:
    with pytest.raises(InputError) as error:
        assumed(model(), [setting])
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_model_whose_mix_does_not_add_up_is_refused() -> None:
    broken = model().model_copy(update={"mix": {"search": 0.5}})
    with pytest.raises(UsageError, match=r"add up to 0\.5, not to 1"):
        assumed(broken)
    strange = model().model_copy(update={"mix": {"search": 0.5, "chat": 0.5}})
    with pytest.raises(UsageError, match="classes it does not know: chat"):
        assumed(strange)
