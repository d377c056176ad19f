"""The arithmetic by itself, on worked examples."""

from datetime import UTC, datetime

import pytest

from stack.stripe import billing
from stack.stripe.billing import Reduction, Settlement


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("start", "interval", "count", "end"),
    [
        ("2026-01-31", "month", 1, "2026-02-28"),
        ("2028-01-31", "month", 1, "2028-02-29"),
        ("2026-01-31", "month", 2, "2026-03-31"),
        ("2026-11-15T10:30:00", "month", 3, "2027-02-15T10:30:00"),
        ("2028-02-29", "year", 1, "2029-02-28"),
        ("2026-12-31", "day", 1, "2027-01-01"),
        ("2026-12-31", "week", 2, "2027-01-14"),
    ],
)
def test_intervals_keep_the_day_or_take_the_last(
    start: str, interval: str, count: int, end: str
) -> None:
    assert billing.add_interval(at(start), interval, count) == at(end)


def test_a_subscription_of_the_31st_returns_to_the_31st() -> None:
    anchor, ends = at("2026-01-31"), []
    start = anchor
    for _ in range(4):
        start = billing.period_end(anchor, start, "month", 1)
        ends.append(start)
    expected = ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]
    assert ends == [at(day) for day in expected]


def test_a_period_may_begin_long_after_its_anchor() -> None:
    assert billing.period_end(at("2020-01-31"), at("2026-02-28"), "month", 1) == at("2026-03-31")
    assert billing.period_end(at("2020-05-01"), at("2026-05-01"), "year", 1) == at("2027-05-01")
    assert billing.period_end(at("2020-01-01"), at("2026-01-01"), "month", 3) == at("2026-04-01")


def test_proration_is_by_the_second_and_rounds_half_away_from_zero() -> None:
    start, end = at("2026-02-01"), at("2026-03-01")
    half = (start + end) // 2
    assert billing.prorate(999, start, end, half) == 500  # 499.5
    assert billing.prorate(-999, start, end, half) == -500
    assert billing.prorate(4999, start, end, half + 1) == 2499  # 2499.4979...
    assert billing.prorate(999, start, end, start) == 999
    assert billing.prorate(999, start, end, end) == 0
    assert billing.prorate(999, start, end, end + 5) == 0


def test_percentages_round_each_line_and_spare_credits() -> None:
    assert Reduction(percent_off=25.5).off([999, 1, -500]) == [255, 0, 0]
    assert Reduction(percent_off=50).off([999]) == [500]
    assert Reduction(percent_off=100).off([999, 4999]) == [999, 4999]


def test_an_amount_off_never_takes_more_than_there_is() -> None:
    assert Reduction(amount_off=1500).off([999, 999]) == [999, 501]
    assert Reduction(amount_off=5000).off([999, -200]) == [999, 0]


def test_discounts_follow_one_another() -> None:
    taken = billing.discounted([1000], [Reduction(amount_off=200), Reduction(percent_off=50)])
    assert taken == [[200], [400]]


@pytest.mark.parametrize(
    ("total", "balance", "due", "ending"),
    [
        (999, 0, 999, 0),
        (999, -400, 599, 0),
        (999, -2000, 0, -1001),
        (-300, 0, 0, -300),
        (-300, -100, 0, -400),
        (999, 250, 1249, 0),
        (-300, 500, 0, 200),
        (0, 0, 0, 0),
    ],
)
def test_a_balance_pays_first(total: int, balance: int, due: int, ending: int) -> None:
    assert billing.settle(total, balance) == Settlement(due, ending)
