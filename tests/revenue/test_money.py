"""Revenue, fees, margins and growth paths, against the blueprint's own figures."""

from typing import Any

import numpy as np
import pytest

from capacity.cost.catalogue import read_catalogues
from capacity.errors import UsageError
from capacity.evidence import Evidence
from capacity.inputs import Array, Inputs
from capacity.plan.costing import fees_by_tier
from capacity.population import population_inputs
from capacity.population.growth import paths
from capacity.population.traffic import traffic
from capacity.revenue import revenue_inputs
from capacity.revenue.income import Income, income, total
from capacity.revenue.ledger import from_ledger
from capacity.revenue.margin import margin
from capacity.revenue.path import Course, course
from tests.cost.month import month

CLAIMED = [
    "pay.annual_share=0",
    "pay.churn=0",
    "pay.refunds=0",
    "pay.disputes=0",
    "pay.abroad=0",
    "pay.converted=0",
]
"""The blueprint's table has no yearly plans, trials, refunds or cards from abroad."""


def inputs(*settings: str) -> Inputs:
    return (population_inputs() + revenue_inputs()).settled([*CLAIMED, *settings])


def earned(users: float | Array, *settings: str) -> tuple[Income, dict[str, Array]]:
    given = inputs(*settings)
    count = np.size(users)
    values = {name: np.repeat(value, count) for name, value in given.mids().items()}
    people = traffic(np.asarray(users, dtype=float), values)
    return income(people.users, people.sessions_per_month, values), values


def test_subscriptions_of_a_million_users_are_the_blueprints() -> None:
    made, _ = earned(1_000_000)
    assert made.mrr["pro"][0] == pytest.approx(199_800)
    assert made.mrr["business"][0] == pytest.approx(24_995)
    assert made.mrr["enterprise"][0] == pytest.approx(10_000)
    assert made.subscriptions[0] == pytest.approx(234_795)
    # with its $98,000 of advertising that is the claimed $3,993,540 a year
    assert 12 * (made.subscriptions[0] + 98_000) == pytest.approx(3_993_540)


def test_yearly_plans_bring_less_a_month_in_fewer_payments() -> None:
    made, _ = earned(1_000_000, "pay.annual_share=1")
    assert made.mrr["pro"][0] == pytest.approx(20_000 * 99 / 12)
    assert made.charges["pro"][0] == pytest.approx(20_000 / 12)


def test_those_on_trial_do_not_pay_yet() -> None:
    made, _ = earned(1_000_000, "pay.churn=0.1", "pay.trial_paid=0.5")
    # a tenth leaves a month, so a fifth begins a trial of 7 of 30.42 days
    assert made.payers["pro"][0] == pytest.approx(20_000 / (1 + 0.2 * 7 / (730 / 24)))


def test_advertising_needs_what_the_blueprint_did_not_say() -> None:
    made, values = earned(1_000_000, "ads.sold=1", "ads.cpm=1")
    free = made.users["free"][0]
    shown = 195_000 * 730 / 24 * free / 1_000_000 * values["ads.per_session"][0]
    assert made.advertising[0] == pytest.approx(shown / 1000)
    # $0.10 a free user at a CPM of $1 would be 100 impressions; there are 17
    assert shown / free == pytest.approx(16.6, abs=0.1)


def test_fees_are_those_of_every_tiers_own_payments() -> None:
    made, values = earned(1_000_000)
    fees = fees_by_tier(read_catalogues(), month(), made, values, "Stripe")
    assert float(total(fees)[0]) == pytest.approx(14_608.62, abs=0.01)
    # 30 cents weigh more on $9.99 than on $500
    share = {tier: float(fees[tier][0] / made.mrr[tier][0]) for tier in fees}
    assert share["pro"] == pytest.approx(0.036 + 0.30 / 9.99)
    assert share["enterprise"] == pytest.approx(0.036 + 0.30 / 500)


def test_cards_from_abroad_cost_more() -> None:
    made, values = earned(1_000_000, "pay.abroad=1")
    fees = total(fees_by_tier(read_catalogues(), month(), made, values, "Stripe"))
    assert float(fees[0]) == pytest.approx(14_608.62 + 0.015 * 234_795, abs=0.01)


def test_a_margin_is_what_is_left_of_each_tier() -> None:
    made, values = earned(1_000_000, "pay.refunds=0.02")
    fees = fees_by_tier(read_catalogues(), month(), made, values, "Stripe")
    kept = margin(made, np.array([1000.0]), fees, np.array([500_000.0]), values)
    lost = 0.02 * 234_795
    left = 234_795 + made.advertising[0] - 14_608.62 - lost - 1000
    assert kept.contributed[0] == pytest.approx(left, abs=0.01)
    assert sum(float(kept.contribution(tier)[0]) for tier in kept.revenue) == pytest.approx(
        float(kept.contributed[0])
    )
    assert kept.share[0] == pytest.approx(left / (234_795 + made.advertising[0]))
    assert kept.contribution("free")[0] < made.advertising[0]


def test_a_payer_is_worth_what_they_leave_until_they_go() -> None:
    made, values = earned(1_000_000, "pay.churn=0.05", "pay.trial_paid=1")
    nothing = dict.fromkeys(("pro", "business", "enterprise"), np.array([0.0]))
    kept = margin(made, np.array([0.0]), nothing, np.array([1.0]), values)
    # 20 months on average
    assert kept.lifetime_value("pro", made)[0] == pytest.approx(9.99 * 20)


def test_people_moderation_and_tax_are_off_until_set() -> None:
    made, values = earned(1_000_000)
    nothing = dict.fromkeys(("pro", "business", "enterprise"), np.array([0.0]))
    kept = margin(made, np.array([0.0]), nothing, np.array([500_000.0]), values)
    assert kept.profit[0] == kept.contributed[0]
    made, values = earned(1_000_000, "off.people=50000", "off.moderation=20", "off.tax=0.1")
    kept = margin(made, np.array([0.0]), nothing, np.array([500_000.0]), values)
    assert kept.profit[0] == pytest.approx((kept.contributed[0] - 50_000 - 10_000) * 0.9)


def test_a_year_earns_less_than_twelve_times_its_last_month() -> None:
    # $0.10 a free user: 5.93 sessions a month, one impression each, all sold at this CPM
    cpm = 100 / (0.15 * 1.3 * 730 / 24)
    told = _quarters("ads.sold=1", "ads.per_session=1", f"ads.cpm={cpm}")
    assert told.subscription_revenue == pytest.approx(234_795 * 6.5)
    # along a straight line the claimed $3,993,540 a year are $2,163,168 in the first
    assert told.revenue == pytest.approx(2_163_168, rel=1e-3)


def test_yearly_payments_come_before_they_are_earned() -> None:
    told = _quarters("pay.annual_share=0.5", "ads.sold=0")
    assert told.cash_received > told.subscription_revenue
    joined = 0.5 * (20_000 * 99 + 500 * 499 + 20 * 6000)
    spread = sum(
        0.5 * number / 12 * (20_000 * 99 + 500 * 499 + 20 * 6000) / 12 for number in range(1, 13)
    )
    assert told.cash_received - told.subscription_revenue == pytest.approx(joined - spread)


def test_break_even_is_the_month_after_which_no_loss_comes() -> None:
    costs = np.full(12, 100_000.0)
    told = _quarters("ads.sold=0", costs=costs)
    # 234,795 x month / 12 is above 100,000 from month 6 on
    assert told.break_even == 6
    assert [one.profit > 0 for one in told.months].index(True) == 5
    assert told.paid_back == 10
    assert told.lowest_cash == pytest.approx(min(one.cash for one in told.months))
    assert told.runway == 1


def test_cash_in_the_bank_lasts_until_it_is_gone() -> None:
    told = _quarters("ads.sold=0", "off.cash=250000", costs=np.full(12, 150_000.0))
    assert told.runway == 3
    assert told.months[1].cash > 0 > told.months[2].cash


def test_a_path_that_never_earns_does_not_break_even() -> None:
    told = _quarters("ads.sold=0", costs=np.full(12, 1e6))
    assert (told.break_even, told.paid_back) == (None, None)


LEDGER: dict[str, Any] = {
    "revenue": {
        "users": 10_000,
        "tiers": [{"tier": "pro", "paying": 120, "mrr_cents": 1}],
    },
    "growth": {
        "since": "2026-09-01",
        "until": "2026-10-31",
        "trial_to_paid": {"part": 30, "whole": 100, "rate": 0.3},
        "customer_churn": {"part": 19, "whole": 100, "rate": 0.19},
    },
}


def test_the_boards_own_ledger_replaces_assumptions() -> None:
    known = from_ledger(inputs(), LEDGER).known
    share = known["tiers.pro_share"]
    assert share.mid == 0.012
    assert share.low < 0.012 < share.high < 0.015
    assert share.evidence is Evidence.MEASURED
    assert known["tiers.business_share"].mid == 0
    assert known["pay.trial_paid"].mid == 0.3
    # 19 % in 60 days is 10.1 % in a month of 30.4
    assert known["pay.churn"].mid == pytest.approx(1 - 0.81 ** (730 / 24 / 60))


@pytest.mark.parametrize(
    "ledger",
    [{}, {"revenue": {}}, {"growth": {"since": "x"}}, {"revenue": {"users": 0, "tiers": []}}],
)
def test_a_ledger_that_is_not_the_boards_is_refused(ledger: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="ledger") as error:
        from_ledger(inputs(), ledger)
    assert "\n" not in str(error.value)


def _quarters(*settings: str, costs: Array | None = None) -> Course:
    path = paths()["quarters"]
    made, values = earned(np.asarray(path.at(np.arange(1.0, 13.0))), *settings)
    return course(path, made, np.zeros(12) if costs is None else costs, values)
