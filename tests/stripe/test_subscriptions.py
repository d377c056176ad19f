"""Changing plans in mid-period, checked to the cent; credit; first payments that fail."""

from typing import Any

import pytest
import stripe

DAY = 86_400
JAN_31 = 1_769_817_600
FEB_28 = JAN_31 + 28 * DAY
HALF = JAN_31 + 14 * DAY


def amounts(invoice: Any) -> list[tuple[str, int]]:
    return [(line.description, line.amount) for line in invoice.lines.data]


def item_of(subscription: Any) -> Any:
    return subscription["items"].data[0]


def switch(timeline: Any, subscription: Any, price: str, **params: Any) -> Any:
    items = [{"id": item_of(subscription).id, "price": price}]
    return timeline.api.subscriptions.update(subscription.id, {"items": items, **params})


def test_an_upgrade_is_prorated_to_the_cent_on_the_next_invoice(timeline: Any, plans: Any) -> None:
    api, subscription = timeline.api, timeline.subscribe(plans.pro)
    assert (
        item_of(subscription).current_period_start,
        item_of(subscription).current_period_end,
    ) == (
        JAN_31,
        FEB_28,
    )
    timeline.to(HALF)
    changed = switch(timeline, subscription, plans.business, proration_behavior="create_prorations")
    assert item_of(changed).id == item_of(subscription).id
    assert item_of(changed).plan.amount == 4999
    assert item_of(changed).current_period_end == FEB_28
    assert changed.latest_invoice == subscription.latest_invoice
    pending = api.invoice_items.list({"customer": timeline.customer, "pending": True}).data
    assert [(one.amount, one.proration) for one in pending] == [(2500, True), (-500, True)]

    timeline.to(FEB_28)
    renewal = api.invoices.retrieve(api.subscriptions.retrieve(subscription.id).latest_invoice)
    assert amounts(renewal) == [
        ("Unused time on Pro after 14 Feb 2026", -500),  # half of 9.99: 4.995
        ("Remaining time on Business after 14 Feb 2026", 2500),  # half of 49.99: 24.995
        ("1 × Business (at $49.99 / month)", 4999),  # noqa: RUF001
    ]
    assert (renewal.total, renewal.status) == (6999, "draft")
    assert renewal.billing_reason == "subscription_cycle"
    proration = renewal.lines.data[0].parent.invoice_item_details
    assert (proration.proration, proration.subscription) == (True, subscription.id)


def test_proration_counts_seconds(timeline: Any, plans: Any) -> None:
    subscription = timeline.subscribe(plans.pro)
    moment = JAN_31 + 10 * DAY + 1  # 1,555,199 of 2,419,200 seconds are left
    timeline.to(moment)
    switch(timeline, subscription, plans.business, proration_behavior="always_invoice")
    upgrade = timeline.api.invoices.list({"subscription": subscription.id}).data[0]
    assert [line.amount for line in upgrade.lines.data] == [-642, 3214]
    assert (upgrade.total, upgrade.status, upgrade.billing_reason) == (
        2572,
        "paid",
        "subscription_update",
    )
    assert upgrade.lines.data[1].period.start == moment
    assert timeline.api.charges.list().data[0].amount == 2572


def test_a_preview_says_what_will_be_billed_and_changes_nothing(timeline: Any, plans: Any) -> None:
    api, subscription = timeline.api, timeline.subscribe(plans.pro)
    timeline.to(HALF)
    asked = {
        "subscription": subscription.id,
        "subscription_details": {
            "items": [{"id": item_of(subscription).id, "price": plans.business}],
            "proration_date": HALF,
        },
    }
    preview = api.invoices.create_preview(asked)
    assert [line.amount for line in preview.lines.data] == [-500, 2500, 4999]
    assert preview.parent.subscription_details.subscription_proration_date == HALF
    asked["subscription_details"] |= {"proration_behavior": "always_invoice"}
    at_once = api.invoices.create_preview(asked)
    assert ([line.amount for line in at_once.lines.data], at_once.amount_due) == (
        [-500, 2500],
        2000,
    )
    assert api.subscriptions.retrieve(subscription.id) == subscription
    assert api.invoice_items.list({"customer": timeline.customer}).data == []
    assert len(api.invoices.list().data) == 1
    switch(timeline, subscription, plans.business, proration_date=HALF)
    timeline.to(FEB_28)
    real = api.invoices.list({"subscription": subscription.id}).data[0]
    assert amounts(real) == amounts(preview)


def test_a_preview_of_the_plain_renewal(timeline: Any, plans: Any) -> None:
    subscription = timeline.subscribe(plans.pro)
    preview = timeline.api.invoices.create_preview({"customer": timeline.customer})
    assert (preview.total, preview.lines.data[0].period.start) == (999, FEB_28)
    timeline.api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    with pytest.raises(stripe.InvalidRequestError) as none:
        timeline.api.invoices.create_preview({"subscription": subscription.id})
    assert (none.value.http_status, none.value.code) == (404, "invoice_upcoming_none")


def test_a_downgrade_leaves_credit_that_pays_later(timeline: Any, plans: Any) -> None:
    api, subscription = timeline.api, timeline.subscribe(plans.business)
    timeline.to(HALF)
    switch(timeline, subscription, plans.pro, proration_behavior="always_invoice")
    credit = api.invoices.list({"subscription": subscription.id}).data[0]
    assert (credit.total, credit.amount_due, credit.status) == (-2000, 0, "paid")
    assert api.customers.retrieve(timeline.customer).balance == -2000
    timeline.to(FEB_28 + 3600)
    renewal = api.invoices.list({"subscription": subscription.id}).data[0]
    assert (renewal.total, renewal.amount_due, renewal.status) == (999, 0, "paid")
    assert (renewal.starting_balance, renewal.ending_balance) == (-2000, -1001)
    moves = api.customers.balance_transactions.list(timeline.customer).data
    assert [(move.amount, move.type) for move in moves] == [
        (999, "applied_to_invoice"),
        (-2000, "applied_to_invoice"),
    ]


def test_two_changes_in_one_period_credit_what_each_cost(timeline: Any, plans: Any) -> None:
    subscription = timeline.subscribe(plans.pro)
    timeline.to(HALF)
    changed = switch(timeline, subscription, plans.business)
    timeline.to(JAN_31 + 21 * DAY)
    switch(timeline, changed, plans.pro)
    pending = timeline.api.invoice_items.list({"pending": True}).data
    assert [item.amount for item in pending[::-1]] == [-500, 2500, -1250, 250]


def test_without_proration_only_the_next_period_costs_more(timeline: Any, plans: Any) -> None:
    subscription = timeline.subscribe(plans.pro)
    timeline.to(HALF)
    switch(timeline, subscription, plans.business, proration_behavior="none")
    assert timeline.api.invoice_items.list({"pending": True}).data == []
    timeline.to(FEB_28)
    assert timeline.api.invoices.list().data[0].total == 4999


def test_from_month_to_year_the_year_starts_now_and_is_paid_now(timeline: Any, plans: Any) -> None:
    api, subscription = timeline.api, timeline.subscribe(plans.pro)
    timeline.to(HALF)
    changed = switch(timeline, subscription, plans.pro_year)
    assert changed.billing_cycle_anchor == HALF
    assert item_of(changed).current_period_start == HALF
    assert item_of(changed).current_period_end == HALF + 365 * DAY
    invoice = api.invoices.retrieve(changed.latest_invoice)
    assert amounts(invoice) == [
        ("Unused time on Pro after 14 Feb 2026", -500),
        ("1 × Pro yearly (at $99.00 / year)", 9900),  # noqa: RUF001
    ]
    assert (invoice.status, invoice.amount_paid) == ("paid", 9400)


def test_quantity_is_prorated_like_a_price(timeline: Any, plans: Any) -> None:
    subscription = timeline.subscribe(plans.pro)
    timeline.to(HALF)
    timeline.api.subscriptions.update(
        subscription.id, {"items": [{"id": item_of(subscription).id, "quantity": 3}]}
    )
    pending = timeline.api.invoice_items.list({"pending": True}).data
    assert sorted(item.amount for item in pending) == [-500, 1499]  # 14.985


def test_a_free_month_gives_no_credit_when_switched_away(timeline: Any, plans: Any) -> None:
    coupon = timeline.api.coupons.create({"percent_off": 100, "duration": "once"})
    subscription = timeline.subscribe(plans.pro, discounts=[{"coupon": coupon.id}])
    timeline.to(HALF)
    switch(timeline, subscription, plans.business)
    pending = timeline.api.invoice_items.list({"pending": True}).data
    assert [item.amount for item in pending] == [2500]


def test_a_lasting_percentage_is_inside_the_proration(timeline: Any, plans: Any) -> None:
    coupon = timeline.api.coupons.create({"percent_off": 20, "duration": "forever"})
    subscription = timeline.subscribe(plans.pro, discounts=[{"coupon": coupon.id}])
    assert timeline.api.invoices.list().data[0].total == 799  # 9.99 less 2.00
    timeline.to(HALF)
    switch(timeline, subscription, plans.business, proration_behavior="always_invoice")
    upgrade = timeline.api.invoices.list().data[0]
    assert [line.amount for line in upgrade.lines.data] == [-400, 2000]  # of 7.99 and 39.99
    assert upgrade.total_discount_amounts[0].amount == 0


def test_a_repeating_coupon_stops_after_its_months(timeline: Any, plans: Any) -> None:
    coupon = timeline.api.coupons.create(
        {"amount_off": 500, "currency": "usd", "duration": "repeating", "duration_in_months": 2}
    )
    timeline.subscribe(plans.pro, discounts=[{"coupon": coupon.id}])
    timeline.to(JAN_31 + 100 * DAY)
    totals = [invoice.total for invoice in timeline.api.invoices.list().data]
    assert totals[::-1] == [499, 499, 999, 999]


def test_referral_credit_on_the_balance_pays_the_next_invoices(timeline: Any, plans: Any) -> None:
    api = timeline.api
    moved = api.customers.balance_transactions.create(
        timeline.customer,
        {"amount": -999, "currency": "usd", "description": "One month for a friend"},
    )
    assert moved.ending_balance == -999
    subscription = timeline.subscribe(plans.pro)
    first = api.invoices.retrieve(subscription.latest_invoice)
    assert (first.total, first.amount_due, first.status) == (999, 0, "paid")
    assert subscription.status == "active"
    assert api.charges.list().data == []
    timeline.to(FEB_28 + 3600)
    assert api.charges.list().data[0].amount == 999


def test_a_trial_may_end_early_or_be_made_longer(timeline: Any, plans: Any) -> None:
    api = timeline.api
    subscription = timeline.subscribe(plans.pro, trial_period_days=7)
    longer = api.subscriptions.update(subscription.id, {"trial_end": JAN_31 + 10 * DAY})
    assert (longer.status, item_of(longer).current_period_end) == ("trialing", JAN_31 + 10 * DAY)
    timeline.to(JAN_31 + 2 * DAY)
    switched = switch(timeline, subscription, plans.business)
    assert api.invoice_items.list({"pending": True}).data == []
    assert item_of(switched).current_period_end == JAN_31 + 10 * DAY
    ended = api.subscriptions.update(subscription.id, {"trial_end": "now"})
    assert (ended.status, ended.trial_end) == ("active", JAN_31 + 2 * DAY)
    assert api.invoices.retrieve(ended.latest_invoice).amount_paid == 4999


def test_cancelling_now_may_pay_back_as_credit(timeline: Any, plans: Any) -> None:
    api, subscription = timeline.api, timeline.subscribe(plans.pro)
    timeline.to(HALF)
    ended = api.subscriptions.cancel(
        subscription.id,
        {
            "prorate": True,
            "invoice_now": True,
            "cancellation_details": {"feedback": "too_expensive"},
        },
    )
    assert (ended.status, ended.ended_at, ended.canceled_at) == ("canceled", HALF, HALF)
    assert ended.cancellation_details.reason == "cancellation_requested"
    assert ended.cancellation_details.feedback == "too_expensive"
    assert api.customers.retrieve(timeline.customer).balance == -500
    assert api.subscriptions.list({"customer": timeline.customer}).data == []
    assert api.subscriptions.list({"status": "canceled"}).data[0].id == subscription.id
    with pytest.raises(stripe.InvalidRequestError) as twice:
        api.subscriptions.cancel(subscription.id)
    assert twice.value.http_status == 404
    with pytest.raises(stripe.InvalidRequestError, match="canceled subscription"):
        api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})


def test_a_first_payment_that_fails_leaves_it_incomplete(timeline: Any, plans: Any) -> None:
    api = timeline.api
    bad = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": timeline.customer})
    with pytest.raises(stripe.CardError):
        timeline.subscribe(
            plans.pro,
            default_payment_method=bad.id,
            payment_behavior="error_if_incomplete",
        )
    assert api.subscriptions.list({"status": "all"}).data == []
    subscription = timeline.subscribe(plans.pro, default_payment_method=bad.id)
    assert subscription.status == "incomplete"
    with pytest.raises(stripe.CardError):
        api.invoices.pay(subscription.latest_invoice)
    good = api.customers.retrieve(timeline.customer).invoice_settings.default_payment_method
    paid = api.invoices.pay(subscription.latest_invoice, {"payment_method": good})
    assert (paid.status, paid.amount_remaining) == ("paid", 0)
    assert api.subscriptions.retrieve(subscription.id).status == "active"
    with pytest.raises(stripe.InvalidRequestError) as again:
        api.invoices.pay(subscription.latest_invoice)
    assert again.value.code == "invoice_already_paid"


def test_a_page_of_ones_own_confirms_the_first_payment(timeline: Any, plans: Any) -> None:
    api = timeline.api
    subscription = timeline.subscribe(
        plans.pro,
        payment_behavior="default_incomplete",
        payment_settings={"save_default_payment_method": "on_subscription"},
        expand=["latest_invoice.confirmation_secret", "latest_invoice.payments"],
    )
    assert subscription.status == "incomplete"
    secret = subscription.latest_invoice.confirmation_secret.client_secret
    intent = subscription.latest_invoice.payments.data[0].payment.payment_intent
    assert secret.startswith(intent + "_secret_")
    api.payment_intents.confirm(intent, {"payment_method": "pm_card_mastercard"})
    active = api.subscriptions.retrieve(subscription.id, {"expand": ["default_payment_method"]})
    assert active.status == "active"
    assert active.default_payment_method.card.brand == "mastercard"


def test_without_a_card_nothing_can_be_charged(api: Any, plans: Any) -> None:
    customer = api.customers.create({"email": "bo@example.com"})
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        api.subscriptions.create({"customer": customer.id, "items": [{"price": plans.pro}]})


def test_items_bill_together_or_not_at_all(timeline: Any, plans: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as rhythms:
        timeline.subscribe(plans.pro, items=[{"price": plans.pro}, {"price": plans.pro_year}])
    assert rhythms.value.param == "items"
    with pytest.raises(stripe.InvalidRequestError, match="same price"):
        timeline.subscribe(plans.pro, items=[{"price": plans.pro}, {"price": plans.pro}])
    assert timeline.api.subscriptions.list().data == []


def test_an_invoice_item_rides_on_the_next_invoice(timeline: Any, plans: Any) -> None:
    api = timeline.api
    timeline.subscribe(plans.pro)
    api.invoice_items.create(
        {"customer": timeline.customer, "amount": 250, "currency": "usd", "description": "Boost"}
    )
    gone = api.invoice_items.create(
        {"customer": timeline.customer, "amount": 100, "currency": "usd"}
    )
    assert api.invoice_items.delete(gone.id).deleted
    timeline.to(FEB_28 + 3600)
    renewal = api.invoices.list().data[0]
    assert (renewal.total, renewal.status) == (1249, "paid")
    assert renewal.lines.data[0].description == "Boost"


def test_an_invoice_by_hand_is_numbered_paid_or_voided(timeline: Any) -> None:
    api = timeline.api
    for _ in range(2):
        api.invoice_items.create({"customer": timeline.customer, "amount": 700, "currency": "usd"})
        draft = api.invoices.create(
            {"customer": timeline.customer, "pending_invoice_items_behavior": "include"}
        )
        assert (draft.number, draft.status, draft.total) == (None, "draft", 700)
        last = api.invoices.finalize_invoice(draft.id)
    assert last.number.endswith("-0002")
    assert api.invoices.void_invoice(last.id).status == "void"
    first = api.invoices.list({"status": "open"}).data[0]
    assert api.invoices.pay(first.id).status == "paid"
    with pytest.raises(stripe.InvalidRequestError):
        api.invoices.void_invoice(first.id)
