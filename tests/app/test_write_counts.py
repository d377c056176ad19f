"""How many statements each call that changes something sends: the same for one thing as for many.

The tables in `access/` say how many, beside what to send. A call without a word of it fails.
"""

import hashlib
import hmac
import json
import time
from collections import defaultdict
from collections.abc import Awaitable

import httpx2
import pytest

from reference_app.assembly import create_app
from reference_app.notifications import service as notifications
from tests.app.calls import (
    PAYMENTS,
    TABLES,
    Row,
    calls,
    prepared,
    rows,
    shake_hands,
    the_person,
    ticket,
)
from tests.app.conftest import MakeSettings, RunApp
from tests.app.lists import fill
from tests.app.openid_provider import openid_provider
from tests.app.scene import Scene
from tests.app.statements import counted
from tests.app.teams import read_letters
from tests.app.till import KEY, WEBHOOK_SECRET, Till

_MANY = 12
_ROWS = [row for table in TABLES for row in rows(table)]
_BUYING = {"checkout": 7, "webhook": 10, "portal": 1, "change": 11, "cancel": 11, "reactivate": 11}
"""What takes somebody who buys, and so Stripe: /subscriptions/..., and its statements."""


def test_no_write_is_left_uncounted(make_settings: MakeSettings) -> None:
    routes = create_app(make_settings()).router.routes
    writes = {call for route in routes for call in calls(route) if not call.startswith("GET ")}
    counted_here = {row.call for row in _ROWS if row.statements is not None}
    assert writes == counted_here | {f"POST /api/v1/subscriptions/{step}" for step in _BUYING}


async def test_a_write_sends_what_the_table_says_however_much_there_is(
    run_app: RunApp, monkeypatch: pytest.MonkeyPatch, storage: dict[str, str]
) -> None:
    wrong: dict[str, dict[int, list[str]]] = defaultdict(dict)
    # What is done now and then is done each time: so it is counted, and always alike.
    monkeypatch.setattr(notifications, "_TIDY_EVERY", 1)
    with openid_provider() as google:
        async with run_app(**PAYMENTS, **google.settings(), **storage) as app:
            url = app.board.settings.database_url.get_secret_value()
            letters = read_letters(app, monkeypatch, on_registering=True)
            for row in _ROWS:
                if row.statements is None:
                    continue
                for many in (1, _MANY) if row.of else (1,):
                    sent = await _sent(Scene(app, url, letters), row, many)
                    if len(sent) != row.statements:
                        wrong[row.call][many] = sent
    assert not wrong, json.dumps(wrong, indent=1)


async def test_so_does_buying(run_app: RunApp, till: Till, till_ports: tuple[int, int]) -> None:
    stripe = f"http://127.0.0.1:{till_ports[1]}"
    # Stripe's news would be taken by another worker, which is not watched.
    await till.control("hold", held=True)
    async with run_app(
        stripe_secret_key=KEY, stripe_webhook_secret=WEBHOOK_SECRET, stripe_api_url=stripe
    ) as app:
        person = await app.person()
        sent: dict[str, list[str]] = {}

        async def count(step: str, answer: Awaitable[httpx2.Response]) -> httpx2.Response:
            with counted() as statements:
                found = await answer
            assert found.status_code == 200, found.text
            sent[step] = statements
            return found

        async def buy(step: str, **body: str) -> httpx2.Response:
            return await count(step, person.post(f"/subscriptions/{step}", **body))

        page = await buy("checkout", tier="pro")
        assert (await till.pay(page.json()["url"])).status_code == 303
        events = await till.api("events?type=checkout.session.completed")
        body, headers = _signed(events["data"][0])
        await count(
            "webhook", app.client.post("/subscriptions/webhook", content=body, headers=headers)
        )
        assert (await person.get("/subscriptions/me")).json()["tier"] == "pro"
        await buy("portal")
        await buy("change", tier="business")
        await buy("cancel")
        await buy("reactivate")
    many = {step: len(statements) for step, statements in sent.items()}
    assert many == _BUYING, json.dumps(sent, indent=1)


def _signed(event: object) -> tuple[bytes, dict[str, str]]:
    """An event as Stripe sends it."""
    body, now = json.dumps(event).encode(), int(time.time())
    said = hmac.new(WEBHOOK_SECRET.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    return body, {"stripe-signature": f"t={now},v1={said}"}


async def _sent(scene: Scene, row: Row, many: int) -> list[str]:
    """The statements of one success, with so many of the row's things there."""
    role = row.succeeds_for()
    assert role is not None, f"{row.call} succeeds for nobody, so its statements mean nothing"
    for of in row.of:
        await fill(scene, {"of": of}, many)
    if row.call.startswith("WS "):
        offered = await ticket(await the_person(scene, row, role))
        with counted() as statements:
            got = await shake_hands(scene.app, offered)
    else:
        request = await prepared(scene, row, role)
        with counted() as statements:
            answer = await scene.app.client.send(request)
        got = str(answer.status_code)
    assert got == row.expected(role), f"{row.call} as {role}"
    return statements
