"""A subscription's life, from the payment page to its end, through the real SDK and webhooks."""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.app.life import problem
from tests.app.till import FAILING_CARD, Till


def _when(told: str) -> datetime:
    return datetime.fromisoformat(told)


async def test_the_first_subscription_begins_with_a_week_for_nothing(till: Till) -> None:
    person = await till.person()
    assert (await till.own(person))["trial_available"] is True
    own = await till.subscribe(person, trial=True)
    assert (own["tier"], own["status"], own["interval"]) == ("pro", "trialing", "month")
    assert own["trial_end"] == own["current_period_end"]
    length = _when(own["trial_end"]) - _when(own["current_period_start"])
    assert length == timedelta(days=7)
    assert own["trial_available"] is False
    assert await till.paid(person) == []
    await till.days(7 + 2 / 24)
    own = await till.own(person)
    assert (own["status"], own["tier"]) == ("active", "pro")
    (payment,) = await till.paid(person)
    assert (payment["status"], payment["amount_paid_cents"], payment["currency"]) == (
        "paid",
        999,
        "usd",
    )
    assert (payment["tier"], payment["billing_interval"]) == ("pro", "month")
    assert payment["period_start"] == own["current_period_start"]
    assert payment["period_end"] == own["current_period_end"]


async def test_a_second_subscription_has_no_trial(till: Till) -> None:
    person = await till.person()
    await till.subscribe(person, trial=True)
    await person.post("/subscriptions/cancel", expect=200)
    await till.days(8)
    own = await till.own(person)
    assert (own["tier"], own["status"]) == ("free", "canceled")
    own = await till.subscribe(person, "business", trial=True)
    assert (own["status"], own["tier"], own["trial_end"]) == ("active", "business", None)
    (payment,) = await till.paid(person)
    assert payment["amount_paid_cents"] == 4999


async def test_every_period_is_one_row_in_the_ledger(till: Till) -> None:
    person = await till.person()
    await till.subscribe(person)
    for _ in range(2):
        await till.days(31)
    payments = await till.paid(person)
    assert [payment["status"] for payment in payments] == ["paid"] * 3
    assert [payment["amount_paid_cents"] for payment in payments] == [999] * 3
    for earlier, later in pairwise(payments):
        assert earlier["period_end"] == later["period_start"]
    rows = till.rows(
        "SELECT stripe_payment_intent_id, recurring_cents, attempts, user_id FROM payments"
    )
    assert len({row["stripe_payment_intent_id"] for row in rows}) == 3
    assert {(row["recurring_cents"], row["attempts"], row["user_id"]) for row in rows} == {
        (999, 1, person.id)
    }
    first = (await person.get("/subscriptions/payments?limit=2")).json()
    rest = await person.get(f"/subscriptions/payments?limit=2&cursor={first['next_cursor']}")
    shown = [item["id"] for item in [*first["items"], *rest.json()["items"]]]
    assert shown == [payment["id"] for payment in payments[::-1]]


async def test_a_year_is_paid_at_once_and_its_quotas_are_monthly(till: Till) -> None:
    person = await till.person()
    own = await till.subscribe(person, "pro", "year")
    assert own["interval"] == "year"
    length = _when(own["current_period_end"]) - _when(own["current_period_start"])
    assert length in (timedelta(days=365), timedelta(days=366))
    (payment,) = await till.paid(person)
    assert (payment["amount_paid_cents"], payment["billing_interval"]) == (9900, "year")
    inmail = next(use for use in own["usage"] if use["feature"] == "inmail")
    month = _when(inmail["resets_at"]) - _when(own["current_period_start"])
    assert month <= timedelta(days=31)


async def test_enterprise_is_not_sold_by_the_year_and_free_not_at_all(till: Till) -> None:
    person = await till.person()
    answer = await person.post("/subscriptions/checkout", tier="enterprise", interval="year")
    problem(answer, 400, "not_for_sale")
    answer = await person.post("/subscriptions/checkout", tier="free")
    problem(answer, 422, "invalid_request")


async def test_cancelled_it_lasts_to_the_end_of_the_period(till: Till) -> None:
    person = await till.person()
    before = await till.subscribe(person)
    for _ in range(2):
        own = (await person.post("/subscriptions/cancel", expect=200)).json()
        assert (own["cancel_at_period_end"], own["tier"], own["status"]) == (True, "pro", "active")
    await till.days(29)
    assert (await till.own(person))["tier"] == "pro"
    await till.days(3)
    own = await till.own(person)
    assert (own["status"], own["tier"]) == ("canceled", "free")
    assert own["current_period_end"] == before["current_period_end"]
    assert len(await till.paid(person)) == 1
    problem(await person.post("/subscriptions/reactivate"), 409, "not_subscribed")


async def test_reactivated_it_goes_on(till: Till) -> None:
    person = await till.person()
    await till.subscribe(person)
    await person.post("/subscriptions/cancel", expect=200)
    for _ in range(2):
        own = (await person.post("/subscriptions/reactivate", expect=200)).json()
        assert own["cancel_at_period_end"] is False
    await till.days(32)
    own = await till.own(person)
    assert (own["status"], own["tier"]) == ("active", "pro")
    assert len(await till.paid(person)) == 2


async def test_an_upgrade_is_charged_by_the_time_left_and_counts_at_once(till: Till) -> None:
    person = await till.person()
    before = await till.subscribe(person)
    await till.days(15)
    own = (await person.post("/subscriptions/change", tier="business", expect=200)).json()
    assert (own["tier"], own["next_tier"], own["status"]) == ("business", None, "active")
    assert own["current_period_end"] == before["current_period_end"]
    await till.settled()
    payments = await till.paid(person)
    assert [payment["status"] for payment in payments] == ["paid", "paid"]
    period = _when(own["current_period_end"]) - _when(own["current_period_start"])
    left = 1 - (15 + 2 / 24) / (period / timedelta(days=1))
    assert payments[1]["amount_paid_cents"] == pytest.approx((4999 - 999) * left, abs=15)
    assert payments[1]["tier"] == "business"
    rows = till.rows("SELECT recurring_cents FROM payments ORDER BY id DESC LIMIT 1")
    assert rows == [{"recurring_cents": 4999}]
    problem(await person.post("/subscriptions/change", tier="business"), 409, "nothing_to_change")
    await till.days(20)
    assert (await till.paid(person))[2]["amount_paid_cents"] == 4999


async def test_a_refused_card_leaves_the_plan_as_it_was(till: Till) -> None:
    person = await till.person()
    before = await till.subscribe(person, card=FAILING_CARD, trial=True)
    # On trial nothing is charged, so even a bad card can change the plan.
    own = (await person.post("/subscriptions/change", tier="business", expect=200)).json()
    assert own["tier"] == "business"
    await person.post("/subscriptions/change", tier="pro", expect=200)
    other = await till.person()
    await till.subscribe(other)
    portal = (await other.post("/subscriptions/portal", expect=200)).json()
    changed = await till.stripe.post(
        portal["url"],
        data={"action": "card", "number": FAILING_CARD, "expiry": "12/40", "cvc": "123"},
    )
    assert changed.status_code == 200, changed.text
    problem(await other.post("/subscriptions/change", tier="business"), 402, "card_refused")
    own = await till.own(other)
    assert (own["tier"], own["status"]) == ("pro", "active")
    assert before["tier"] == "pro"
    assert len(await till.paid(other)) == 1


async def test_a_downgrade_waits_for_the_period_paid_for(till: Till) -> None:
    person = await till.person()
    await till.subscribe(person, "business")
    own = (await person.post("/subscriptions/change", tier="pro", expect=200)).json()
    assert (own["tier"], own["next_tier"]) == ("business", "pro")
    await till.days(20)
    assert (await till.own(person))["tier"] == "business"
    await till.days(12)
    own = await till.own(person)
    assert (own["tier"], own["next_tier"], own["status"]) == ("pro", None, "active")
    assert [payment["amount_paid_cents"] for payment in await till.paid(person)] == [4999, 999]


async def test_a_downgrade_can_be_taken_back_for_nothing(till: Till) -> None:
    person = await till.person()
    await till.subscribe(person, "business")
    await person.post("/subscriptions/change", tier="pro", expect=200)
    own = (await person.post("/subscriptions/change", tier="business", expect=200)).json()
    assert (own["tier"], own["next_tier"]) == ("business", None)
    await till.days(32)
    assert [payment["amount_paid_cents"] for payment in await till.paid(person)] == [4999, 4999]


async def test_from_the_month_to_the_year_at_once_but_not_back(till: Till) -> None:
    person = await till.person()
    await till.subscribe(person)
    await till.days(10)
    asked = {"tier": "pro", "interval": "year"}
    own = (await person.post("/subscriptions/change", expect=200, **asked)).json()
    assert own["interval"] == "year"
    await till.settled()
    year = (await till.paid(person))[1]
    assert year["billing_interval"] == "year"
    assert 9900 - 999 < year["amount_paid_cents"] < 9900
    problem(await person.post("/subscriptions/change", tier="pro"), 409, "paid_by_the_year")
    problem(
        await person.post("/subscriptions/change", tier="enterprise", interval="year"),
        400,
        "not_for_sale",
    )


async def test_unpaid_it_is_kept_for_the_grace_and_comes_back_when_paid(till: Till) -> None:
    person = await till.person()
    own = await till.subscribe(person, card=FAILING_CARD)
    assert (own["status"], own["tier"]) == ("past_due", "pro")
    assert own["grace_until"] is not None
    (payment,) = await till.paid(person)
    assert (payment["status"], payment["amount_paid_cents"], payment["amount_due_cents"]) == (
        "failed",
        0,
        999,
    )
    problem(await person.post("/subscriptions/change", tier="business"), 409, "payment_due")
    till.rows("UPDATE subscriptions SET entitled_until = now() - interval '1 second'")
    own = await till.own(person)
    assert (own["status"], own["tier"]) == ("past_due", "free")
    portal = (await person.post("/subscriptions/portal", expect=200)).json()["url"]
    card = {"action": "card", "number": "4242424242424242", "expiry": "12/40", "cvc": "123"}
    assert (await till.stripe.post(portal, data=card)).status_code == 200
    due = {"action": "pay", "invoice": payment["stripe_invoice_id"]}
    assert (await till.stripe.post(portal, data=due)).status_code == 200
    await till.settled()
    own = await till.own(person)
    assert (own["status"], own["tier"], own["grace_until"]) == ("active", "pro", None)
    (payment,) = await till.paid(person)
    assert (payment["status"], payment["amount_paid_cents"]) == ("paid", 999)


async def test_the_grace_is_not_prolonged_by_more_failures(till: Till) -> None:
    person = await till.person()
    first = await till.subscribe(person, card=FAILING_CARD)
    await till.days(4)
    own = await till.own(person)
    assert (own["status"], own["grace_until"]) == ("past_due", first["grace_until"])
    assert (await till.paid(person))[0]["status"] == "failed"
    await till.days(14)
    own = await till.own(person)
    assert (own["status"], own["tier"]) == ("canceled", "free")


async def test_what_is_given_back_stands_in_the_ledger(till: Till) -> None:
    person = await till.person()
    await till.subscribe(person)
    (row,) = till.rows("SELECT stripe_payment_intent_id AS intent FROM payments")
    for refunded in (400, 999):
        left = refunded - (400 if refunded == 999 else 0)
        await till.api("refunds", payment_intent=row["intent"], amount=str(left))
        await till.settled()
        (payment,) = await till.paid(person)
        assert (payment["amount_refunded_cents"], payment["amount_paid_cents"]) == (refunded, 999)


async def test_one_cannot_buy_twice(till: Till) -> None:
    person = await till.person()
    ask = "/subscriptions/checkout"
    first = (await person.post(ask, tier="pro", expect=200)).json()["url"]
    second = (await person.post(ask, tier="business", expect=200)).json()["url"]
    # The page opened first cannot be paid any more.
    assert (await till.stripe.get(first)).status_code == 410
    await till.control("hold", held=True)
    assert (await till.pay(second)).status_code == 303
    # Not told yet, the app finds out for itself.
    problem(await person.post(ask, tier="business"), 409, "already_subscribed")
    await till.control("hold", held=False)
    await till.settled()
    assert (await till.own(person))["tier"] == "business"
    assert len(till.rows("SELECT id FROM subscriptions")) == 1


async def test_a_double_click_opens_one_page(till: Till) -> None:
    person = await till.person()
    answers = await asyncio.gather(
        *(person.post("/subscriptions/checkout", tier="pro") for _ in range(5))
    )
    pages = {answer.json().get("url") for answer in answers if answer.status_code == 200}
    assert len(pages) == 1
    for answer in answers:
        assert answer.status_code == 200 or answer.json()["code"] == "checkout_under_way"
    customers: dict[str, Any] = await till.api("customers")
    assert len(customers["data"]) == 1
    opened = (await till.api("checkout/sessions"))["data"]
    assert [each["status"] for each in opened].count("open") == 1


async def test_nobody_else_sees_it(till: Till) -> None:
    person, other = await till.person(), await till.person()
    await till.subscribe(person)
    assert (await till.own(other))["tier"] == "free"
    assert await till.paid(other) == []
    answer = await till.client.get("/subscriptions/me")
    problem(answer, 401, "not_signed_in")


async def test_a_persons_jobs_are_placed_by_what_they_subscribe_to_now(till: Till) -> None:
    person = await till.person("employer")
    person.company = (await person.post("/companies", name="Conch Ltd", expect=201)).json()
    await person.job()

    def head_start() -> list[int]:
        return [row["head_start_days"] for row in till.rows("SELECT head_start_days FROM jobs")]

    assert head_start() == [0]
    await till.subscribe(person, "business")
    assert head_start() == [3]
    await person.post("/subscriptions/cancel", expect=200)
    await till.days(32)
    assert (await till.own(person))["tier"] == "free"
    assert head_start() == [0]
