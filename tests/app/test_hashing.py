"""Hashing passwords stalls nobody: other requests are answered meanwhile."""

import asyncio

from reference_app.kit.passwords import Passwords
from tests.app.conftest import RunApp
from tests.app.life import PASSWORD

_LOGINS = 20


async def test_while_twenty_sign_in_others_are_answered(run_app: RunApp) -> None:
    async with run_app(bcrypt_rounds=10) as app:
        email = (await app.person()).user["email"]
        finished = 0

        async def log_in(number: int) -> None:
            nonlocal finished
            answer = await app.client.post(
                "/auth/login",
                json={"email": email, "password": PASSWORD},
                headers={"x-forwarded-for": f"10.0.0.{number}"},
            )
            assert answer.status_code == 200, answer.text
            finished += 1

        logins = asyncio.gather(*(log_in(number) for number in range(_LOGINS)))
        answered_after: dict[int, int] = {}
        while not logins.done():
            assert (await app.client.get("http://board.test/health")).status_code == 200
            answered_after[finished] = answered_after.get(finished, 0) + 1
            await asyncio.sleep(0)
        await logins
        # However busy the machine: between the sign-ins, not only before and after them.
        between = [seen for seen in answered_after if 0 < seen < _LOGINS]
        assert len(between) >= _LOGINS // 3, answered_after
        assert sum(answered_after[seen] for seen in between) >= 2 * _LOGINS, answered_after


async def test_as_many_as_the_pool_has_threads_hash_at_once_and_the_rest_wait() -> None:
    passwords = Passwords(4, most=20)
    pool = passwords._pool
    hashed = await asyncio.gather(*(passwords.hash(PASSWORD) for _ in range(10)))
    assert len(pool._threads) <= 2
    assert len(set(hashed)) == 10
    assert all(await asyncio.gather(*(passwords.matches(PASSWORD, each) for each in hashed)))
    assert not await passwords.matches("wrong", hashed[0])
    assert not await passwords.matches(PASSWORD, None)
    passwords.close()
