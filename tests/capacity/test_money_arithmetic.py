"""The business plan's figures, each recomputed from its own numbers."""

import pytest

from capacity import arithmetic
from capacity.arithmetic import connections, growth, load, money
from capacity.audit.blueprint import read_blueprint
from capacity.evidence import Evidence

CLAIMS = {claim.id: claim for claim in read_blueprint().claims}


def _fairly(claim: str) -> arithmetic.Finding:
    check = CLAIMS[claim].check
    assert check is not None
    return arithmetic.check(check.name, check.numbers)


def _literally(claim: str) -> arithmetic.Finding:
    literal = CLAIMS[claim].literal
    assert literal is not None
    assert literal.check is not None
    return arithmetic.check(literal.check.name, literal.check.numbers)


@pytest.mark.parametrize(
    ("claim", "value", "consistent"),
    [
        ("revenue-free", 98_000, True),
        ("revenue-pro", 199_800, True),
        ("revenue-business", 24_995, True),
        ("revenue-enterprise", 10_000, True),
        ("mrr", 332_795, True),
        ("arr", 3_993_540, True),
        ("users-total", 1_000_520, True),
        ("cost-lines", 130, True),
        ("growth-quarter-1", 83_198.75, True),
        ("growth-quarter-3", 249_596.25, True),
        ("growth-mid-year", 5, False),
        ("employers", 10_000, True),
        ("load-1m", 270.83, True),
        ("cost-upstash", 20, False),
        ("cost-render", 100, False),
        ("infra-cost", 190, None),
        ("break-even", 14, True),
        ("before-after-users", 20, True),
    ],
)
def test_a_claim_read_fairly_comes_to(claim: str, value: float, consistent: bool | None) -> None:
    found = _fairly(claim)
    assert found.value == pytest.approx(value, rel=1e-4)
    assert found.consistent is consistent


@pytest.mark.parametrize(
    ("claim", "value", "consistent"),
    [
        ("users-total", 1_000_520, False),
        ("arr", 2_495_964, False),
        ("ads", 98_000, False),
        ("margin", 95.61, False),
        ("cost-upstash", 25_920, False),
        ("infra-cost", 250, False),
        ("load-1m", 960, False),
        ("db-connections", 2_400, False),
        ("redis-connections", 2_000, False),
        ("websockets", 49, False),
        ("uptime", 8.76, True),
    ],
)
def test_and_read_literally(claim: str, value: float, consistent: bool) -> None:
    found = _literally(claim)
    assert found.value == pytest.approx(value, rel=1e-4)
    assert found.consistent is consistent


@pytest.mark.parametrize(
    ("claim", "literally", "words"),
    [
        ("arr", True, "$2,163,168"),
        ("margin", True, "$14,609 a month, 112 times"),
        ("margin", False, "98.70 % of $10,000 and 99.96 % of $332,795"),
        ("cost-upstash", False, "$468"),
        ("cost-upstash", True, "1.9/s"),
        ("load-1m", False, "90.3 req/s on average and 271 at the peak"),
        ("ads", False, "50.0 to 200 impressions"),
        ("db-connections", True, "200 or 419"),
        ("efficiency", False, "7.69 to 12.5 times"),
        ("cost-per-user", True, "$0.00008 to $0.00013"),
        ("websockets", True, "200,000 connections"),
    ],
)
def test_the_sentence_has_the_figures_beside_it(claim: str, literally: bool, words: str) -> None:
    assert words in (_literally(claim) if literally else _fairly(claim)).sentence


def test_each_check_can_come_out_the_other_way() -> None:
    assert not money.product(0.1, 980_000, 98_001).consistent
    assert not money.revenue([1, 2], 4).consistent
    assert not money.range_total([1], [2], 1, 3).consistent
    assert not money.per_user([50], 50_000, [0.002]).consistent
    assert not money.cheaper_per_user(0.001, [0.0005], [3]).consistent
    assert money.first_year_cash([100, 100, 100, 100], 100, 1200).consistent
    assert not money.infrastructure_margins(130, [1000], [98.7]).consistent
    assert money.margin_after_fees([1], [10], 90, 2.9, 0.3, 0.7, 1, [99]).consistent
    assert money.instances([1], 25, 20, 30).consistent
    assert money.commands(1, 0.2, 100_000, 30, 10).consistent
    assert money.fixed_or_metered(1000, 0.1, 1, 10, 0.2, 100_000, 30, 20, 10).consistent
    assert money.priced_lines([1], 25, 5, [10], [10], 1, 30, 50).consistent
    assert money.priced_lines([3], 25, 5, [10], [10], 1, 30, 50).consistent is False
    assert money.advertising_twice(1000, 0.1, [50, 200]).consistent
    assert not growth.part_of_year(1, 2, 100, 60).consistent
    assert growth.two_figures(100, 105, 0.1).consistent
    assert not growth.at_least(200, 100).consistent
    assert not growth.conversion(1, 100, 2).consistent
    assert growth.stage_share(1, 100, 2).consistent is None
    assert not growth.break_even(3, 9.99, 2.9, 0.7, 0.3, 130).consistent
    assert not growth.implied_whole(500, 0.01, 1_000_000).consistent
    assert connections.pools_per_process(10, 4, 15, 600, []).consistent
    assert connections.proxy_connections(10_000, 2, 4096, 16).consistent
    assert not load.registered_peak(200, 1_000_000, 0.15, 1.3, 40, 3).consistent
    assert load.requests_each(271, 1_000_000, 0.15, 1.3, 40, 3).consistent
    assert not load.downtime(99, 8760, 8.76).consistent


def test_a_figure_says_what_it_rests_on() -> None:
    assert _fairly("mrr").evidence is Evidence.CLAIMED
    assert _literally("margin").evidence is Evidence.PRICED
    assert _fairly("load-1m").evidence is Evidence.ASSUMED


def test_small_amounts_keep_two_digits() -> None:
    assert money.amount(0.00013, "$") == "$0.00013"
    assert money.amount(0.001, "$") == "$0.001"
    assert money.amount(0.1, "$") == "$0.10"
    assert money.amount(9.99, "$") == "$9.99"
    assert money.amount(0, "$") == "$0"
