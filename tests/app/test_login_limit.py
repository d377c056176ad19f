"""The limit of attempts to sign in: shared by pods, and no way around it."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx2

from tests.app.conftest import RunApp
from tests.app.life import PASSWORD, Running, problem

Attempt = Callable[..., Awaitable[httpx2.Response]]


def _attempts(app: Running, email: str) -> Attempt:
    async def attempt(password: str = "-", address: str = "10.0.0.1") -> httpx2.Response:  # noqa: S107
        return await app.client.post(
            "/auth/login",
            json={"email": email, "password": password},
            headers={"x-forwarded-for": address},
        )

    return attempt


async def test_five_attempts_over_all_pods_then_not_even_the_right_password(
    run_app: RunApp,
) -> None:
    async with run_app() as one, run_app() as two:
        email = (await one.person()).user["email"]
        attempts = [_attempts(app, email) for app in (one, two, one, two, one)]
        for attempt in attempts:
            problem(await attempt(), 401, "invalid_credentials")
        for attempt in attempts[:2]:
            answer = await attempt(PASSWORD)
            problem(answer, 429, "too_many_attempts")
            assert 0 < int(answer.headers["retry-after"]) <= 900


async def test_parallel_attempts_let_exactly_five_through(app: Running) -> None:
    attempt = _attempts(app, "someone@example.com")
    answers = await asyncio.gather(*(attempt() for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 7


async def test_other_spellings_of_the_address_share_the_limit(app: Running) -> None:
    for spelling in (
        "a@example.com",
        "A@example.com",
        "a@EXAMPLE.com",
        "a@Example.com",
        " a@example.com",
    ):
        assert (await _attempts(app, spelling)()).status_code == 401
    problem(await _attempts(app, "A@EXAMPLE.COM")(), 429, "too_many_attempts")


async def test_a_success_clears_the_attempts(app: Running) -> None:
    attempt = _attempts(app, (await app.person()).user["email"])
    for _ in range(3):
        for _ in range(4):
            assert (await attempt()).status_code == 401
        assert (await attempt(PASSWORD)).status_code == 200


async def test_changing_addresses_does_not_go_around_it(run_app: RunApp) -> None:
    async with run_app(login_account_attempts=8) as app:
        attempt = _attempts(app, (await app.person()).user["email"])
        answers = [await attempt(address=f"10.1.{n}.1") for n in range(10)]
        assert [answer.status_code for answer in answers] == [401] * 8 + [429] * 2


async def test_a_stranger_who_uses_it_up_does_not_lock_out_the_owner(run_app: RunApp) -> None:
    async with run_app(login_account_attempts=8) as app:
        attempt = _attempts(app, (await app.person()).user["email"])
        assert (await attempt(PASSWORD, "10.9.9.9")).status_code == 200  # the owner's own place
        for n in range(10):
            await attempt(address=f"10.1.{n}.1")
        problem(await attempt(PASSWORD, "10.2.0.1"), 429, "too_many_attempts")
        assert (await attempt(PASSWORD, "10.9.9.9")).status_code == 200
        # The owner's place is held to five attempts too.
        for _ in range(5):
            assert (await attempt(address="10.9.9.9")).status_code == 401
        problem(await attempt(PASSWORD, "10.9.9.9"), 429, "too_many_attempts")


async def test_an_ipv6_neighbourhood_is_one_address(app: Running) -> None:
    attempt = _attempts(app, "someone@example.com")
    for n in range(5):
        assert (await attempt(address=f"2001:db8:1:2::{n:x}")).status_code == 401
    problem(await attempt(address="2001:db8:1:2:ffff::1"), 429, "too_many_attempts")
    assert (await attempt(address="2001:db8:1:3::1")).status_code == 401


async def test_a_made_up_forwarded_address_changes_nothing(app: Running) -> None:
    attempt = _attempts(app, "someone@example.com")
    for n in range(5):
        assert (await attempt(address=f"1.2.3.{n}, 10.0.0.1")).status_code == 401
    problem(await attempt(address="1.2.3.9, 10.0.0.1"), 429, "too_many_attempts")
