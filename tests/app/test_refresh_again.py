"""An exchange of a refresh token whose answer was lost, and what must not pass for one."""

import asyncio
from typing import Any

import httpx2
import pytest

from reference_app.kit.tokens import refresh_token_after
from tests.app.conftest import RunApp
from tests.app.life import Person, Running, problem
from tests.app.rows import execute

KEY = "7f3b2c9e-5d1a-4c55-9a53-3f0a1d2b4c6e"


async def _exchange(app: Running, token: str, **more: str) -> httpx2.Response:
    return await app.client.post("/auth/refresh", json={"refresh_token": token, **more})


async def _answer(app: Running, token: str, **more: str) -> dict[str, Any]:
    answer = await _exchange(app, token, **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_lost_answer_is_given_again_and_the_session_goes_on(app: Running) -> None:
    person = await app.person()
    lost = await _answer(app, person.refresh_token, key=KEY)
    again = await _answer(app, person.refresh_token, key=KEY)
    assert again["refresh_token"] == lost["refresh_token"] != person.refresh_token
    assert again["user"] == person.user
    await Person(app.client, again).get("/auth/me")
    await _answer(app, again["refresh_token"], key=KEY)


async def test_whoever_asks_in_parallel_gets_the_same(run_app: RunApp) -> None:
    async with run_app() as one, run_app() as two:
        person = await one.person()
        answers = await asyncio.gather(
            *(_answer(each, person.refresh_token, key=KEY) for each in (one, two) * 4)
        )
        assert len({answer["refresh_token"] for answer in answers}) == 1


@pytest.mark.parametrize("more", [{}, {"key": KEY[::-1]}])
async def test_a_thief_without_the_key_ends_the_session(app: Running, more: dict[str, str]) -> None:
    person = await app.person()
    fresh = await _answer(app, person.refresh_token, key=KEY)
    thief = await _exchange(app, person.refresh_token, **more)
    problem(thief, 401, "refresh_token_reused")
    problem(await _exchange(app, fresh["refresh_token"]), 401, "invalid_refresh_token")
    problem(await _exchange(app, person.refresh_token, key=KEY), 401, "refresh_token_reused")


async def test_an_exchange_without_a_key_cannot_be_had_again(app: Running) -> None:
    person = await app.person()
    await _answer(app, person.refresh_token)
    late = await _exchange(app, person.refresh_token, key=KEY)
    problem(late, 401, "refresh_token_reused")


async def test_once_what_it_gave_is_used_it_is_a_reuse(app: Running) -> None:
    person = await app.person()
    fresh = await _answer(app, person.refresh_token, key=KEY)
    newest = await _answer(app, fresh["refresh_token"], key=KEY)
    replay = await _exchange(app, person.refresh_token, key=KEY)
    problem(replay, 401, "refresh_token_reused")
    problem(await _exchange(app, newest["refresh_token"]), 401, "invalid_refresh_token")


async def test_after_a_minute_it_is_a_reuse(app: Running) -> None:
    person = await app.person()
    await _answer(app, person.refresh_token, key=KEY)
    earlier = "UPDATE refresh_tokens SET created_at = created_at - make_interval(secs => %s)"
    execute(app, earlier, 50)
    fresh = await _answer(app, person.refresh_token, key=KEY)
    execute(app, earlier, 11)
    replay = await _exchange(app, person.refresh_token, key=KEY)
    problem(replay, 401, "refresh_token_reused")
    problem(await _exchange(app, fresh["refresh_token"]), 401, "invalid_refresh_token")


async def test_a_session_that_was_left_is_not_had_again(app: Running) -> None:
    person = await app.person()
    fresh = await _answer(app, person.refresh_token, key=KEY)
    await Person(app.client, fresh).post("/auth/logout-everywhere", expect=204)
    problem(await _exchange(app, person.refresh_token, key=KEY), 401, "refresh_token_reused")


async def test_the_suspended_are_told_so(app: Running) -> None:
    person = await app.person()
    await _answer(app, person.refresh_token, key=KEY)
    execute(app, "UPDATE users SET suspended_at = now() WHERE id = %s", person.id)
    problem(await _exchange(app, person.refresh_token, key=KEY), 403, "account_suspended")
    execute(app, "UPDATE users SET suspended_at = NULL")
    await _answer(app, person.refresh_token, key=KEY)


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "seven blue parrots"])
async def test_what_is_no_key_spends_nothing(app: Running, key: str) -> None:
    person = await app.person()
    problem(await _exchange(app, person.refresh_token, key=key), 422, "invalid_request")
    await _answer(app, person.refresh_token)


def test_what_follows_a_token_depends_on_all_of_it() -> None:
    made = {
        refresh_token_after(token, key, secret=secret)
        for token in ("one", "two")
        for key in (KEY, KEY[::-1])
        for secret in ("secret", "another")
    }
    assert len(made) == 8
    assert {len(token) for token in made} == {43}
