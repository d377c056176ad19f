"""Events come twice, late, out of order, and from people who are not Stripe."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.app.conftest import MakeSettings
from tests.app.life import Person, problem, running_app
from tests.app.till import KEY, Till, eventually

_TABLES = {
    "subscriptions": "stripe_subscription_id",
    "payments": "stripe_invoice_id",
    "referrals": "referee_id",
}


def _all(till: Till) -> dict[str, list[dict[str, Any]]]:
    """Everything billing has written, but for when."""
    return {
        table: [
            {name: value for name, value in row.items() if name != "updated_at"}
            for row in till.rows(f"SELECT * FROM {table} ORDER BY {order}")  # noqa: S608
        ]
        for table, order in _TABLES.items()
    }


async def _lived(till: Till) -> Person:
    """Someone whose subscription has seen something: trial, upgrade, a renewal, an end."""
    person = await till.person()
    await till.subscribe(person)
    await person.post("/subscriptions/change", tier="business", expect=200)
    await till.days(32)
    await person.post("/subscriptions/cancel", expect=200)
    await till.settled()
    return person


async def test_events_again_and_in_any_order_change_nothing(till: Till) -> None:
    person = await _lived(till)
    before, own = _all(till), await till.own(person)
    for order in ("reversed", "shuffled"):
        # As if never seen: each is dealt with again, so the order is what is tested.
        till.rows("UPDATE stripe_events SET processed_at = NULL")
        answer = await till.control("deliver", repeat=2, order=order)
        assert {each["status"] for each in answer["sent"]} == {200}
        assert _all(till) == before
    assert await till.own(person) == own
    assert till.rows("SELECT id FROM stripe_events WHERE processed_at IS NULL") == []


async def test_what_arrives_only_backwards_ends_the_same(till: Till) -> None:
    person = await till.person()
    page = await person.post("/subscriptions/checkout", tier="pro", expect=200)
    await till.control("hold", held=True)
    assert (await till.pay(page.json()["url"])).status_code == 303
    await till.control("advance", seconds=8 * 86_400)
    assert (await till.own(person))["tier"] == "free"
    answer = await till.control("deliver", order="reversed")
    assert {each["status"] for each in answer["sent"]} == {200}
    own = await till.own(person)
    assert (own["tier"], own["status"]) == ("pro", "active")
    assert [payment["status"] for payment in await till.paid(person)] == ["paid"]


async def test_an_event_is_dealt_with_once(till: Till) -> None:
    await _lived(till)
    rows = till.rows("SELECT id, attempts, processed_at FROM stripe_events")
    assert {row["attempts"] for row in rows} == {1}
    sent = [row["id"] for row in rows][:3]
    await till.control("deliver", events=sent, repeat=2)
    again = till.rows("SELECT id, attempts, processed_at FROM stripe_events")
    before = {row["id"]: row["processed_at"] for row in rows}
    assert {row["id"]: row["processed_at"] for row in again} == before
    assert sorted(row["attempts"] for row in again if row["id"] in sent) == [3, 3, 3]


@pytest.mark.parametrize("forge", ["secret", "tampered", "stale", "unsigned"])
async def test_forged_events_are_refused_and_leave_no_trace(till: Till, forge: str) -> None:
    person = await till.person()
    await till.control("hold", held=True)
    page = await person.post("/subscriptions/checkout", tier="pro", expect=200)
    assert (await till.pay(page.json()["url"])).status_code == 303
    answer = await till.control("deliver", forge=forge)
    assert {each["status"] for each in answer["sent"]} == {400}
    assert len(answer["sent"]) > 3
    assert (await till.own(person))["tier"] == "free"
    assert till.rows("SELECT id FROM stripe_events") == []


async def test_a_body_that_is_no_event_is_refused(till: Till) -> None:
    for body in (b"", b"{}", b"not json", b"\xff\xfe"):
        answer = await till.client.post(
            "/subscriptions/webhook",
            content=body,
            headers={"stripe-signature": "t=1,v1=00"},
        )
        problem(answer, 400, "invalid_signature")


async def test_an_event_that_fails_is_sent_again_until_it_succeeds(till: Till) -> None:
    person = await till.person()
    page = await person.post("/subscriptions/checkout", tier="pro", expect=200)
    await till.control("hold", held=True)
    assert (await till.pay(page.json()["url"])).status_code == 303
    # The app cannot ask what is true: the first deliveries fail.
    await till.control("behaviour", status=500, count=2)
    await till.control("hold", held=False)
    await till.settled()
    told = (await till.control("deliveries"))["deliveries"]
    refused = [one for one in told if len(one["attempts"]) > 1]
    assert refused
    assert {one["attempts"][0]["status"] for one in refused} == {503}
    assert {one["state"] for one in told} == {"delivered"}
    assert (await till.own(person))["tier"] == "pro"
    assert till.rows("SELECT id FROM stripe_events WHERE processed_at IS NULL") == []


async def test_news_of_one_person_arriving_together_end_as_stripe_has_them(till: Till) -> None:
    person = await till.person()
    await till.subscribe(person)
    held = (await till.api("subscriptions"))["data"][0]
    # Turned on and off many times over while the events of it are under way.
    for turn in range(6):
        asked = {"cancel_at_period_end": "true" if turn % 2 == 0 else "false"}
        await till.api(f"subscriptions/{held['id']}", **asked)
    events = [
        one["id"]
        for one in (await till.api("events?limit=50"))["data"]
        if one["type"] == "customer.subscription.updated"
    ]
    await till.settled()
    till.rows("UPDATE stripe_events SET processed_at = NULL")
    await asyncio.gather(
        *(till.control("deliver", events=[event]) for event in events for _ in range(2)),
        till.api(f"subscriptions/{held['id']}", cancel_at_period_end="true"),
    )
    await till.settled()
    assert (await till.own(person))["cancel_at_period_end"] is True


async def test_older_news_are_not_written_over_newer(
    till: Till, till_ports: tuple[int, int], make_settings: MakeSettings
) -> None:
    person = await till.person()
    await till.subscribe(person)
    held = (await till.api("subscriptions"))["data"][0]
    settings = make_settings(
        stripe_secret_key=KEY, stripe_api_url=f"http://127.0.0.1:{till_ports[1]}"
    )
    async with running_app(settings) as other:
        billing = other.board.billing
        ask, asked = billing.stripe.ask, 0

        async def ask_and_dawdle(call: Any) -> Any:
            nonlocal asked
            asked += 1
            is_first = asked == 1
            answer = await ask(call)
            if is_first:
                # What was answered grows old: Stripe changes, and the event of it is dealt with.
                await till.api(f"subscriptions/{held['id']}", cancel_at_period_end="true")
                await till.settled()
                assert (await till.own(person))["cancel_at_period_end"] is True
            return answer

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(billing.stripe, "ask", ask_and_dawdle)
            await billing.refresh(person.id)
    assert (await till.own(person))["cancel_at_period_end"] is True


async def test_events_about_strangers_are_taken_and_forgotten(till: Till) -> None:
    await till.api("customers", email="stranger@example.com")
    made = (await till.api("customers"))["data"][0]
    await till.api(f"customers/{made['id']}", name="Stranger")
    await till.settled()
    told = (await till.control("deliveries"))["deliveries"]
    assert {one["state"] for one in told} == {"delivered"}
    assert till.rows("SELECT user_id FROM billing_accounts") == []


async def test_events_pass_however_many_come_from_one_address(till: Till) -> None:
    async def knock() -> int:
        answer = await till.client.post("/subscriptions/webhook", content=b"{}")
        return answer.status_code

    # A few at a time: all at once could be more than one worker takes on.
    for _ in range(10):
        assert set(await asyncio.gather(*(knock() for _ in range(15)))) == {400}


@asynccontextmanager
async def unanswering(till: Till) -> AsyncIterator[None]:
    """Stripe takes calls and does not answer; afterwards it does, and buying goes again."""
    await till.control("behaviour", delay_s=30)
    try:
        yield
    finally:
        await till.stripe.post("/_local/behaviour", json={})
        person = await till.person()

        async def back() -> bool:
            return (await person.post("/subscriptions/checkout", tier="pro")).status_code == 200

        await eventually(back, what="buying goes again")


async def test_stripe_down_takes_only_what_needs_it(till: Till) -> None:
    person, subscriber = await till.person(), await till.person()
    people = [await till.person() for _ in range(30)]
    await till.subscribe(subscriber)
    async with unanswering(till):
        loop = asyncio.get_running_loop()
        answers = []
        for _ in range(5):
            began = loop.time()
            answer = await person.post("/subscriptions/checkout", tier="pro")
            answers.append((answer, loop.time() - began))
        for answer, _ in answers:
            problem(answer, 503, "billing_unavailable")
            assert int(answer.headers["retry-after"]) >= 1
        # After a few that waited in vain, nobody waits.
        assert min(took for _, took in answers) < 0.5
        problem(await subscriber.post("/subscriptions/cancel"), 503, "billing_unavailable")
        assert (await till.own(subscriber))["tier"] == "pro"
        await subscriber.get("/subscriptions/payments")
        assert (await till.client.get("/subscriptions/tiers")).status_code == 200
        assert (await till.client.get("/jobs")).status_code == 200
        # However many wait for Stripe, they hold no connection that others need.
        buying = [
            asyncio.create_task(one.post("/subscriptions/checkout", tier="pro")) for one in people
        ]
        for _ in range(5):
            answer = await person.patch("/users/me", headline="Still here")
            assert answer.status_code == 200
        assert {(await each).status_code for each in buying} == {503}


async def test_a_stripe_that_forgot_everything_is_started_anew(till: Till) -> None:
    person = await till.person()
    await person.post("/subscriptions/checkout", tier="pro", expect=200)
    await till.stripe.post("/_local/reset", json={})
    own = await till.subscribe(person, "business", trial=True)
    assert (own["tier"], own["status"]) == ("business", "trialing")


async def test_the_inbox_tells_nothing_about_people(till: Till) -> None:
    await _lived(till)
    rows = till.rows("SELECT * FROM stripe_events")
    assert "example.com" not in json.dumps(rows, default=str)
    assert set(rows[0]) == {
        "id",
        "type",
        "created_at",
        "received_at",
        "attempts",
        "processed_at",
    }
