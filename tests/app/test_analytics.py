"""The board's figures against small ledgers worked out by hand."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reference_app.analytics import formulas
from reference_app.analytics.formulas import Plans
from reference_app.subscriptions.tiers import Interval, Tier
from tests.app.admins import administrator
from tests.app.conftest import RunApp
from tests.app.ledger import customer, days_ago, payment, person, subscription
from tests.app.life import Person, Running, problem
from tests.app.rows import execute
from tests.app.statements import counted

MONTH, YEAR = Interval.MONTH, Interval.YEAR


def test_a_years_plan_is_a_twelfth_a_month_and_the_sum_is_rounded_once() -> None:
    pro_month, pro_year = Plans(Tier.PRO, MONTH, 3), Plans(Tier.PRO, YEAR, 2)
    business_year = Plans(Tier.BUSINESS, YEAR, 1)
    assert formulas.mrr([]) == 0
    assert formulas.mrr([pro_month]) == 3 * 999
    assert formulas.mrr([pro_year]) == 2 * 825
    # 49,900 / 12 = 4,158.33; of three: 12,475, not three times 4,158.
    assert formulas.mrr([business_year]) == 4_158
    assert formulas.mrr([business_year] * 3) == 12_475
    assert formulas.mrr([pro_month, pro_year, business_year]) == 2_997 + 1_650 + 4_158
    assert formulas.arr(8_805) == 105_660
    assert formulas.per_head(8_805, 1_000) == 8.8  # 8.805, to the even of both
    assert formulas.per_head(8_805, 6) == 1_467.5
    assert formulas.per_head(0, 0) is None


def test_a_rate_of_nothing_is_none() -> None:
    assert formulas.rate(0, 0) is None
    assert formulas.rate(0, 4) == 0.0
    assert formulas.rate(1, 3) == 0.333333


@given(st.lists(st.tuples(st.sampled_from([MONTH, YEAR]), st.integers(0, 1_000)), max_size=6))
def test_mrr_is_within_half_a_cent_of_the_exact_sum(sold: list[tuple[Interval, int]]) -> None:
    plans = [Plans(Tier.BUSINESS, interval, many) for interval, many in sold]
    exact = sum(
        (
            Fraction(4_999 if interval == MONTH else 49_900, 1 if interval == MONTH else 12) * many
            for interval, many in sold
        ),
        Fraction(),
    )
    assert abs(formulas.mrr(plans) - exact) <= Fraction(1, 2)


async def read(admin: Person, path: str) -> Any:
    with counted() as statements:
        told = (await admin.get(f"/admin/analytics/{path}")).json()
    assert len(statements) == 1, statements
    return told


async def test_revenue_is_what_paying_plans_cost_a_month(app: Running) -> None:
    admin = await administrator(app)
    # 2 x 9.99 + 99 / 12 + 49.99 + 499 / 12 + 500 = 619.80 1/3, and 9.99 of the late one.
    for tier, interval in (
        ("pro", "month"),
        ("pro", "month"),
        ("pro", "year"),
        ("business", "month"),
        ("business", "year"),
        ("enterprise", "month"),
    ):
        customer(app, tier, interval)
    # Late, within the grace: counts, and its period's payment is not there yet.
    late = person(app)
    name = subscription(app, late, status="past_due", entitled_until=days_ago(-2))
    payment(app, name, late, days_ago(31), status="paid")
    # What is no part of it: a trial, a gift, late beyond the grace, gone, never begun.
    subscription(app, status="trialing", trial_end=days_ago(-3))
    subscription(app, stripe_subscription_id=None, entitled_until=None)
    subscription(app, status="past_due", entitled_until=days_ago(1))
    subscription(app, status="canceled")
    subscription(app, status="incomplete")
    told = await read(admin, "revenue")
    assert told["mrr_cents"] == 61_980 + 999
    assert told["arr_cents"] == 12 * 62_979
    assert (told["paying"], told["trialing"], told["given"]) == (7, 1, 1)
    # Everybody above but the administrator.
    assert told["users"] == 12
    assert told["arpu_cents"] == 5_248.25
    assert told["arppu_cents"] == 8_997.0
    assert [(each["tier"], each["paying"], each["mrr_cents"]) for each in told["tiers"]] == [
        ("pro", 4, 3 * 999 + 825),
        ("business", 2, 4_999 + 4_158),
        ("enterprise", 1, 50_000),
    ]
    assert told["check"] == {
        "evidence": "measured, from subscriptions and payments",
        "mrr_by_payments_cents": 61_980,
        "past_due_cents": 999,
        "unexplained_cents": 0,
    }
    # Whole invoices, not a month's share of them; the late one was paid 31 days ago.
    assert told["collected_30_days_cents"] == 2 * 999 + 9_900 + 4_999 + 49_900 + 50_000


async def test_the_check_shows_what_the_payments_do_not_bear_out(app: Running) -> None:
    admin = await administrator(app)
    customer(app)
    subscription(app)  # as Stripe says, but nothing was ever paid
    # Of a subscription the last paid invoice counts: an upgrade's, not the one before it.
    upgraded = person(app)
    name = subscription(app, upgraded, "business")
    payment(app, name, upgraded, days_ago(10))
    payment(app, name, upgraded, days_ago(5), 25, tier="business", reason="subscription_update")
    # Paid and wholly given back, and paid in part back.
    refunded = person(app)
    payment(app, subscription(app, refunded), refunded, days_ago(3), amount_refunded_cents=999)
    partly = person(app)
    payment(app, subscription(app, partly), partly, days_ago(3), amount_refunded_cents=100)
    # Neither failed invoices nor those of other periods count.
    odd = subscription(app, status="canceled")
    payment(app, odd, None, days_ago(3), status="failed", paid_at=None)
    payment(app, odd, None, days_ago(90))
    told = await read(admin, "revenue")
    assert told["mrr_cents"] == 4 * 999 + 4_999
    assert told["check"]["mrr_by_payments_cents"] == 999 + 4_999 + 999
    assert told["check"]["unexplained_cents"] == 2 * 999
    assert told["collected_30_days_cents"] == 999 + 999 + 4_999 + 0 + 899


def period(since: float, until: float) -> str:
    return f"?since={days_ago(since).date()}&until={days_ago(until).date()}"


async def test_churn_is_who_paid_before_and_no_longer_does(app: Running) -> None:
    admin = await administrator(app)
    stays, leaves, goes_down, goes_up, late, comes, returns = (person(app) for _ in range(7))
    for user_id in (stays, leaves):
        payment(app, f"sub_of_{user_id}", user_id, days_ago(70))
    payment(app, f"sub_of_{stays}", stays, days_ago(40))
    payment(app, f"sub_of_{stays}", stays, days_ago(10))
    payment(app, f"sub_of_{leaves}", leaves, days_ago(40), 15)
    payment(app, "sub_down", goes_down, days_ago(60), 40, tier="business")
    payment(app, "sub_down", goes_down, days_ago(20), 30)
    payment(app, "sub_up", goes_up, days_ago(60), 40)
    payment(app, "sub_up", goes_up, days_ago(20), 30, tier="business")
    # Renewed ten days ago but not paid yet, within the grace: has not left.
    name = subscription(app, late, status="past_due", entitled_until=days_ago(-1))
    payment(app, name, late, days_ago(60), 57)
    payment(app, "sub_new", comes, days_ago(10))
    # Ended one subscription and began another: the same customer.
    payment(app, "sub_first", returns, days_ago(60), 40)
    payment(app, "sub_second", returns, days_ago(10))
    # One whose account is gone is known by the subscription.
    payment(app, "sub_gone", None, days_ago(60), 40)
    told = await read(admin, f"growth{period(50, -1)}")
    before = 999 * 6 + 4_999
    assert told["mrr_before_cents"] == before
    assert told["customer_churn"] == {"part": 2, "whole": 7, "rate": round(2 / 7, 6)}
    lost = 2 * 999 + (4_999 - 999)
    assert told["revenue_churn"] == {
        "part": lost,
        "whole": before,
        "rate": round(lost / before, 6),
    }
    # The late one is not in what was paid: stays, down, up, comes, returns.
    assert told["mrr_after_cents"] == 4 * 999 + 4_999


async def test_conversion_is_of_those_who_signed_up_and_of_trials_that_ended(app: Running) -> None:
    admin = await administrator(app)
    execute(app, "UPDATE users SET created_at = %s", days_ago(5))  # administrators count nowhere
    for number in range(5):
        user_id = person(app, days_ago(8))
        if number < 2:
            payment(app, f"sub_{user_id}", user_id, days_ago(1))
        if number == 2:  # tried to pay, or paid with credit only: has paid nothing
            payment(app, f"sub_{user_id}", user_id, days_ago(1), status="failed")
        if number == 3:
            payment(app, f"sub_{user_id}", user_id, days_ago(1), amount_paid_cents=0)
    early = person(app, days_ago(90))
    payment(app, "sub_early", early, days_ago(1))
    kept, given_up = subscription(app), subscription(app, status="canceled")
    running, before = subscription(app, status="trialing"), subscription(app)
    for name, ended in ((kept, 3), (given_up, 4), (running, -2), (before, 60)):
        execute(
            app,
            "UPDATE subscriptions SET trial_end = %s WHERE stripe_subscription_id = %s",
            days_ago(ended),
            name,
        )
    payment(app, kept, None, days_ago(3))
    payment(app, before, None, days_ago(60))
    told = await read(admin, f"growth{period(30, -1)}")
    assert told["free_to_paid"] == {"part": 2, "whole": 5, "rate": 0.4}
    assert told["trial_to_paid"] == {"part": 1, "whole": 2, "rate": 0.5}
    nothing = await read(admin, f"growth{period(300, 290)}")
    for name in ("free_to_paid", "trial_to_paid", "customer_churn", "revenue_churn"):
        assert nothing[name] == {"part": 0, "whole": 0, "rate": None}


async def test_a_period_has_an_end_after_its_beginning(app: Running) -> None:
    admin = await administrator(app)
    for path in ("people", "growth"):
        for wrong in (
            "since=2026-01-02&until=2026-01-02",
            "since=2026-01-02&until=2026-01-01",
            "since=2024-01-01&until=2026-01-01",
            "until=0001-01-01",
        ):
            answer = await admin.get(f"/admin/analytics/{path}?{wrong}", expect=None)
            problem(answer, 400, "bad_period")
        answer = await admin.get(f"/admin/analytics/{path}?since=soon", expect=None)
        problem(answer, 422, "invalid_request")
        await admin.get(f"/admin/analytics/{path}?since={days_ago(0).date()}")


async def test_signups_are_counted_by_the_day_of_utc(app: Running) -> None:
    admin = await administrator(app)
    midnight = datetime(2026, 3, 10, tzinfo=UTC)
    for moment in (
        midnight - timedelta(seconds=1),
        midnight,
        midnight + timedelta(hours=23, minutes=59),
        midnight + timedelta(days=2),
    ):
        person(app, moment)
    person(app, midnight, role="admin")
    told = await read(admin, "people?since=2026-03-09&until=2026-03-12")
    assert [(each["day"], each["signups"]) for each in told["days"]] == [
        ("2026-03-09", 1),
        ("2026-03-10", 2),
        ("2026-03-11", 0),
    ]
    assert told["evidence"] == {
        "signups": "measured, counted",
        "active": "measured, HyperLogLog ±0.81 %",
        "active_30_days": "measured, HyperLogLog ±0.81 %",
    }
    assert len((await read(admin, "people"))["days"]) == 30


async def hire(owner: Person, person_hired: Person, job: dict[str, Any], status: str) -> None:
    path = f"/jobs/{job['id']}/applications"
    made = (await person_hired.post(path, cover_letter="Me", expect=201)).json()
    if status == "withdrawn":
        await person_hired.post(f"/applications/{made['id']}/withdraw", expect=200)
    elif status != "submitted":
        await owner.patch(f"/applications/{made['id']}", status=status, expect=200)


async def test_an_employer_sees_how_each_job_fares_and_all_together(run_app: RunApp) -> None:
    async with run_app() as app:
        owner, other = await app.employer(), await app.employer()
        quiet, busy = await owner.job(published=False), await owner.job()
        theirs = await other.job()
        statuses = ("submitted", "shortlisted", "rejected", "hired", "hired", "withdrawn")
        for status in statuses:
            await hire(owner, await app.person(), busy, status)
        await hire(other, await app.person(), theirs, "submitted")
        execute(
            app,
            "UPDATE applications AS made SET"
            " created_at = published_at + made.id * interval '2 hours',"
            " updated_at = published_at + made.id * interval '5 hours'"
            " FROM jobs WHERE jobs.id = made.job_id",
        )
        first = execute(app, "SELECT min(id) FROM applications WHERE job_id = %s", busy["id"])[0]
        with counted() as statements:
            page = (await owner.get("/analytics/jobs")).json()
        assert len(statements) == 1, statements
        by_status = {
            "submitted": 1,
            "reviewed": 0,
            "shortlisted": 1,
            "rejected": 1,
            "hired": 2,
            "withdrawn": 1,
        }
        told = page["items"]
        assert [item["id"] for item in told] == [busy["id"], quiet["id"]]
        assert (told[0]["applications"], told[0]["by_status"]) == (5, by_status)
        assert told[0]["hours_to_first_application"] == 2.0 * first
        assert told[0]["hours_to_first_hire"] == 5.0 * (first + 3)
        assert (told[1]["applications"], sum(told[1]["by_status"].values())) == (0, 0)
        assert told[1]["hours_to_first_application"] is None
        one = (await owner.get("/analytics/jobs?limit=1")).json()
        two = (await owner.get(f"/analytics/jobs?limit=1&cursor={one['next_cursor']}")).json()
        assert (one["items"], two["items"], two["next_cursor"]) == ([told[0]], [told[1]], None)
        with counted() as statements:
            totals = (await owner.get("/analytics/jobs/totals")).json()
        assert len(statements) == 1, statements
        assert totals == {
            "evidence": "measured, counted",
            "jobs": 2,
            "applications": 5,
            "by_status": by_status,
            "mean_hours_to_first_application": 2.0 * first,
            "mean_hours_to_first_hire": 5.0 * (first + 3),
        }
        for path in ("/analytics/jobs", "/analytics/jobs/totals"):
            problem(await (await app.person()).get(path, expect=None), 403, "employers_only")
            problem(await app.client.get(path), 401, "not_signed_in")
        nobody = await app.employer()
        empty = (await nobody.get("/analytics/jobs/totals")).json()
        assert (empty["jobs"], empty["mean_hours_to_first_hire"]) == (0, None)
        admin = await administrator(app)
        assert await read(admin, "jobs") == {
            "evidence": "measured, counted",
            "jobs": {"draft": 1, "published": 2},
            "hidden_jobs": 0,
            "applications": {
                "submitted": 2,
                "shortlisted": 1,
                "rejected": 1,
                "hired": 2,
                "withdrawn": 1,
            },
        }
