"""Every object answers with the fields of its fixture, and the fixtures with Stripe's."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from stack.stripe.objects import API_VERSION, template

FIXTURES = Path(__file__).parents[2] / "stack/stripe/fixtures"
KINDS = sorted(path.name.removesuffix(".json") for path in FIXTURES.glob("*.json"))
PUBLISHED = Path(__file__).parents[3] / "shared/stripe/fixtures3.json"

WHEN_ASKED = {
    "checkout.session": {"line_items"},
    "invoice": {"payments", "confirmation_secret"},
    "customer": {"subscriptions"},
    "charge": {"refunds"},
    "payment_method": {"card"},
    "webhook_endpoint": {"secret"},
}
"""Fields that come only when expanded, or at creation."""

CLASSES = {
    "billing_portal.session": stripe.billing_portal.Session,
    "checkout.session": stripe.checkout.Session,
    "customer_balance_transaction": stripe.CustomerBalanceTransaction,
    "invoice_payment": stripe.InvoicePayment,
    "invoiceitem": stripe.InvoiceItem,
    "item": stripe.LineItem,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "promotion_code": stripe.PromotionCode,
    "subscription_item": stripe.SubscriptionItem,
    "test_helpers.test_clock": stripe.test_helpers.TestClock,
    "webhook_endpoint": stripe.WebhookEndpoint,
}


def class_of(kind: str) -> Any:
    return CLASSES.get(kind) or getattr(stripe, kind.capitalize())


def inside(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of Stripe's within an answer."""
    if isinstance(value, dict):
        if value.get("object") in KINDS and not value.get("deleted"):
            yield value
        for inner in value.values():
            yield from inside(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from inside(inner)


@pytest.fixture(scope="module")
def answers(server: Any) -> dict[str, list[dict[str, Any]]]:
    """Objects of every kind, as a life with all of it leaves them."""
    server.local("reset", {})
    api = server.client().v1
    api.webhook_endpoints.create({"url": "http://127.0.0.1:9/x", "enabled_events": ["x"]})
    product = api.products.create({"name": "Pro"})
    price = api.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount": 999,
            "recurring": {"interval": "month"},
        }
    )
    coupon = api.coupons.create({"percent_off": 10, "duration": "forever"})
    api.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    clock = api.test_helpers.test_clocks.create({"frozen_time": 1_769_817_600})
    card = {"default_payment_method": "pm_card_visa"}
    customer = api.customers.create(
        {"test_clock": clock.id, "payment_method": "pm_card_visa", "invoice_settings": card}
    )
    api.customers.balance_transactions.create(customer.id, {"amount": -5, "currency": "usd"})
    subscription = api.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "discounts": [{"coupon": coupon.id}],
        }
    )
    api.refunds.create({"charge": api.charges.list().data[0].id, "amount": 1})
    api.invoice_items.create({"customer": customer.id, "amount": 100, "currency": "usd"})
    api.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": price.id}],
            "success_url": "http://127.0.0.1:9/",
        }
    )
    lists = [
        api.customers.list({"expand": ["data.subscriptions"]}),
        api.products.list(),
        api.prices.list(),
        api.coupons.list(),
        api.promotion_codes.list(),
        api.checkout.sessions.list({"expand": ["data.line_items"]}),
        api.billing_portal.sessions.create({"customer": customer.id}),
        api.subscriptions.list({"expand": ["data.discounts"]}),
        api.subscription_items.list({"subscription": subscription.id}),
        api.invoices.list({"expand": ["data.payments"]}),
        api.invoices.create_preview({"subscription": subscription.id}),
        api.invoice_items.list(),
        api.payment_intents.list(),
        api.charges.list({"expand": ["data.refunds"]}),
        api.payment_methods.list({"customer": customer.id}),
        api.customers.balance_transactions.list(customer.id),
        api.events.list({"limit": 100}),
        api.webhook_endpoints.list(),
        api.test_helpers.test_clocks.list(),
    ]
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for answer in lists:
        for one in inside(json.loads(str(answer))):
            found[one["object"]].append(one)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_object_has_its_fixtures_fields(
    answers: dict[str, list[dict[str, Any]]], kind: str
) -> None:
    shape = template(kind)
    assert answers[kind], f"no {kind} was answered"
    for one in answers[kind]:
        assert one.keys() - WHEN_ASKED.get(kind, set()) == shape.keys() - WHEN_ASKED.get(
            kind, set()
        )
        for name, resting in shape.items():
            if isinstance(resting, dict) and resting and one[name] is not None:
                assert resting.keys() <= one[name].keys(), name


@pytest.mark.parametrize("kind", KINDS)
def test_the_sdk_knows_every_field_of_a_fixture(kind: str) -> None:
    known = class_of(kind).__annotations__.keys()
    assert template(kind).keys() <= known


@pytest.mark.parametrize("kind", KINDS)
def test_the_fixtures_have_the_fields_stripe_publishes(kind: str) -> None:
    if not PUBLISHED.exists():
        pytest.skip("Stripe's published fixtures are not beside this checkout")
    published = json.loads(PUBLISHED.read_text())["resources"][kind]
    known = class_of(kind).__annotations__.keys()
    assert template(kind).keys() == published.keys() & known


def test_periods_stand_on_the_items_as_in_this_version(
    answers: dict[str, list[dict[str, Any]]],
) -> None:
    assert stripe.api_version == API_VERSION
    for item in answers["subscription_item"]:
        assert item["current_period_start"] < item["current_period_end"]
    assert all("current_period_end" not in one for one in answers["subscription"])
