"""The local Stripe as part of the stack: one can subscribe without an account."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from stack import places
from stack.native.site import build
from stack.state import Choices, Running
from tests.conftest import DataServers

_PATIENCE_S = 120.0
_EMAIL = "subscriber@example.com"
_WHOLE = Choices(engine="native", pods=2, replicas=0)


def _register(client: httpx2.Client) -> dict[str, str]:
    answer = client.post(
        "/auth/register",
        json={
            "email": _EMAIL,
            "password": "Bahamas-2026!",
            "full_name": "Sue Scriber",
            "role": "seeker",
        },
    )
    assert answer.status_code == 201, answer.text
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


def _tier(client: httpx2.Client, signed_in: dict[str, str]) -> str:
    tier: str = client.get("/subscriptions/me", headers=signed_in).json()["tier"]
    return tier


def _eventually(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@pytest.fixture
def nothing_left(full_stack: Running) -> Iterator[None]:
    """The database is as it was, for those who share the stack."""
    yield
    local = full_stack.services["stripe"].urls["http"]

    def all_told() -> bool:
        return bool(httpx2.get(f"{local}/_local/deliveries").json()["pending"] == 0)

    _eventually(all_told, "Stripe has not told everything")
    with psycopg.connect(full_stack.environment["DATABASE_DIRECT_URL"]) as connection:
        connection.execute("DELETE FROM users WHERE email = %s", (_EMAIL,))
        connection.execute("DELETE FROM stripe_events")


@pytest.mark.stack
@pytest.mark.usefixtures("nothing_left")
def test_a_new_user_subscribes(full_stack: Running) -> None:
    with httpx2.Client(base_url=f"{full_stack.base_url}/api/v1", timeout=30) as client:
        signed_in = _register(client)
        assert _tier(client, signed_in) == "free"
        page = client.post("/subscriptions/checkout", json={"tier": "pro"}, headers=signed_in)
        assert page.status_code == 200, page.text
        url = page.json()["url"]
        assert url.startswith(f"{full_stack.services['stripe'].urls['http']}/pay/")
        card = {"number": "4242424242424242", "expiry": "12/40", "cvc": "123"}
        paid = httpx2.post(url, data={"action": "pay", **card})
        assert paid.status_code == 303, paid.text
        _eventually(lambda: _tier(client, signed_in) == "pro", "the app has not heard of it")


def test_with_a_key_of_a_real_account_there_is_no_local_one(
    make_home: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = places.prepare(make_home())

    def settings() -> tuple[bool, dict[str, Any]]:
        stack = build(home, _WHOLE, {})
        return "stripe" in stack.adapters, stack.adapters["backend-1"].environment()

    runs, environment = settings()
    assert runs
    assert environment["STRIPE_SECRET_KEY"].startswith("sk_test_")
    assert environment["STRIPE_API_URL"].startswith("http://127.0.0.1:")
    assert settings()[1]["STRIPE_WEBHOOK_SECRET"] == environment["STRIPE_WEBHOOK_SECRET"]
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_of_somebody")
    runs, environment = settings()
    assert not runs
    assert environment["STRIPE_SECRET_KEY"] == "sk_live_of_somebody"
    assert environment["STRIPE_API_URL"] == "https://api.stripe.com"


def test_a_stack_without_it_sells_nothing(data_servers: DataServers) -> None:
    assert data_servers.environment["STRIPE_SECRET_KEY"] == ""
    assert data_servers.environment["STRIPE_WEBHOOK_SECRET"] == ""
