"""When virtual users exchange their tokens. No server needed."""

import base64
import json
from typing import Any

import pytest

from scenarios.journeys.account import Member, expiry
from scenarios.journeys.seeker import Seeker
from tests.scenarios.casting import (
    NOW,
    accepts,
    person,
    seeker,
    without_sessions,
)


def jwt(**claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"header.{body}.signature"


def signed_in_as(someone: Member, access: str, refresh: str) -> dict[str, Any]:
    return {
        "access_token": access,
        "refresh_token": refresh,
        "expires_in": 1800,
        "user": {"id": someone.person},
    }


def test_tokens_are_exchanged_before_they_end() -> None:
    someone = seeker()
    refresh = someone.refresh()
    refresh.check(200, signed_in_as(someone, jwt(exp=NOW + 100), "second"))
    assert someone.access_token == jwt(exp=NOW + 100)
    assert someone.next_call(NOW).route != refresh.route
    again = someone.next_call(NOW + 41)
    assert (again.route, again.body) == (refresh.route, {"refresh_token": "second"})
    assert not accepts(again, {**signed_in_as(someone, "a", "b"), "user": {"id": 999}})


@pytest.mark.parametrize("token", ["", "a.b", jwt(), jwt(exp="soon"), "a.!.c"])
def test_tokens_that_do_not_say_when_they_end_are_used_until_refused(token: str) -> None:
    assert expiry(token) is None


def test_a_refused_token_is_exchanged_and_a_refused_exchange_takes_a_password() -> None:
    someone = person("seeker", scenario=without_sessions())
    assert isinstance(someone, Seeker)
    someone.shut_out(someone.me())
    refresh = someone.next_call(NOW)
    assert refresh.route == "/api/v1/auth/refresh"
    someone.shut_out(refresh)
    login = someone.next_call(NOW)
    assert login.route == "/api/v1/auth/login"
    login.check(200, signed_in_as(someone, "new", "newer"))
    assert "/auth/login" not in someone.next_call(NOW).route
