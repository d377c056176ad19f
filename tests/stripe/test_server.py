"""The server itself: the asynchronous SDK, misbehaviour on demand, restarts, its own doors."""

import asyncio
import json
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import httpx2
import pytest
import stripe


class AsyncTransport(stripe.HTTPClient):
    """The SDK's door for an HTTP library of one's own; it finds none for async calls here."""

    name = "httpx2"

    def __init__(self, client: httpx2.AsyncClient) -> None:
        super().__init__()
        self.client = client

    async def request_async(
        self, method: str, url: str, headers: Any, post_data: Any = None
    ) -> tuple[bytes, int, Any]:
        answer = await self.client.request(method, url, headers=headers, content=post_data)
        return answer.content, answer.status_code, answer.headers


async def test_the_asynchronous_sdk_is_answered_too(clean: Any) -> None:
    async with httpx2.AsyncClient() as http:
        api = clean.client(http_client=AsyncTransport(http)).v1
        made = await asyncio.gather(
            *(api.customers.create_async({"email": f"n{n}@example.com"}) for n in range(10))
        )
        found = await api.customers.list_async({"limit": 4})
        emails = [one.email async for one in found.auto_paging_iter()]
        assert sorted(emails) == sorted(one.email for one in made)
        with pytest.raises(stripe.InvalidRequestError):
            await api.customers.retrieve_async("cus_nobody")


def test_it_fails_as_often_as_told_and_the_sdk_recovers(clean: Any) -> None:
    clean.local("behaviour", {"status": 503, "count": 1})
    with pytest.raises(stripe.APIError) as failure:
        clean.client(max_network_retries=0).v1.customers.list()
    assert failure.value.http_status == 503
    clean.local("behaviour", {"status": 500, "count": 1})
    api = clean.client(max_network_retries=2).v1
    api.customers.create({"email": "ana@example.com"})
    assert len(api.customers.list().data) == 1


def test_it_is_slow_when_told_and_answers_others_meanwhile(clean: Any) -> None:
    clean.local("behaviour", {"delay_s": 60})
    impatient = clean.client(http_client=stripe.RequestsClient(timeout=0.3), max_network_retries=0)
    with pytest.raises(stripe.APIConnectionError):
        impatient.v1.customers.list()
    assert clean.local("health")["now"] > 0
    clean.local("behaviour", {})
    assert clean.client().v1.customers.list().data == []


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("advance", {"seconds": -5}),
        ("advance", {"seconds": True}),
        ("advance", {"minutes": 5}),
        ("behaviour", {"status": 200}),
        ("hold", {"held": "yes"}),
        ("deliver", {"forge": "everything"}),
        ("deliver", {"events": "evt_1"}),
        ("reset", ["all"]),
    ],
)
def test_control_routes_say_what_they_take(clean: Any, route: str, body: Any) -> None:
    with pytest.raises(AssertionError, match="invalid_request_error"):
        clean.local(route, body)


def test_a_web_page_elsewhere_cannot_work_the_controls(clean: Any, api: Any) -> None:
    api.customers.create({"email": "ana@example.com"})
    simple = urllib.request.Request(  # noqa: S310 - what a page may send without being asked
        f"{clean.url}/_local/reset", b"{}", {"Content-Type": "text/plain"}
    )
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(simple, timeout=10)  # noqa: S310
    refusal.value.close()
    assert refusal.value.code == 400
    assert len(api.customers.list().data) == 1


def test_pages_forbid_scripts_frames_and_caches(clean: Any) -> None:
    answer = clean.page(clean.url + "/pay/cs_test_nothing")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_people_type_is_text_and_not_page(clean: Any, api: Any, plans: Any) -> None:
    session = api.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": plans.pro}],
            "success_url": "http://127.0.0.1:9/",
        }
    )
    evil = '"><script>alert(1)</script>'
    page = clean.page(session.url, action="pay", email=evil, number="1", expiry="1/40", cvc="123")
    assert page.status == 400
    assert "<script" not in page.text


@pytest.fixture
def starts(tmp_path: Path, start: Any) -> Any:
    """Start servers that share a state file; all are stopped at the end."""
    running = []

    def begin(**environment: str) -> Any:
        server = start(
            tmp_path / "server.log",
            STRIPE_STATE_FILE=str(tmp_path / "state.json"),
            STRIPE_WEBHOOK_BACKOFF_SECONDS="0.05",
            **environment,
        )
        running.append(server)
        return server

    yield begin
    for server in running:
        server.stop()


def test_a_restart_keeps_everything_and_delivers_what_was_pending(
    starts: Any, receiver: Any
) -> None:
    receiver.secret = "whsec_from_the_environment"
    hook = {"STRIPE_WEBHOOK_URL": receiver.url, "STRIPE_WEBHOOK_SECRET": receiver.secret}
    first = starts(
        STRIPE_SECRET_KEY="sk_test_mine", STRIPE_PUBLIC_URL="http://pay.local:1/", **hook
    )
    with pytest.raises(stripe.AuthenticationError):
        first.client("sk_test_other").v1.customers.list()
    api = first.client("sk_test_mine").v1
    first.local("hold", {"held": True})
    made = api.customers.create({"email": "ana@example.com"}, {"idempotency_key": "k"})
    portal = api.billing_portal.sessions.create({"customer": made.id})
    assert portal.url.startswith("http://pay.local:1/portal/")
    first.local("advance", {"seconds": 1000})
    first.stop()
    assert receiver.bodies == []

    second = starts(**hook)
    api = second.client("sk_test_mine").v1
    assert (
        api.customers.create({"email": "ana@example.com"}, {"idempotency_key": "k"}).id == made.id
    )
    assert api.customers.retrieve(made.id).email == "ana@example.com"
    again = api.customers.create({"email": "ana@example.com"}, {"idempotency_key": "other"})
    assert again.id != made.id
    assert second.local("health")["offset"] == 1000
    deadline = time.monotonic() + 60
    while len(receiver.bodies) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [event.data.object.id for event in receiver.events()] == [made.id, again.id]


def test_a_snapshot_of_another_version_is_refused(starts: Any, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(json.dumps({"version": 99}))
    with pytest.raises(pytest.fail.Exception, match="version 99"):
        starts()


def test_a_webhook_address_elsewhere_stops_the_start(starts: Any) -> None:
    with pytest.raises(pytest.fail.Exception, match="Webhooks go over http"):
        starts(STRIPE_WEBHOOK_URL="http://example.com/hook", STRIPE_WEBHOOK_SECRET="whsec_x")


def test_the_state_is_written_while_it_runs(starts: Any, tmp_path: Path) -> None:
    server = starts()
    server.client().v1.customers.create({"email": "ana@example.com"})
    state, deadline = tmp_path / "state.json", time.monotonic() + 60
    while not (state.exists() and "ana@example.com" in state.read_text()):
        assert time.monotonic() < deadline, "it was not written"
        time.sleep(0.05)
