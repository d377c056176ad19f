"""Webhooks: signed, retried, and spoiled on purpose. The SDK checks every signature."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

Settled = Callable[[], None]


def listen(api: Any, receiver: Any, *types: str) -> Any:
    endpoint = api.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": list(types) or ["*"]}
    )
    receiver.secret = endpoint.secret
    return endpoint


def test_events_arrive_signed_and_in_order(api: Any, receiver: Any, settled: Settled) -> None:
    endpoint = listen(api, receiver)
    assert endpoint.secret.startswith("whsec_")
    customer = api.customers.create({"email": "ana@example.com"})
    api.customers.update(customer.id, {"name": "Ana"})
    settled()
    events = receiver.events()
    assert [event.type for event in events] == ["customer.created", "customer.updated"]
    created, updated = events
    assert created.data.object.name is None
    assert updated.data.object.name == "Ana"
    assert updated.data.previous_attributes.to_dict() == {"name": None}
    assert updated.request.id.startswith("req_")
    assert api.events.retrieve(updated.id).pending_webhooks == 0
    assert api.webhook_endpoints.retrieve(endpoint.id).to_dict().get("secret") is None


def test_a_wrong_secret_or_a_changed_body_is_seen(
    api: Any, receiver: Any, settled: Settled
) -> None:
    listen(api, receiver)
    api.customers.create({"email": "ana@example.com"})
    settled()
    body, header = receiver.bodies[0], receiver.signatures[0]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, header, "whsec_other")  # type: ignore[no-untyped-call]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(  # type: ignore[no-untyped-call]
            body.replace(b"ana@", b"eve@"), header, receiver.secret
        )


def test_an_endpoint_gets_only_what_it_asked_for(
    api: Any, receiver: Any, settled: Settled, plans: Any
) -> None:
    endpoint = listen(api, receiver, "invoice.payment_succeeded", "customer.subscription.created")
    card = {"default_payment_method": "pm_card_visa"}
    customer = api.customers.create({"payment_method": "pm_card_visa", "invoice_settings": card})
    api.subscriptions.create({"customer": customer.id, "items": [{"price": plans.pro}]})
    settled()
    assert receiver.types() == ["customer.subscription.created", "invoice.payment_succeeded"]
    api.webhook_endpoints.update(endpoint.id, {"disabled": True})
    api.invoice_items.create({"customer": customer.id, "amount": 100, "currency": "usd"})
    assert api.webhook_endpoints.delete(endpoint.id).deleted
    assert api.webhook_endpoints.list().data == []
    settled()
    assert len(receiver.bodies) == 2


def test_a_failing_receiver_is_tried_again(
    api: Any, receiver: Any, settled: Settled, clean: Any
) -> None:
    listen(api, receiver)
    receiver.refusals = 2
    api.customers.create({"email": "ana@example.com"})
    settled()
    assert len(receiver.events()) == 1
    delivery = clean.local("deliveries?type=customer.created")["deliveries"][0]
    assert delivery["state"] == "delivered"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 500, 200]
    moments = [attempt["at"] for attempt in delivery["attempts"]]
    assert moments[2] - moments[1] > moments[1] - moments[0]


def test_a_failed_delivery_does_not_hold_up_the_next(
    api: Any, receiver: Any, settled: Settled
) -> None:
    listen(api, receiver)
    receiver.refusals = 1
    customer = api.customers.create({"email": "ana@example.com"})
    api.customers.update(customer.id, {"name": "Ana"})
    settled()
    assert receiver.types() == ["customer.updated", "customer.created"]


def test_events_are_repeated_and_turned_around_on_purpose(
    api: Any, receiver: Any, settled: Settled, clean: Any
) -> None:
    listen(api, receiver)
    customer = api.customers.create({"email": "ana@example.com"})
    api.customers.update(customer.id, {"name": "Ana"})
    settled()
    names = [event.id for event in receiver.events()]
    sent = clean.local("deliver", {"events": names, "repeat": 2, "order": "reversed"})["sent"]
    assert [one["status"] for one in sent] == [200] * 4
    again = receiver.events()[2:]
    assert [event.id for event in again] == [*names[::-1], *names[::-1]]


@pytest.mark.parametrize("forge", ["secret", "tampered", "stale", "unsigned"])
def test_forged_events_fail_the_sdks_check(
    api: Any, receiver: Any, settled: Settled, clean: Any, forge: str
) -> None:
    listen(api, receiver)
    api.customers.create({"email": "ana@example.com"})
    settled()
    name = receiver.events()[0].id
    clean.local("deliver", {"events": [name], "forge": forge})
    with pytest.raises(stripe.SignatureVerificationError):
        receiver.events()
    receiver.bodies.pop()
    receiver.signatures.pop()
    assert [event.id for event in receiver.events()] == [name]


def test_events_are_held_back_and_let_go(
    api: Any, receiver: Any, settled: Settled, clean: Any
) -> None:
    listen(api, receiver)
    clean.local("hold", {"held": True})
    customer = api.customers.create({"email": "ana@example.com"})
    api.customers.update(customer.id, {"name": "Ana"})
    assert clean.local("deliveries")["pending"] == 2
    late = api.events.list({"type": "customer.updated"}).data[0]
    assert late.pending_webhooks == 1
    clean.local("deliver", {"events": [late.id]})
    assert receiver.types() == ["customer.updated"]
    clean.local("hold", {"held": False})
    settled()
    assert receiver.types() == ["customer.updated", "customer.created", "customer.updated"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "http://93.184.216.34/hook",
        "http://169.254.169.254/latest",
        "http://10.0.0.5/hook",
        "https://127.0.0.1/hook",
        "ftp://127.0.0.1/hook",
        "http://me@127.0.0.1/hook",
        "http://2130706433/hook",
        "http://127.0.0.1:99999/hook",
        "nonsense",
    ],
)
def test_webhooks_never_leave_this_machine(api: Any, url: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        api.webhook_endpoints.create({"url": url, "enabled_events": ["*"]})
    assert (refusal.value.code, refusal.value.param) == ("url_invalid", "url")


@pytest.mark.parametrize(
    "url", ["http://backend:8000/hook", "http://[::1]:1/h", "http://localhost/h"]
)
def test_services_and_loopback_are_fine_targets(api: Any, url: str) -> None:
    assert api.webhook_endpoints.create({"url": url, "enabled_events": ["*"]}).url == url
