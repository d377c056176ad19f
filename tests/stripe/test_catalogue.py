"""Products, prices, customers; errors, pages of lists, idempotency: the API's manners."""

from typing import Any

import pytest
import stripe


def test_a_price_is_found_by_its_lookup_key(api: Any, plans: Any) -> None:
    found = api.prices.list({"lookup_keys": ["pro-month"], "expand": ["data.product"]})
    assert [price.id for price in found.data] == [plans.pro]
    price = found.data[0]
    assert (price.unit_amount, price.recurring.interval) == (999, "month")
    assert price.product.name == "Pro"
    yearly = api.prices.list({"lookup_keys": ["pro yearly-year"]}).data[0]
    assert (yearly.unit_amount, yearly.recurring.interval) == (9900, "year")


def test_a_lookup_key_moves_only_when_told_to(api: Any, plans: Any) -> None:
    described = {
        "product": api.products.list().data[0].id,
        "currency": "usd",
        "unit_amount": 1099,
        "recurring": {"interval": "month"},
        "lookup_key": "pro-month",
    }
    with pytest.raises(stripe.InvalidRequestError, match="already uses"):
        api.prices.create(described)
    moved = api.prices.create({**described, "transfer_lookup_key": True})
    assert api.prices.retrieve(plans.pro).lookup_key is None
    assert moved.lookup_key == "pro-month"


def test_a_product_changes_and_keeps_the_metadata_not_named(api: Any) -> None:
    product = api.products.create({"name": "Pro", "metadata": {"tier": "pro", "old": "1"}})
    changed = api.products.update(
        product.id, {"name": "Pro plus", "metadata": {"old": "", "new": "2"}}
    )
    assert changed.name == "Pro plus"
    assert changed.metadata.to_dict() == {"tier": "pro", "new": "2"}


def test_customers_are_found_by_email_and_forgotten(api: Any) -> None:
    ana = api.customers.create({"email": "ana@example.com", "name": "Ana", "metadata": {"id": "7"}})
    api.customers.create({"email": "bo@example.com"})
    assert [one.id for one in api.customers.list({"email": "ana@example.com"}).data] == [ana.id]
    assert api.customers.update(ana.id, {"name": "Ana B."}).name == "Ana B."
    assert api.customers.retrieve(ana.id).metadata["id"] == "7"
    assert api.customers.delete(ana.id).deleted
    assert api.customers.list({"email": "ana@example.com"}).data == []
    assert api.customers.retrieve(ana.id).deleted
    with pytest.raises(stripe.InvalidRequestError) as gone:
        api.customers.update(ana.id, {"name": "Ana"})
    assert gone.value.http_status == 404


def test_pages_walk_through_all_rows_newest_first(api: Any) -> None:
    made = [api.customers.create({"email": f"n{n}@example.com"}).id for n in range(7)]
    first = api.customers.list({"limit": 3})
    assert [one.id for one in first.data] == made[:3:-1]
    assert first.has_more
    second = api.customers.list({"limit": 3, "starting_after": first.data[-1].id})
    back = api.customers.list({"limit": 3, "ending_before": second.data[0].id})
    assert [one.id for one in back.data] == [one.id for one in first.data]
    assert not back.has_more
    assert [one.id for one in first.auto_paging_iter()] == made[::-1]
    last = api.customers.list({"limit": 3, "starting_after": made[1]})
    assert ([one.id for one in last.data], last.has_more) == (made[:1], False)
    exact = api.customers.list({"limit": 7})
    assert not exact.has_more


@pytest.mark.parametrize("limit", [0, 101])
def test_a_page_has_1_to_100_rows(api: Any, limit: int) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        api.customers.list({"limit": limit})
    assert refusal.value.param == "limit"


def test_lists_are_narrowed_by_time(api: Any) -> None:
    made = api.customers.create({"email": "ana@example.com"})
    assert api.customers.list({"created": {"gte": made.created}}).data
    assert not api.customers.list({"created": {"gt": made.created + 60}}).data


def test_errors_come_in_stripes_shape(api: Any, clean: Any) -> None:
    with pytest.raises(stripe.AuthenticationError):
        clean.client("sk_live_abc").v1.customers.list()
    unsigned = clean.page(f"{clean.url}/v1/customers")
    assert unsigned.status == 401
    assert "API key" in unsigned.json()["error"]["message"]
    with pytest.raises(stripe.InvalidRequestError) as missing:
        api.customers.retrieve("cus_nobody")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")
    assert missing.value.param == "id"
    assert missing.value.request_id.startswith("req_")
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        api.customers.create({"colour": "red"})
    assert (unknown.value.code, unknown.value.param) == ("parameter_unknown", "colour")
    with pytest.raises(stripe.InvalidRequestError) as lacking:
        api.products.create({})
    assert (lacking.value.code, lacking.value.param) == ("parameter_missing", "name")
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        api.account_links.create({"account": "acct_1", "type": "account_onboarding"})
    api.customers.create({"email": "ana@example.com"})
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        api.customers.list({"expand": ["data.colour"]})


def test_a_refused_card_is_a_402_with_its_reason(api: Any) -> None:
    customer = api.customers.create({"email": "ana@example.com"})
    with pytest.raises(stripe.CardError) as refusal:
        api.payment_methods.attach("pm_card_visa_chargeDeclined", {"customer": customer.id})
    assert (refusal.value.http_status, refusal.value.code) == (402, "card_declined")
    assert refusal.value.error.decline_code == "generic_decline"
    with pytest.raises(stripe.CardError) as poor:
        api.payment_intents.create(
            {
                "amount": 999,
                "currency": "usd",
                "customer": customer.id,
                "payment_method": "pm_card_chargeCustomerFail",
                "confirm": True,
            }
        )
    intent = poor.value.error.payment_intent
    assert intent.status == "requires_payment_method"
    charge = api.charges.retrieve(intent.latest_charge)
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, "card_declined")


def test_a_card_belongs_to_one_customer(api: Any) -> None:
    ana, bo = (api.customers.create({"email": f"{name}@example.com"}) for name in ("ana", "bo"))
    card = api.payment_methods.attach("pm_card_visa", {"customer": ana.id})
    with pytest.raises(stripe.InvalidRequestError, match="another customer"):
        api.payment_methods.attach(card.id, {"customer": bo.id})
    with pytest.raises(stripe.InvalidRequestError, match="another customer"):
        api.payment_intents.create(
            {
                "amount": 999,
                "currency": "usd",
                "customer": bo.id,
                "payment_method": card.id,
                "confirm": True,
            }
        )
    settings = {"invoice_settings": {"default_payment_method": card.id}}
    with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method"):
        api.customers.update(bo.id, settings)
    api.customers.update(ana.id, settings)
    assert api.payment_methods.detach(card.id).customer is None
    assert api.customers.retrieve(ana.id).invoice_settings.default_payment_method is None


def test_only_test_cards_are_taken(api: Any) -> None:
    card = {"number": "4111111111111111", "exp_month": 1, "exp_year": 2040, "cvc": "123"}
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        api.payment_methods.create({"type": "card", "card": card})
    assert refusal.value.code == "incorrect_number"


def test_a_payment_is_refunded_in_parts_but_never_beyond(api: Any) -> None:
    customer = api.customers.create({"email": "ana@example.com"})
    intent = api.payment_intents.create(
        {
            "amount": 999,
            "currency": "usd",
            "customer": customer.id,
            "payment_method": "pm_card_visa",
            "confirm": True,
            "expand": ["latest_charge"],
        }
    )
    assert (intent.status, intent.amount_received) == ("succeeded", 999)
    assert intent.latest_charge.payment_method_details.card.last4 == "4242"
    api.refunds.create({"payment_intent": intent.id, "amount": 400})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        api.refunds.create({"charge": intent.latest_charge.id, "amount": 600})
    api.refunds.create({"charge": intent.latest_charge.id})
    charge = api.charges.retrieve(intent.latest_charge.id, {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded) == (999, True)
    assert [refund.amount for refund in charge.refunds.data] == [599, 400]
    with pytest.raises(stripe.InvalidRequestError) as again:
        api.refunds.create({"charge": charge.id})
    assert again.value.code == "charge_already_refunded"


def test_one_idempotency_key_does_one_thing(api: Any) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "order-7"}
    first = api.customers.create({"email": "ana@example.com"}, options)
    again = api.customers.create({"email": "ana@example.com"}, options)
    assert first.id == again.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(api.customers.list().data) == 1
    with pytest.raises(stripe.IdempotencyError) as conflict:
        api.customers.create({"email": "bo@example.com"}, options)
    assert conflict.value.http_status == 400
    assert conflict.value.error.type == "idempotency_error"
    with pytest.raises(stripe.IdempotencyError):
        api.products.create({"name": "Pro"}, options)
    assert len(api.customers.list().data) == 1


def test_a_refused_parameter_does_not_use_up_the_key_but_a_refused_card_does(api: Any) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "try-again"}
    with pytest.raises(stripe.InvalidRequestError):
        api.customers.create({"email": "nonsense"}, options)
    assert api.customers.create({"email": "ana@example.com"}, options).email == "ana@example.com"
    charge = {
        "amount": 999,
        "currency": "usd",
        "payment_method": "pm_card_visa_chargeDeclined",
        "confirm": True,
    }
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            api.payment_intents.create(charge, {"idempotency_key": "charge"})
    assert len(api.payment_intents.list().data) == 1


def test_metadata_and_expansion_reach_across_objects(timeline: Any, plans: Any) -> None:
    made = timeline.subscribe(plans.pro, metadata={"user": "7"})
    found = timeline.api.subscriptions.retrieve(
        made.id,
        {
            "expand": [
                "customer",
                "items.data.price.product",
                "latest_invoice.payments.data.payment.payment_intent",
            ]
        },
    )
    assert found.customer.email == "ana@example.com"
    assert found["items"].data[0].price.product.name == "Pro"
    payment = found.latest_invoice.payments.data[0]
    assert (payment.status, payment.payment.payment_intent.status) == ("paid", "succeeded")
    assert found.latest_invoice.parent.subscription_details.metadata["user"] == "7"
