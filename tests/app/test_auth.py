"""Signing up, in and out; rotation of refresh tokens and its races."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import psycopg
import pytest

from reference_app.kit import tokens
from reference_app.kit.passwords import Place
from reference_app.kit.tokens import (
    Access,
    InvalidTokenError,
    mint_access_token,
    read_access_token,
    refresh_token_hash,
)
from tests.app.conftest import RunApp
from tests.app.life import PASSWORD, Running, problem

REGISTRATION = {
    "email": "Ana.Rolle@Example.com",
    "password": PASSWORD,
    "full_name": "Ana Rolle",
    "role": "seeker",
}


async def test_a_new_account_is_signed_in_and_shows_no_secret(app: Running) -> None:
    answer = await app.client.post("/auth/register", json=REGISTRATION)
    assert answer.status_code == 201
    body = answer.json()
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 1800
    assert body["user"]["email"] == "ana.rolle@example.com"
    assert "password" not in answer.text
    headers = {"authorization": f"Bearer {body['access_token']}"}
    me = await app.client.get("/auth/me", headers=headers)
    assert me.json() == body["user"]


async def test_one_address_is_one_account_however_often_the_button_is_pressed(
    app: Running,
) -> None:
    answers = await asyncio.gather(
        *(app.client.post("/auth/register", json=REGISTRATION) for _ in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
    again = {**REGISTRATION, "email": "ANA.ROLLE@EXAMPLE.COM"}
    problem(await app.client.post("/auth/register", json=again), 409, "email_taken")


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "nobody"},
        {"password": "short"},
        {"password": "x" * 73},
        {"password": "ü" * 40},  # 80 bytes
        {"role": "admin"},
        {"full_name": " "},
        {"full_name": "a\x00b"},
        {"nickname": "anna"},
    ],
)
async def test_a_registration_that_makes_no_sense_is_refused_without_repeating_it(
    app: Running, wrong: dict[str, str]
) -> None:
    answer = await app.client.post("/auth/register", json={**REGISTRATION, **wrong})
    body = problem(answer, 422, "invalid_request")
    assert body["errors"]
    if "password" in wrong:
        assert wrong["password"] not in answer.text


async def test_signing_in_takes_the_right_password(app: Running) -> None:
    await app.client.post("/auth/register", json=REGISTRATION)
    right = {"email": "ana.rolle@EXAMPLE.com", "password": PASSWORD}
    answer = await app.client.post("/auth/login", json=right)
    assert answer.status_code == 200
    assert answer.json()["user"]["full_name"] == "Ana Rolle"
    wrong = await app.client.post("/auth/login", json={**right, "password": "Bahamas-2025!"})
    unknown = await app.client.post("/auth/login", json={**right, "email": "no@example.com"})
    one = problem(wrong, 401, "invalid_credentials")
    other = problem(unknown, 401, "invalid_credentials")
    # Whether there is such an account must not show.
    assert {**one, "request_id": ""} == {**other, "request_id": ""}


async def test_an_unknown_account_costs_as_many_hashes_as_a_wrong_password(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    original = Place.matches

    async def counting(place: Place, password: str, stored: str | None) -> bool:
        checked.append("stored" if stored else "nobody's")
        return await original(place, password, stored)

    monkeypatch.setattr(Place, "matches", counting)
    answer = await app.client.post("/auth/login", json={"email": "a@b.bs", "password": "x"})
    problem(answer, 401, "invalid_credentials")
    assert checked == ["nobody's"]


async def test_a_refresh_token_is_good_for_one_refresh(app: Running) -> None:
    person = await app.person()
    first = {"refresh_token": person.refresh_token}
    answer = await app.client.post("/auth/refresh", json=first)
    assert answer.status_code == 200
    assert answer.json()["user"] == person.user
    second = {"refresh_token": answer.json()["refresh_token"]}
    assert second != first
    assert (await app.client.post("/auth/refresh", json=second)).status_code == 200


async def test_a_spent_token_coming_back_ends_the_whole_session(app: Running) -> None:
    person = await app.person()
    stolen = {"refresh_token": person.refresh_token}
    fresh = (await app.client.post("/auth/refresh", json=stolen)).json()["refresh_token"]
    replay = await app.client.post("/auth/refresh", json=stolen)
    problem(replay, 401, "refresh_token_reused")
    after = await app.client.post("/auth/refresh", json={"refresh_token": fresh})
    problem(after, 401, "invalid_refresh_token")


async def test_other_sessions_outlive_a_replay(app: Running) -> None:
    person = await app.person()
    signed_in = await app.client.post(
        "/auth/login", json={"email": person.user["email"], "password": PASSWORD}
    )
    first = {"refresh_token": person.refresh_token}
    for _ in range(2):
        await app.client.post("/auth/refresh", json=first)
    other = {"refresh_token": signed_in.json()["refresh_token"]}
    assert (await app.client.post("/auth/refresh", json=other)).status_code == 200


async def test_of_parallel_refreshes_of_one_token_exactly_one_wins(run_app: RunApp) -> None:
    async with run_app() as one, run_app() as two:
        person = await one.person()
        body = {"refresh_token": person.refresh_token}
        answers = await asyncio.gather(
            *(each.client.post("/auth/refresh", json=body) for each in (one, two) * 4)
        )
        assert sorted(answer.status_code for answer in answers) == [200, *[401] * 7]


async def test_signing_out_ends_the_session_and_twice_is_no_error(app: Running) -> None:
    person = await app.person()
    body = {"refresh_token": person.refresh_token}
    for _ in range(2):
        assert (await app.client.post("/auth/logout", json=body)).status_code == 204
    problem(await app.client.post("/auth/refresh", json=body), 401, "invalid_refresh_token")


async def test_a_refresh_token_runs_out(app: Running, app_servers: dict[str, str]) -> None:
    person = await app.person()
    with psycopg.connect(app_servers["DATABASE_DIRECT_URL"], autocommit=True) as connection:
        connection.execute(
            "UPDATE refresh_tokens SET expires_at = now() WHERE token_hash = %s",
            [refresh_token_hash(person.refresh_token)],
        )
    answer = await app.client.post("/auth/refresh", json={"refresh_token": person.refresh_token})
    problem(answer, 401, "invalid_refresh_token")


async def test_no_token_is_stored_as_it_is(app: Running, app_servers: dict[str, str]) -> None:
    person = await app.person()
    with psycopg.connect(app_servers["DATABASE_DIRECT_URL"]) as connection:
        rows = connection.execute("SELECT token_hash FROM refresh_tokens").fetchall()
    assert [bytes(row[0]) for row in rows] == [refresh_token_hash(person.refresh_token)]
    assert person.refresh_token.encode() not in bytes(rows[0][0])


SECRET = "0123456789abcdef" * 3


def test_an_access_token_says_what_was_put_into_it() -> None:
    access = Access(7, "seeker", uuid4())
    token = mint_access_token(access, secret=SECRET, issued_at=datetime.now(UTC), minutes=5)
    assert read_access_token(token, secret=SECRET) == access


def test_an_access_token_is_refused_when_it_is_old_or_someone_elses() -> None:
    access = Access(7, "seeker", uuid4())
    now = datetime.now(UTC)
    old = mint_access_token(access, secret=SECRET, issued_at=now - timedelta(minutes=6), minutes=5)
    fresh = mint_access_token(access, secret=SECRET, issued_at=now, minutes=5)
    header, claims, signature = fresh.split(".")
    for token, secret in (
        (old, SECRET),
        (fresh, SECRET[::-1]),
        (f"{header}.{claims}.", SECRET),
        (f"{header}.{claims[:-2]}AA.{signature}", SECRET),
        ("nonsense", SECRET),
        ("", SECRET),
    ):
        with pytest.raises(InvalidTokenError):
            read_access_token(token, secret=secret)


def test_an_access_token_that_was_good_is_refused_once_it_is_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = datetime.now(UTC)
    access = Access(7, "seeker", uuid4())
    token = mint_access_token(access, secret=SECRET, issued_at=now, minutes=5)
    assert read_access_token(token, secret=SECRET) == access
    later = (now + timedelta(minutes=5, seconds=1)).timestamp()
    monkeypatch.setattr(tokens, "time", SimpleNamespace(time=lambda: later))
    with pytest.raises(InvalidTokenError):
        read_access_token(token, secret=SECRET)


async def test_what_needs_a_sign_in_says_so(app: Running) -> None:
    for headers in ({}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic eA=="}):
        answer = await app.client.get("/auth/me", headers=headers)
        problem(answer, 401, "not_signed_in")
        assert answer.headers["www-authenticate"] == "Bearer"
