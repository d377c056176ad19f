"""Signing in with Google, against a provider of our own over real HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import jwt
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from reference_app.kit.store import Store
from tests.app.conftest import RunApp
from tests.app.life import PASSWORD, Person, Running, problem
from tests.app.openid_provider import Key, OpenIdProvider, ana, openid_provider
from tests.app.post_office import post_office
from tests.app.rows import execute

EMAIL = "ana.rolle@example.com"


@dataclass(frozen=True)
class Browser:
    """Somebody's browser, between the app and the provider."""

    app: Running

    async def begin(self, **wanted: Any) -> dict[str, Any]:
        answer = await self.app.client.post("/auth/google/begin", json=wanted)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page

    async def consent(self, page: dict[str, Any]) -> dict[str, str]:
        """What the browser has when the provider has sent it back."""
        async with httpx2.AsyncClient(timeout=30) as client:
            sent_back = await client.get(page["url"])
        assert sent_back.status_code == 302, sent_back.text
        back = parse_qs(urlsplit(sent_back.headers["location"]).query)
        return {"code": back["code"][0], "state": back["state"][0], "key": page["key"]}

    async def finish(self, back: dict[str, str]) -> httpx2.Response:
        return await self.app.client.post("/auth/google/finish", json=back)

    async def sign_in(self, **wanted: Any) -> httpx2.Response:
        return await self.finish(await self.consent(await self.begin(**wanted)))


@pytest.fixture
def google() -> Iterator[OpenIdProvider]:
    with openid_provider() as provider:
        yield provider


@pytest_asyncio.fixture
async def browser(google: OpenIdProvider, run_app: RunApp) -> AsyncIterator[Browser]:
    async with run_app(**google.settings()) as app:
        yield Browser(app)


async def _registered(app: Running) -> Person:
    return await app.person(email=EMAIL)


def _proven(app: Running) -> None:
    execute(app, "UPDATE users SET email_verified_at = now()")


async def test_who_is_new_gets_an_account_and_is_known_afterwards(browser: Browser) -> None:
    first = await browser.sign_in(role="employer")
    assert first.status_code == 200, first.text
    user = first.json()["user"]
    assert (user["email"], user["email_verified"]) == (EMAIL, True)
    assert (user["role"], user["full_name"]) == ("employer", "Ana Rolle")
    person = Person(browser.app.client, first.json())
    assert (await person.get("/auth/me")).json() == user
    # Which role is asked for matters for a new account alone.
    again = await browser.sign_in(role="seeker")
    assert again.json()["user"] == user


async def test_nobody_becomes_an_administrator(browser: Browser) -> None:
    answer = await browser.app.client.post("/auth/google/begin", json={"role": "admin"})
    problem(answer, 422, "invalid_request")


async def test_it_is_the_subject_that_counts_not_the_address(
    browser: Browser, google: OpenIdProvider
) -> None:
    first = (await browser.sign_in()).json()["user"]
    google.person = ana(email="ana.married@example.com")
    assert (await browser.sign_in()).json()["user"]["id"] == first["id"]
    # Another with the address that was hers must not come into her account.
    google.person = ana(sub="2002")
    problem(await browser.sign_in(), 409, "another_google_account")


async def test_many_at_once_make_one_account(browser: Browser) -> None:
    backs = [await browser.consent(await browser.begin()) for _ in range(5)]
    answers = await asyncio.gather(*(browser.finish(back) for back in backs))
    assert [answer.status_code for answer in answers] == [200] * 5
    assert len({answer.json()["user"]["id"] for answer in answers}) == 1


async def test_a_proven_account_is_linked_and_keeps_its_password(browser: Browser) -> None:
    person = await _registered(browser.app)
    _proven(browser.app)
    assert (await browser.sign_in()).json()["user"]["id"] == person.id
    login = {"email": EMAIL, "password": PASSWORD}
    assert (await browser.app.client.post("/auth/login", json=login)).status_code == 200
    await person.get("/auth/me")


async def test_who_lay_in_wait_with_somebody_elses_address_is_out(
    google: OpenIdProvider, run_app: RunApp
) -> None:
    async with post_office() as office, run_app(**office.settings(**google.settings())) as app:
        browser = Browser(app)
        intruder = await _registered(app)
        proof = await office.token(EMAIL, "verify-email")
        await app.client.post("/auth/password/forgot", json={"email": EMAIL})
        reset = await office.token(EMAIL, "reset-password")
        owner = (await browser.sign_in()).json()
        assert owner["user"]["id"] == intruder.id
        assert owner["user"]["email_verified"] is True
        problem(await intruder.get("/auth/me", expect=None), 401, "not_signed_in")
        refresh = await app.client.post(
            "/auth/refresh", json={"refresh_token": intruder.refresh_token}
        )
        problem(refresh, 401, "invalid_refresh_token")
        login = {"email": EMAIL, "password": PASSWORD}
        problem(await app.client.post("/auth/login", json=login), 401, "invalid_credentials")
        for path, body in (
            ("/auth/email/verify", {"token": proof}),
            ("/auth/password/reset", {"token": reset, "new_password": PASSWORD}),
        ):
            problem(await app.client.post(path, json=body), 400, "invalid_token")
        await Person(app.client, owner).get("/auth/me")


async def test_who_has_no_password_can_have_one_by_letter(
    google: OpenIdProvider, run_app: RunApp
) -> None:
    async with post_office() as office, run_app(**office.settings(**google.settings())) as app:
        person = Person(app.client, (await Browser(app).sign_in()).json())
        for path, body in (
            ("/auth/password/change", {"old_password": "", "new_password": PASSWORD}),
            ("/auth/delete", {"password": ""}),
        ):
            problem(await person.post(path, **body), 409, "no_password")
        login = {"email": EMAIL, "password": PASSWORD}
        problem(await app.client.post("/auth/login", json=login), 401, "invalid_credentials")
        await app.client.post("/auth/password/forgot", json={"email": EMAIL})
        token = await office.token(EMAIL, "reset-password")
        body = {"token": token, "new_password": PASSWORD}
        assert (await app.client.post("/auth/password/reset", json=body)).status_code == 204
        assert (await app.client.post("/auth/login", json=login)).status_code == 200
        assert (await Browser(app).sign_in()).json()["user"]["id"] == person.id


@pytest.mark.parametrize(
    "person", [ana(email_verified=False), ana(email=None), ana(email="nobody")]
)
async def test_an_address_google_has_not_verified_links_and_makes_nothing(
    browser: Browser, google: OpenIdProvider, person: dict[str, Any]
) -> None:
    await _registered(browser.app)
    _proven(browser.app)
    google.person = person
    problem(await browser.sign_in(), 403, "email_not_verified")
    assert execute(browser.app, "SELECT count(*) FROM external_identities") == [0]
    assert execute(browser.app, "SELECT count(*) FROM users") == [1]


@pytest.mark.parametrize("name", [None, "", " \x00 ", "n" * 500])
async def test_any_name_will_do(browser: Browser, google: OpenIdProvider, name: str | None) -> None:
    google.person = ana(name=name)
    answer = await browser.sign_in()
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["full_name"] in ("New member", "n" * 120)


async def test_a_suspended_account_stays_out(browser: Browser) -> None:
    await browser.sign_in()
    execute(browser.app, "UPDATE users SET suspended_at = now()")
    problem(await browser.sign_in(), 403, "account_suspended")


async def test_a_sign_in_is_finished_once_and_only_where_it_was_begun(browser: Browser) -> None:
    page = await browser.begin()
    back = await browser.consent(page)
    other = await browser.begin()
    # As when an attacker has a victim's browser finish the attacker's own sign-in.
    problem(await browser.finish({**back, "key": other["key"]}), 400, "sign_in_expired")
    problem(await browser.finish(back), 400, "sign_in_expired")
    back = await browser.consent(await browser.begin())
    outcomes = await asyncio.gather(*(browser.finish(back) for _ in range(4)))
    assert sorted(each.status_code for each in outcomes) == [200, 400, 400, 400]
    problem(await browser.finish({**back, "state": "made-up"}), 400, "sign_in_expired")


async def test_a_code_of_another_sign_in_is_refused(browser: Browser) -> None:
    one = await browser.consent(await browser.begin())
    two = await browser.consent(await browser.begin())
    # PKCE: the code is of use only to who began that very sign-in.
    problem(await browser.finish({**one, "code": two["code"]}), 400, "sign_in_refused")
    assert execute(browser.app, "SELECT count(*) FROM users") == [0]


_PAST = int(time.time()) - 3_600


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": ["board-client", "another"], "azp": "another"},
        {"iss": "https://evil.test"},
        {"exp": _PAST},
        {"exp": None},
        {"sub": None},
        {"sub": ""},
    ],
)
async def test_a_token_that_is_not_for_this_sign_in_is_refused(
    browser: Browser, google: OpenIdProvider, claims: dict[str, Any]
) -> None:
    google.claims = claims
    problem(await browser.sign_in(), 400, "sign_in_refused")
    assert execute(browser.app, "SELECT count(*) FROM users") == [0]


@pytest.mark.parametrize("how", ["another's key", "no key", "our secret", "nonsense"])
async def test_a_token_that_google_did_not_sign_is_refused(
    browser: Browser, google: OpenIdProvider, how: str
) -> None:
    stranger = Key(google.key.name)

    def forged(claims: dict[str, Any]) -> str:
        headers = {"kid": google.key.name}
        if how == "another's key":
            return jwt.encode(claims, stranger.private, algorithm="RS256", headers=headers)
        if how == "no key":
            return jwt.encode(claims, None, algorithm="none", headers=headers)
        if how == "our secret":
            return jwt.encode(claims, "board-secret" * 4, algorithm="HS256", headers=headers)
        return "nonsense"

    google.sign = forged
    problem(await browser.sign_in(), 400, "sign_in_refused")
    assert execute(browser.app, "SELECT count(*) FROM users") == [0]


async def test_new_keys_are_fetched_and_known_ones_kept(
    browser: Browser, google: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        assert (await browser.sign_in()).status_code == 200
    assert google.asked.count("/keys") == google.asked.count("/.well-known/openid-configuration")
    assert google.asked.count("/keys") == 1
    google.key = Key("second")
    # Whoever sends tokens of made-up keys cannot have them fetched each time.
    for _ in range(2):
        problem(await browser.sign_in(), 400, "sign_in_refused")
    assert google.asked.count("/keys") == 1
    monkeypatch.setattr("reference_app.kit.openid._KEYS_AT_LEAST_S", 0.0)
    assert (await browser.sign_in()).status_code == 200
    assert google.asked.count("/keys") == 2


_EVERY_PATH = ["/.well-known/openid-configuration", "/token", "/keys"]


@pytest.mark.parametrize("path", _EVERY_PATH)
@pytest.mark.parametrize("answer", [(500, "{}"), (200, "<html>"), (200, "[]"), (200, "{}")])
async def test_a_broken_provider_is_told_as_unavailable(
    browser: Browser, google: OpenIdProvider, path: str, answer: tuple[int, str]
) -> None:
    google.broken[path] = answer
    begun = await browser.app.client.post("/auth/google/begin", json={})
    if path == _EVERY_PATH[0]:
        problem(begun, 503, "provider_unavailable")
    else:
        finished = await browser.finish(await browser.consent(begun.json()))
        problem(finished, 503, "provider_unavailable")
        assert int(finished.headers["retry-after"]) > 0
    # Nothing else suffers, and it comes back by itself.
    await _registered(browser.app)
    google.broken.clear()
    assert (await browser.sign_in()).status_code == 200


async def test_a_silent_provider_is_not_waited_for(google: OpenIdProvider, run_app: RunApp) -> None:
    async with run_app(**google.settings(google_timeout_seconds=0.3)) as app:
        google.speaks.clear()
        answer = await app.client.post("/auth/google/begin", json={})
        problem(answer, 503, "provider_unavailable")
        assert not google.speaks.is_set()


async def test_a_provider_that_is_gone_is_told_as_unavailable(run_app: RunApp) -> None:
    with openid_provider() as google:
        settings = google.settings()
    async with run_app(**settings) as app:
        # Pages ask this each time: nothing waits for Google.
        assert (await app.client.get("/auth/google")).json() == {"offered": True}
        answer = await app.client.post("/auth/google/begin", json={})
        problem(answer, 503, "provider_unavailable")
        await app.person()


async def test_without_redis_it_is_unavailable(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = await browser.consent(await browser.begin())
    store = Store("redis://127.0.0.1:9/0", connections=2, timeout_s=0.2)
    monkeypatch.setattr(browser.app.board.google, "_store", store)
    answer = await browser.app.client.post("/auth/google/begin", json={})
    problem(answer, 503, "google_unavailable")
    problem(await browser.finish(back), 503, "google_unavailable")
    await store.close()


async def test_where_it_is_not_configured_it_is_not_there(app: Running) -> None:
    offer = await app.client.get("/auth/google")
    assert offer.json() == {"offered": False}
    assert offer.headers["cache-control"] == "public, max-age=300"
    answer = await app.client.post("/auth/google/begin", json={})
    problem(answer, 404, "google_disabled")
    back = {"code": "a", "state": "b", "key": "c"}
    problem(await app.client.post("/auth/google/finish", json=back), 404, "google_disabled")


async def test_nothing_of_a_sign_in_is_logged(browser: Browser, google: OpenIdProvider) -> None:
    with capture_logs() as logs:
        back = await browser.consent(await browser.begin())
        google.claims = {"nonce": "another"}
        problem(await browser.finish(back), 400, "sign_in_refused")
        google.sign = lambda _: "nonsense"
        problem(await browser.sign_in(), 400, "sign_in_refused")
    for secret in (*back.values(), EMAIL, "board-secret"):
        assert secret not in str(logs)
