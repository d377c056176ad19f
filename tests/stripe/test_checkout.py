"""Checkout and the portal, their pages used as a browser uses them."""

import re
from typing import Any

import pytest
import stripe

CARD = {"number": "4242 4242 4242 4242", "expiry": "12/40", "cvc": "123", "name": "Ana B."}
REFUSED = {**CARD, "number": "4000000000000002"}


def session_params(price: str, **more: Any) -> dict[str, Any]:
    return {
        "mode": "subscription",
        "line_items": [{"price": price, "quantity": 1}],
        "success_url": "http://127.0.0.1:9/welcome?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/plans",
        **more,
    }


def test_a_person_subscribes_on_the_page(api: Any, clean: Any, plans: Any) -> None:
    customer = api.customers.create({"email": "ana@example.com"})
    session = api.checkout.sessions.create(
        session_params(
            plans.pro,
            customer=customer.id,
            client_reference_id="user-7",
            metadata={"tier": "pro"},
            subscription_data={"metadata": {"user": "7"}},
        )
    )
    assert (session.status, session.payment_status, session.subscription) == (
        "open",
        "unpaid",
        None,
    )
    assert (session.amount_total, session.currency) == (999, "usd")
    assert session.url.startswith(clean.url + "/pay/")
    page = clean.page(session.url)
    assert page.status == 200
    assert "$9.99" in page.text
    for name in re.findall(r'<(?:input|select) id="([^"]+)"', page.text):
        assert f'<label for="{name}">' in page.text
    paid = clean.page(session.url, action="pay", **CARD)
    assert paid.status == 303
    assert paid.headers["Location"] == f"http://127.0.0.1:9/welcome?session={session.id}"

    done = api.checkout.sessions.retrieve(session.id, {"expand": ["subscription", "line_items"]})
    assert (done.status, done.payment_status) == ("complete", "paid")
    assert (done.client_reference_id, done.metadata["tier"]) == ("user-7", "pro")
    assert done.line_items.data[0].price.id == plans.pro
    subscription = done.subscription
    assert (subscription.status, subscription.customer) == ("active", customer.id)
    assert subscription.metadata["user"] == "7"
    invoice = api.invoices.retrieve(done.invoice)
    assert (invoice.status, invoice.amount_paid) == ("paid", 999)
    assert re.fullmatch(r"[A-Z0-9a-z]{8}-0001", invoice.number)
    card = api.payment_methods.retrieve(subscription.default_payment_method)
    assert (card.card.last4, card.customer) == ("4242", customer.id)
    assert [one.id for one in api.customers.payment_methods.list(customer.id).data] == [card.id]
    again = clean.page(session.url, action="pay", **CARD)
    assert "already" in again.text
    assert len(api.subscriptions.list().data) == 1


def test_a_refused_card_changes_nothing_and_may_be_replaced(
    api: Any, clean: Any, plans: Any
) -> None:
    session = api.checkout.sessions.create(session_params(plans.pro))
    refused = clean.page(session.url, action="pay", email="bo@example.com", **REFUSED)
    assert refused.status == 402
    assert re.search(r'role="alert"[^>]*>Your card was declined', refused.text)
    assert 'value="bo@example.com"' in refused.text
    assert api.checkout.sessions.retrieve(session.id).status == "open"
    assert api.subscriptions.list().data == []
    assert api.customers.list().data == []
    strange = {**CARD, "number": "4111111111111111"}
    assert clean.page(session.url, action="pay", email="b@x.io", **strange).status == 400
    paid = clean.page(session.url, action="pay", email="bo@example.com", **CARD)
    assert paid.status == 303
    done = api.checkout.sessions.retrieve(session.id)
    assert done.customer_details.email == "bo@example.com"
    assert api.customers.retrieve(done.customer).email == "bo@example.com"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"expiry": "13/40"}, "month"),
        ({"expiry": "01/20"}, "expired"),
        ({"expiry": "soon"}, "MM/YY"),
        ({"cvc": "1"}, "security code"),
        ({"number": ""}, "card"),
        ({"email": "nobody"}, "e-mail"),
    ],
)
def test_the_form_says_what_is_wrong(
    api: Any, clean: Any, plans: Any, wrong: dict[str, str], says: str
) -> None:
    session = api.checkout.sessions.create(session_params(plans.pro))
    page = clean.page(session.url, **{"action": "pay", "email": "ana@example.com", **CARD, **wrong})
    assert page.status == 400
    alert = re.search(r'role="alert"[^>]*>([^<]*)', page.text)
    assert alert is not None
    assert says in alert[1]


def test_a_trial_charges_nothing_today(api: Any, clean: Any, plans: Any, visible_text: Any) -> None:
    session = api.checkout.sessions.create(
        session_params(plans.pro, subscription_data={"trial_period_days": 7})
    )
    shown = visible_text(clean.page(session.url).text)
    assert "Due today $0.00" in shown
    assert "then $9.99" in shown
    assert clean.page(session.url, action="pay", email="ana@x.io", **CARD).status == 303
    done = api.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]})
    assert done.payment_status == "no_payment_required"
    subscription = done.subscription
    assert subscription.status == "trialing"
    assert subscription.trial_end - subscription.trial_start == 7 * 86_400
    item = subscription["items"].data[0]
    assert item.current_period_end == subscription.trial_end
    first = api.invoices.retrieve(subscription.latest_invoice)
    assert (first.status, first.total, first.billing_reason) == ("paid", 0, "subscription_create")
    assert api.charges.list().data == []


def test_a_trial_without_a_card_may_be_allowed(api: Any, clean: Any, plans: Any) -> None:
    session = api.checkout.sessions.create(
        session_params(
            plans.pro,
            payment_method_collection="if_required",
            subscription_data={
                "trial_period_days": 7,
                "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
            },
        )
    )
    assert 'name="number"' not in clean.page(session.url).text
    assert clean.page(session.url, action="pay", email="ana@x.io").status == 303
    subscription = api.subscriptions.list().data[0]
    assert (subscription.status, subscription.default_payment_method) == ("trialing", None)


def test_a_referral_coupon_makes_the_first_month_free(api: Any, clean: Any, plans: Any) -> None:
    coupon = api.coupons.create({"percent_off": 100, "duration": "once", "name": "A month for you"})
    session = api.checkout.sessions.create(
        session_params(plans.pro, discounts=[{"coupon": coupon.id}])
    )
    assert (session.amount_subtotal, session.amount_total) == (999, 0)
    assert session.total_details.amount_discount == 999
    assert "A month for you" in clean.page(session.url).text
    assert clean.page(session.url, action="pay", email="ana@x.io", **CARD).status == 303
    subscription = api.subscriptions.list().data[0]
    invoice = api.invoices.retrieve(subscription.latest_invoice)
    assert (invoice.subtotal, invoice.total, invoice.amount_due) == (999, 0, 0)
    assert invoice.total_discount_amounts[0].amount == 999
    assert subscription.discounts == []
    assert api.coupons.retrieve(coupon.id).times_redeemed == 1
    upcoming = api.invoices.create_preview({"subscription": subscription.id})
    assert upcoming.total == 999


def test_a_promotion_code_is_typed_on_the_page(api: Any, clean: Any, plans: Any) -> None:
    coupon = api.coupons.create({"amount_off": 300, "currency": "usd", "duration": "once"})
    api.promotion_codes.create(
        {
            "promotion": {"type": "coupon", "coupon": coupon.id},
            "code": "NASSAU",
            "max_redemptions": 1,
        }
    )
    params = session_params(plans.pro, allow_promotion_codes=True)
    session = api.checkout.sessions.create(params)
    late = api.checkout.sessions.create(params)
    assert clean.page(session.url, action="code", code="NOPE").status == 400
    assert "$6.99" in clean.page(session.url, action="code", code="nassau").text
    assert "$6.99" in clean.page(late.url, action="code", code="nassau").text
    assert clean.page(session.url, action="pay", email="ana@x.io", **CARD).status == 303
    assert api.checkout.sessions.retrieve(session.id).amount_total == 699
    assert api.charges.list().data[0].amount == 699
    assert clean.page(late.url).status == 410


def test_annual_plans_bill_by_the_year(api: Any, clean: Any, plans: Any) -> None:
    session = api.checkout.sessions.create(session_params(plans.pro_year))
    assert "$99.00 per year" in clean.page(session.url).text
    clean.page(session.url, action="pay", email="ana@x.io", **CARD)
    item = api.subscriptions.list().data[0]["items"].data[0]
    assert item.current_period_end - item.current_period_start in (365 * 86_400, 366 * 86_400)
    assert api.charges.list().data[0].amount == 9900


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"line_items": []}, "line_items"),
        ({"mode": "payment"}, "mode"),
        ({"allow_promotion_codes": True, "discounts": [{"coupon": "x"}]}, "discounts"),
        ({"customer": "cus_x"}, "customer"),
        ({"line_items": [{"price": "price_x"}]}, "line_items[0][price]"),
    ],
)
def test_a_session_that_could_not_be_paid_is_refused(
    api: Any, plans: Any, change: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        api.checkout.sessions.create({**session_params(plans.pro), **change})
    assert refusal.value.param == param


def test_sessions_expire(api: Any, clean: Any, plans: Any) -> None:
    by_hand = api.checkout.sessions.create(session_params(plans.pro))
    by_time = api.checkout.sessions.create(session_params(plans.pro))
    assert api.checkout.sessions.expire(by_hand.id).status == "expired"
    clean.local("advance", {"seconds": 90_000})
    assert api.checkout.sessions.retrieve(by_time.id).status == "expired"
    assert clean.page(by_time.url or f"{clean.url}/pay/{by_time.id}").status == 410
    assert clean.page(clean.url + "/pay/cs_test_nothing").status == 404


def test_the_portal_does_what_a_customer_wants(
    timeline: Any, clean: Any, plans: Any, visible_text: Any
) -> None:
    api = timeline.api
    subscription = timeline.subscribe(plans.pro)
    session = api.billing_portal.sessions.create(
        {"customer": timeline.customer, "return_url": "http://127.0.0.1:9/account"}
    )
    shown = visible_text(clean.page(session.url).text)
    assert "Pro · active" in shown
    assert "Renews 28 Feb 2026" in shown

    clean.page(session.url, action="cancel", subscription=subscription.id)
    assert api.subscriptions.retrieve(subscription.id).cancel_at_period_end
    assert "Ends 28 Feb 2026" in visible_text(clean.page(session.url).text)
    clean.page(session.url, action="resume", subscription=subscription.id)
    assert not api.subscriptions.retrieve(subscription.id).cancel_at_period_end

    asked = f"{session.url}?subscription={subscription.id}&price={plans.business}"
    preview = visible_text(clean.page(asked).text)
    assert "Unused time on Pro after 31 Jan 2026 -$9.99" in preview
    assert "Total $89.99" in preview  # next month, and what is left of this one, for $49.99 each
    clean.page(session.url, action="switch", subscription=subscription.id, price=plans.business)
    changed = api.subscriptions.retrieve(subscription.id)
    assert changed["items"].data[0].price.id == plans.business

    refused = clean.page(session.url, action="card", **REFUSED)
    assert refused.status == 402
    master = {**CARD, "number": "5555555555554444"}
    assert "4444" in clean.page(session.url, action="card", **master).text
    customer = api.customers.retrieve(
        timeline.customer, {"expand": ["invoice_settings.default_payment_method"]}
    )
    assert customer.invoice_settings.default_payment_method.card.brand == "mastercard"


def test_a_portal_shows_nobody_elses_plan(timeline: Any, clean: Any, plans: Any) -> None:
    theirs = timeline.subscribe(plans.pro)
    stranger = timeline.api.customers.create({"email": "bo@example.com"})
    session = timeline.api.billing_portal.sessions.create({"customer": stranger.id})
    answer = clean.page(session.url, action="cancel", subscription=theirs.id)
    assert answer.status == 404
    assert not timeline.api.subscriptions.retrieve(theirs.id).cancel_at_period_end
    clean.local("advance", {"seconds": 3700})
    assert clean.page(session.url).status == 404
