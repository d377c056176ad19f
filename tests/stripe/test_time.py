"""Time on a test clock: renewals, trials, dunning, endings, each at its own moment."""

from typing import Any

import pytest
import stripe

DAY = 86_400
HOUR = 3600
JAN_31 = 1_769_817_600
FEB_28, MAR_31, APR_30 = (JAN_31 + days * DAY for days in (28, 59, 89))


def period(subscription: Any) -> tuple[int, int]:
    item = subscription["items"].data[0]
    return item.current_period_start, item.current_period_end


def told(api: Any, *types: str) -> list[tuple[str, int]]:
    """The events of these types, oldest first, with the moment of each."""
    found = api.events.list({"types": list(types), "limit": 100}).data
    return [(event.type, event.created) for event in found[::-1]]


def test_a_renewal_is_drafted_then_charged_an_hour_later(timeline: Any, plans: Any) -> None:
    api, subscription = timeline.api, timeline.subscribe(plans.pro)
    timeline.to(FEB_28 - 1)
    assert period(api.subscriptions.retrieve(subscription.id)) == (JAN_31, FEB_28)
    timeline.to(FEB_28)
    renewed = api.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert period(renewed) == (FEB_28, MAR_31)
    draft = renewed.latest_invoice
    assert (draft.status, draft.number, draft.automatically_finalizes_at) == (
        "draft",
        None,
        FEB_28 + HOUR,
    )
    timeline.to(FEB_28 + HOUR)
    paid = api.invoices.retrieve(draft.id)
    assert (paid.status, paid.amount_paid, paid.status_transitions.paid_at) == (
        "paid",
        999,
        FEB_28 + HOUR,
    )
    assert paid.number.endswith("-0002")


def test_one_leap_over_months_lives_through_each(timeline: Any, plans: Any) -> None:
    api, subscription = timeline.api, timeline.subscribe(plans.pro)
    timeline.to(APR_30 + HOUR)
    invoices = api.invoices.list({"subscription": subscription.id}).data[::-1]
    assert [one.created for one in invoices] == [JAN_31, FEB_28, MAR_31, APR_30]
    assert [one.status for one in invoices] == ["paid"] * 4
    assert [one.lines.data[0].period.end for one in invoices][:3] == [FEB_28, MAR_31, APR_30]
    charges = api.charges.list({"customer": timeline.customer}).data
    assert [one.created for one in charges[::-1]] == [
        JAN_31,
        *(day + HOUR for day in (FEB_28, MAR_31, APR_30)),
    ]


def test_an_annual_plan_renews_once_a_year(timeline: Any, plans: Any) -> None:
    timeline.subscribe(plans.pro_year)
    timeline.to(JAN_31 + 364 * DAY)
    assert len(timeline.api.invoices.list().data) == 1
    timeline.to(JAN_31 + 365 * DAY + HOUR)
    assert [one.total for one in timeline.api.invoices.list().data] == [9900, 9900]


def test_a_trial_warns_then_becomes_a_paid_plan(timeline: Any, plans: Any) -> None:
    api, subscription = timeline.api, timeline.subscribe(plans.pro, trial_period_days=7)
    end = JAN_31 + 7 * DAY
    timeline.to(end + HOUR)
    active = api.subscriptions.retrieve(subscription.id)
    assert active.status == "active"
    assert active.billing_cycle_anchor == end
    assert api.invoices.retrieve(active.latest_invoice).amount_paid == 999
    warnings = told(api, "customer.subscription.trial_will_end")
    assert [moment for _, moment in warnings] == [end - 3 * DAY]


@pytest.mark.parametrize(("behaviour", "becomes"), [("cancel", "canceled"), ("pause", "paused")])
def test_a_trial_without_a_card_ends_as_asked(
    api: Any, plans: Any, behaviour: str, becomes: str
) -> None:
    clock = api.test_helpers.test_clocks.create({"frozen_time": JAN_31})
    customer = api.customers.create({"test_clock": clock.id})
    subscription = api.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": plans.pro}],
            "trial_period_days": 7,
            "trial_settings": {"end_behavior": {"missing_payment_method": behaviour}},
        }
    )
    api.test_helpers.test_clocks.advance(clock.id, {"frozen_time": JAN_31 + 8 * DAY})
    assert api.subscriptions.retrieve(subscription.id).status == becomes
    if becomes == "paused":
        card = api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
        api.subscriptions.update(subscription.id, {"default_payment_method": card.id})
        resumed = api.subscriptions.resume(subscription.id)
        assert (resumed.status, period(resumed)[0]) == ("active", JAN_31 + 8 * DAY)
        assert api.invoices.retrieve(resumed.latest_invoice).status == "paid"


def test_cancel_at_period_end_keeps_the_period_and_can_be_taken_back(
    timeline: Any, plans: Any
) -> None:
    api, subscription = timeline.api, timeline.subscribe(plans.pro)
    asked = api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert (asked.status, asked.cancel_at, asked.canceled_at) == ("active", FEB_28, JAN_31)
    back = api.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert (back.cancel_at, back.canceled_at, back.cancellation_details.reason) == (None,) * 3
    api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    timeline.to(FEB_28 - 1)
    assert api.subscriptions.retrieve(subscription.id).status == "active"
    timeline.to(FEB_28)
    ended = api.subscriptions.retrieve(subscription.id)
    assert (ended.status, ended.ended_at, ended.canceled_at) == ("canceled", FEB_28, JAN_31)
    assert len(api.invoices.list().data) == 1
    assert told(api, "customer.subscription.deleted") == [("customer.subscription.deleted", FEB_28)]


def test_an_end_bills_what_was_still_pending(timeline: Any, plans: Any) -> None:
    api, subscription = timeline.api, timeline.subscribe(plans.pro)
    timeline.to(JAN_31 + 14 * DAY)
    item = subscription["items"].data[0].id
    api.subscriptions.update(
        subscription.id,
        {"items": [{"id": item, "price": plans.business}], "cancel_at_period_end": True},
    )
    timeline.to(FEB_28)
    last = api.invoices.list().data[0]
    assert (last.total, last.status) == (2000, "paid")
    assert api.subscriptions.retrieve(subscription.id).status == "canceled"


def test_cancel_at_a_date_of_ones_own(timeline: Any, plans: Any) -> None:
    api = timeline.api
    subscription = timeline.subscribe(plans.pro, cancel_at=JAN_31 + 40 * DAY)
    timeline.to(JAN_31 + 45 * DAY)
    ended = api.subscriptions.retrieve(subscription.id)
    assert (ended.status, ended.ended_at) == ("canceled", JAN_31 + 40 * DAY)


def fail_from_now_on(timeline: Any) -> None:
    api = timeline.api
    bad = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": timeline.customer})
    api.customers.update(
        timeline.customer, {"invoice_settings": {"default_payment_method": bad.id}}
    )


def test_a_refused_renewal_is_retried_and_then_cancelled(timeline: Any, plans: Any) -> None:
    api, subscription = timeline.api, timeline.subscribe(plans.pro)
    fail_from_now_on(timeline)
    first = FEB_28 + HOUR
    timeline.to(first)
    late = api.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice", "customer"]})
    assert (late.status, late.customer.delinquent) == ("past_due", True)
    invoice = late.latest_invoice
    assert (invoice.status, invoice.attempt_count, invoice.next_payment_attempt) == (
        "open",
        1,
        first + 3 * DAY,
    )
    timeline.to(first + 20 * DAY)
    ended = api.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    tries = [first + days * DAY for days in (0, 3, 8, 15)]
    assert [moment for _, moment in told(api, "invoice.payment_failed")] == tries
    assert (ended.status, ended.ended_at) == ("canceled", tries[-1])
    assert ended.cancellation_details.reason == "payment_failed"
    assert ended.latest_invoice.status == "open"
    assert ended.latest_invoice.next_payment_attempt is None
    timeline.to(first + 90 * DAY)
    assert len(told(api, "invoice.payment_failed")) == 4
    assert len(api.invoices.list().data) == 2


def test_a_new_card_recovers_a_past_due_plan_at_the_next_retry(timeline: Any, plans: Any) -> None:
    api, subscription = timeline.api, timeline.subscribe(plans.pro)
    fail_from_now_on(timeline)
    timeline.to(FEB_28 + HOUR)
    assert api.subscriptions.retrieve(subscription.id).status == "past_due"
    good = api.payment_methods.attach("pm_card_visa", {"customer": timeline.customer})
    api.subscriptions.update(subscription.id, {"default_payment_method": good.id})
    timeline.to(FEB_28 + HOUR + 3 * DAY)
    recovered = api.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert (recovered.status, recovered.latest_invoice.status) == ("active", "paid")
    assert not api.customers.retrieve(timeline.customer).delinquent
    timeline.to(MAR_31 + HOUR)
    assert api.subscriptions.retrieve(subscription.id).status == "active"


def test_a_plan_stays_past_due_until_all_is_paid(timeline: Any) -> None:
    api = timeline.api
    weekly = api.prices.create(
        {
            "product_data": {"name": "Boost"},
            "currency": "usd",
            "unit_amount": 200,
            "recurring": {"interval": "week"},
        }
    )
    subscription = timeline.subscribe(weekly.id)
    fail_from_now_on(timeline)
    timeline.to(JAN_31 + 14 * DAY + HOUR)
    owed = api.invoices.list({"status": "open"}).data
    assert len(owed) == 2
    good = api.payment_methods.attach("pm_card_visa", {"customer": timeline.customer})
    api.invoices.pay(owed[0].id, {"payment_method": good.id})
    assert api.subscriptions.retrieve(subscription.id).status == "past_due"
    api.invoices.pay(owed[1].id, {"payment_method": good.id})
    assert api.subscriptions.retrieve(subscription.id).status == "active"


def test_a_past_due_plan_is_recovered_in_the_portal(timeline: Any, plans: Any, clean: Any) -> None:
    api, subscription = timeline.api, timeline.subscribe(plans.pro)
    fail_from_now_on(timeline)
    timeline.to(FEB_28 + HOUR)
    portal = api.billing_portal.sessions.create({"customer": timeline.customer})
    owed = api.invoices.list({"status": "open"}).data[0]
    assert clean.page(portal.url, action="pay", invoice=owed.id).status == 402
    refused = api.invoices.retrieve(owed.id)
    assert (refused.attempt_count, refused.next_payment_attempt) == (1, owed.next_payment_attempt)
    card = {"number": "4242424242424242", "expiry": "1/41", "cvc": "123"}
    assert clean.page(portal.url, action="card", **card).status == 200
    assert clean.page(portal.url, action="pay", invoice=owed.id).status == 200
    assert api.subscriptions.retrieve(subscription.id).status == "active"


def test_a_first_payment_that_never_comes_ends_after_23_hours(timeline: Any, plans: Any) -> None:
    api = timeline.api
    subscription = timeline.subscribe(plans.pro, payment_behavior="default_incomplete")
    timeline.to(JAN_31 + 23 * HOUR)
    ended = api.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert (ended.status, ended.latest_invoice.status) == ("incomplete_expired", "void")


def test_everything_is_told_in_order(timeline: Any, plans: Any) -> None:
    api = timeline.api
    timeline.subscribe(plans.pro)
    timeline.to(FEB_28 + HOUR)
    every = api.events.list({"limit": 100}).data[::-1]
    events = [event for event in every if event.created <= FEB_28 + HOUR]
    assert [event.created for event in events] == sorted(event.created for event in events)
    tail = [event.type for event in events if event.created >= FEB_28]
    assert tail == [
        "invoice.created",
        "customer.subscription.updated",
        "invoice.finalized",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
        "invoice.paid",
        "invoice.payment_succeeded",
    ]
    update = next(
        e for e in events if e.type == "customer.subscription.updated" and e.created > JAN_31
    )
    before = update.data.previous_attributes.to_dict()
    assert before["items"]["data"][0]["current_period_end"] == FEB_28
    assert before["latest_invoice"] != update.data.object.latest_invoice


def test_a_clock_never_goes_back_and_takes_its_customers_along(timeline: Any, plans: Any) -> None:
    api, subscription = timeline.api, timeline.subscribe(plans.pro)
    timeline.to(JAN_31 + DAY)
    with pytest.raises(stripe.InvalidRequestError) as back:
        timeline.to(JAN_31)
    assert back.value.param == "frozen_time"
    api.test_helpers.test_clocks.delete(timeline.clock)
    assert api.customers.retrieve(timeline.customer).deleted
    assert api.subscriptions.retrieve(subscription.id).status == "canceled"


def test_everyones_time_can_be_moved_for_a_demonstration(api: Any, plans: Any, clean: Any) -> None:
    customer = api.customers.create(
        {
            "payment_method": "pm_card_visa",
            "invoice_settings": {"default_payment_method": "pm_card_visa"},
        }
    )
    made = api.subscriptions.create({"customer": customer.id, "items": [{"price": plans.pro}]})
    moved = clean.local("advance", {"seconds": 32 * DAY})
    assert (moved["offset"], moved["performed"]) == (32 * DAY, 2)
    renewed = api.subscriptions.retrieve(made.id, {"expand": ["latest_invoice"]})
    assert period(renewed)[0] == period(made)[1]
    assert renewed.latest_invoice.status == "paid"
    assert clean.local("health")["now"] >= made.created + 32 * DAY
