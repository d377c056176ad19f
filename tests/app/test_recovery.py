"""Forgotten passwords, changed passwords, and addresses that are shown to be one's own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import psycopg
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from reference_app.kit.store import Store
from tests.app.conftest import RunApp
from tests.app.life import PASSWORD, Person, Running, problem, until
from tests.app.post_office import PostOffice, post_office
from tests.app.rows import execute

NEW = "Junkanoo-2027!"


@dataclass(frozen=True)
class Post:
    """The app and the office its letters go to."""

    app: Running
    office: PostOffice

    async def forgot(self, email: str, address: str = "10.0.0.1") -> httpx2.Response:
        return await self.app.client.post(
            "/auth/password/forgot", json={"email": email}, headers={"x-forwarded-for": address}
        )

    async def reset(self, token: str, password: str = NEW) -> httpx2.Response:
        body = {"token": token, "new_password": password}
        return await self.app.client.post("/auth/password/reset", json=body)

    async def reset_token(self, person: Person, *, number: int = 1) -> str:
        assert (await self.forgot(person.user["email"])).status_code == 202
        return await self.office.token(person.user["email"], "reset-password", number=number)

    async def sign_in(self, person: Person, password: str) -> httpx2.Response:
        body = {"email": person.user["email"], "password": password}
        return await self.app.client.post("/auth/login", json=body)

    async def refresh(self, person: Person) -> httpx2.Response:
        body = {"refresh_token": person.refresh_token}
        return await self.app.client.post("/auth/refresh", json=body)


@pytest_asyncio.fixture
async def post(run_app: RunApp) -> AsyncIterator[Post]:
    async with post_office() as office, run_app(**office.settings()) as app:
        yield Post(app, office)


async def test_a_letter_sets_a_new_password_once_and_ends_every_session(post: Post) -> None:
    person = await post.app.person()
    elsewhere = Person(post.app.client, (await post.sign_in(person, PASSWORD)).json())
    token = await post.reset_token(person)
    outcomes = await asyncio.gather(*(post.reset(token) for _ in range(4)))
    assert sorted(each.status_code for each in outcomes) == [204, 400, 400, 400]
    problem(await post.reset(token), 400, "invalid_token")
    problem(await post.sign_in(person, PASSWORD), 401, "invalid_credentials")
    assert (await post.sign_in(person, NEW)).status_code == 200
    for each in (person, elsewhere):
        problem(await post.refresh(each), 401, "invalid_refresh_token")
        problem(await each.get("/auth/me", expect=None), 401, "not_signed_in")


async def test_whoever_sets_it_by_letter_has_the_mailbox(post: Post) -> None:
    person = await post.app.person()
    assert person.user["email_verified"] is False
    early = await post.office.token(person.user["email"], "verify-email")
    await post.reset(await post.reset_token(person))
    signed_in = (await post.sign_in(person, NEW)).json()
    assert signed_in["user"]["email_verified"] is True
    answer = await post.app.client.post("/auth/email/verify", json={"token": early})
    problem(answer, 400, "invalid_token")


@pytest.mark.parametrize("why", ["old", "superseded", "made up", "of another kind"])
async def test_a_token_that_does_not_count_changes_nothing(post: Post, why: str) -> None:
    person = await post.app.person()
    token = await post.reset_token(person)
    if why == "old":
        execute(post.app, "UPDATE letter_tokens SET expires_at = now()")
    elif why == "superseded":
        await post.reset_token(person, number=2)
    elif why == "made up":
        token = token[::-1]
    else:
        token = await post.office.token(person.user["email"], "verify-email")
    problem(await post.reset(token), 400, "invalid_token")
    assert (await post.sign_in(person, PASSWORD)).status_code == 200
    assert (await post.refresh(person)).status_code == 200


async def test_the_answer_says_nothing_of_whether_there_is_an_account(post: Post) -> None:
    person = await post.app.person()
    known = await post.forgot(person.user["email"])
    unknown = await post.forgot("no@example.com")
    assert known.status_code == unknown.status_code == 202
    assert known.json() == unknown.json()
    own = {"x-request-id", "x-process-time"}
    kept = [
        {name: value for name, value in answer.headers.items() if name not in own}
        for answer in (known, unknown)
    ]
    assert kept[0] == kept[1]
    await post.office.token(person.user["email"], "reset-password")
    assert not post.office.to("no@example.com")


async def test_the_answer_waits_for_nothing_that_an_account_has_more(
    post: Post, app_servers: dict[str, str]
) -> None:
    person = await post.app.person()
    email = person.user["email"]
    with psycopg.connect(app_servers["DATABASE_DIRECT_URL"]) as connection:
        # Nobody can look for an account nor write a token: both are answered all the same.
        connection.execute("LOCK users, letter_tokens IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(60):
            for each in (email, "no@example.com"):
                assert (await post.forgot(each)).status_code == 202
        assert len(post.office.to(email)) <= 1  # the letter of the registration
    await post.office.token(email, "reset-password")


async def test_letters_are_limited_per_account_whether_or_not_there_is_one(post: Post) -> None:
    person = await post.app.person()
    for email in (person.user["email"], "no@example.com"):
        answers = [await post.forgot(email, f"10.1.{n}.1") for n in range(5)]
        assert [answer.status_code for answer in answers] == [202] * 3 + [429] * 2
        problem(answers[3], 429, "too_many_letters")
        assert 0 < int(answers[3].headers["retry-after"]) <= 3_600
    # Other spellings are the same account.
    problem(await post.forgot(person.user["email"].upper(), "10.9.9.9"), 429, "too_many_letters")
    await post.office.token(person.user["email"], "reset-password", number=3)
    assert len(post.office.to(person.user["email"])) == 4


async def test_letters_are_limited_per_address(post: Post) -> None:
    answers = await asyncio.gather(*(post.forgot(f"p{n}@example.com") for n in range(24)))
    assert sorted(answer.status_code for answer in answers) == [202] * 20 + [429] * 4
    assert (await post.forgot("p1@example.com", "10.0.0.2")).status_code == 202


async def test_a_reset_opens_what_strangers_have_locked(post: Post) -> None:
    person = await post.app.person()
    for _ in range(5):
        problem(await post.sign_in(person, "wrong"), 401, "invalid_credentials")
    problem(await post.sign_in(person, PASSWORD), 429, "too_many_attempts")
    await post.reset(await post.reset_token(person))
    assert (await post.sign_in(person, NEW)).status_code == 200


async def test_tokens_are_neither_stored_nor_logged(post: Post) -> None:
    with capture_logs() as logs:
        person = await post.app.person()
        token = await post.reset_token(person)
        proof = await post.office.token(person.user["email"], "verify-email")
    stored = b"".join(map(bytes, execute(post.app, "SELECT token_hash FROM letter_tokens")))
    assert len(stored) == 2 * 32
    for secret in (token, proof):
        assert secret.encode() not in stored
        assert secret not in str(logs)


async def test_without_redis_letters_go_out_uncounted(
    run_app: RunApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with post_office() as office, run_app(**office.settings()) as app:
        post = Post(app, office)
        person = await app.person()
        store = Store("redis://127.0.0.1:9/0", connections=2, timeout_s=0.2)
        monkeypatch.setattr(app.board.letter_limit, "_store", store)
        for _ in range(4):
            assert (await post.forgot(person.user["email"])).status_code == 202
        await office.token(person.user["email"], "reset-password", number=4)
        await store.close()


async def test_an_address_is_proven_by_the_letter_of_the_registration(post: Post) -> None:
    person = await post.app.person()
    token = await post.office.token(person.user["email"], "verify-email")
    answer = await post.app.client.post("/auth/email/verify", json={"token": token})
    assert answer.status_code == 204
    assert (await person.get("/auth/me")).json()["email_verified"] is True
    again = await post.app.client.post("/auth/email/verify", json={"token": token})
    problem(again, 400, "invalid_token")
    # Nothing more is sent, and nothing counted.
    for _ in range(5):
        assert (await person.post("/auth/email/resend")).status_code == 202
    assert len(post.office.to(person.user["email"])) == 1


async def test_the_letter_can_be_had_again_but_not_without_end(post: Post) -> None:
    person = await post.app.person()
    answers = [await person.post("/auth/email/resend") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [202] * 3 + [429] * 2
    first = await post.office.token(person.user["email"], "verify-email")
    last = await post.office.token(person.user["email"], "verify-email", number=4)
    stale = await post.app.client.post("/auth/email/verify", json={"token": first})
    problem(stale, 400, "invalid_token")
    answer = await post.app.client.post("/auth/email/verify", json={"token": last})
    assert answer.status_code == 204


async def test_a_change_of_password_ends_the_other_sessions_alone(post: Post) -> None:
    person = await post.app.person()
    elsewhere = Person(post.app.client, (await post.sign_in(person, PASSWORD)).json())
    pending = await post.reset_token(person)
    await person.post("/auth/password/change", old_password=PASSWORD, new_password=NEW, expect=204)
    problem(await elsewhere.get("/auth/me", expect=None), 401, "not_signed_in")
    problem(await post.refresh(elsewhere), 401, "invalid_refresh_token")
    await person.get("/auth/me")
    assert (await post.refresh(person)).status_code == 200
    problem(await post.sign_in(person, PASSWORD), 401, "invalid_credentials")
    assert (await post.sign_in(person, NEW)).status_code == 200
    # A letter that was on its way is void too.
    problem(await post.reset(pending, "Something-else-1"), 400, "invalid_token")


async def test_the_old_password_is_asked_for_and_cannot_be_guessed(post: Post) -> None:
    person = await post.app.person()
    change = {"old_password": "wrong", "new_password": NEW}
    for _ in range(5):
        problem(await person.post("/auth/password/change", **change), 403, "wrong_password")
    change["old_password"] = PASSWORD
    problem(await person.post("/auth/password/change", **change), 429, "too_many_attempts")
    for wrong in ("short", "x" * 73):
        answer = await person.post(
            "/auth/password/change", old_password=PASSWORD, new_password=wrong
        )
        problem(answer, 422, "invalid_request")


async def test_two_changes_at_once_are_one(post: Post) -> None:
    person = await post.app.person()
    wanted = [f"Junkanoo-202{n}!" for n in range(4)]
    answers = await asyncio.gather(
        *(
            person.post("/auth/password/change", old_password=PASSWORD, new_password=each)
            for each in wanted
        )
    )
    assert sorted(answer.status_code for answer in answers) == [204, 403, 403, 403]
    held = [await post.sign_in(person, each) for each in wanted]
    assert [a.status_code == 204 for a in answers] == [h.status_code == 200 for h in held]


async def test_nobody_signs_in_with_a_password_that_is_just_being_changed(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await post.app.person()
    checked, go_on = asyncio.Event(), asyncio.Event()
    limit = post.app.board.login_limit
    succeeded = limit.succeeded

    async def later(email: str, address: str) -> None:
        await succeeded(email, address)
        if not checked.is_set():
            checked.set()
            await go_on.wait()

    monkeypatch.setattr(limit, "succeeded", later)
    # The old password has been found right, and no session been made yet.
    signing_in = asyncio.create_task(post.sign_in(person, PASSWORD))
    await checked.wait()
    await person.post("/auth/password/change", old_password=PASSWORD, new_password=NEW, expect=204)
    go_on.set()
    problem(await signing_in, 401, "invalid_credentials")


async def test_letters_of_a_gone_server_keep_nobody_waiting(run_app: RunApp) -> None:
    async with post_office() as office:
        settings = office.settings()
        await office.closed()
        async with run_app(**settings) as app:
            person = await app.person()
            assert (await person.post("/auth/email/resend")).status_code == 202
            await office.opened()
            await office.token(person.user["email"], "verify-email", number=2)
            await until(lambda: len(office.letters) == 2, what="both letters")
