"""Sessions that end: everywhere at once, access tokens and sockets included."""

from uuid import UUID, uuid4

import httpx2
import pytest

from reference_app.auth import repository
from reference_app.kit import ended_sessions, metrics
from reference_app.kit.ended_sessions import EndedSessions
from reference_app.kit.store import Store
from tests.app.conftest import RunApp
from tests.app.cuttable import wire_to
from tests.app.life import PASSWORD, Person, Running, problem, until
from tests.app.rows import execute
from tests.app.till import eventually
from tests.app.two_pods import People, Two
from tests.sockets import RefusedError

_PATIENCE_S = 30.0


async def _refresh(app: Running, person: Person) -> httpx2.Response:
    body = {"refresh_token": person.refresh_token}
    return await app.client.post("/auth/refresh", json=body)


async def _login(app: Running, person: Person, password: str = PASSWORD) -> httpx2.Response:
    body = {"email": person.user["email"], "password": password}
    return await app.client.post("/auth/login", json=body)


async def _hears(app: Running) -> None:
    await until(lambda: app.board.ended_sessions._hears, what="subscribed", patience_s=_PATIENCE_S)


async def test_signing_out_everywhere_ends_every_session_at_every_worker(run_app: RunApp) -> None:
    async with run_app() as one, run_app() as two:
        await _hears(two)
        person, bystander = await one.person(), await one.person()
        signed_in = (await _login(one, person)).json()
        elsewhere = Person(two.client, signed_in)
        await elsewhere.get("/auth/me")
        await person.post("/auth/logout-everywhere", expect=204)
        problem(await person.get("/auth/me", expect=None), 401, "not_signed_in")
        known = two.board.ended_sessions._known
        await until(lambda: len(known) == 2, what="heard", patience_s=_PATIENCE_S)
        for each in (elsewhere, person.through(two)):
            problem(await each.get("/auth/me", expect=None), 401, "not_signed_in")
            problem(await _refresh(two, each), 401, "invalid_refresh_token")
        await bystander.through(two).get("/auth/me")
        assert (await _login(two, person)).status_code == 200


async def test_signing_out_ends_the_access_token_too(app: Running) -> None:
    person = await app.person()
    elsewhere = Person(app.client, (await _login(app, person)).json())
    await app.client.post("/auth/logout", json={"refresh_token": person.refresh_token})
    problem(await person.get("/auth/me", expect=None), 401, "not_signed_in")
    await elsewhere.get("/auth/me")


async def test_a_replayed_refresh_token_ends_the_thiefs_access_token(app: Running) -> None:
    person = await app.person()
    stolen = Person(app.client, (await _refresh(app, person)).json())
    problem(await _refresh(app, person), 401, "refresh_token_reused")
    problem(await stolen.get("/auth/me", expect=None), 401, "not_signed_in")


async def test_a_worker_that_starts_later_knows_who_had_left(run_app: RunApp) -> None:
    async with run_app() as one:
        person = await one.person()
        await person.post("/auth/logout-everywhere", expect=204)
        async with run_app() as two:
            await _hears(two)
            problem(await person.through(two).get("/auth/me", expect=None), 401, "not_signed_in")


async def test_without_redis_tokens_pass_counted_and_what_was_missed_is_made_up_for(
    run_app: RunApp, app_servers: dict[str, str]
) -> None:
    async with (
        wire_to(app_servers["REDIS_URL"]) as (wire, url),
        run_app() as one,
        run_app(redis_url=url) as two,
    ):
        await _hears(two)
        person = await one.person()
        await wire.cut()
        await until(lambda: not two.board.ended_sessions._hears, what="lost", patience_s=30)
        await person.post("/auth/logout-everywhere", expect=204)
        before = metrics.sessions_unchecked._value.get()
        await person.through(two).get("/auth/me")
        assert metrics.sessions_unchecked._value.get() == before + 1
        # What is dangerous asks the database itself.
        for path, body in (
            ("/auth/password/change", {"old_password": PASSWORD, "new_password": "x" * 20}),
            ("/auth/delete", {"password": PASSWORD}),
        ):
            problem(await person.through(two).post(path, **body), 401, "not_signed_in")
        await wire.mend()
        await _hears(two)
        problem(await person.through(two).get("/auth/me", expect=None), 401, "not_signed_in")


async def test_an_end_that_redis_did_not_take_is_told_when_it_is_back(
    run_app: RunApp, app_servers: dict[str, str]
) -> None:
    async with (
        wire_to(app_servers["REDIS_URL"]) as (wire, url),
        run_app(redis_url=url) as one,
        run_app() as two,
    ):
        await _hears(two)
        person = await one.person()
        await wire.cut()
        await person.post("/auth/logout-everywhere", expect=204)
        # Here it is known at once.
        problem(await person.get("/auth/me", expect=None), 401, "not_signed_in")
        await person.through(two).get("/auth/me")
        await wire.mend()
        known = two.board.ended_sessions._known
        await until(lambda: len(known) == 1, what="told", patience_s=_PATIENCE_S)
        problem(await person.through(two).get("/auth/me", expect=None), 401, "not_signed_in")


async def test_what_is_remembered_is_forgotten_with_the_last_token(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000.0
    monkeypatch.setattr(ended_sessions, "time", lambda: now)
    monkeypatch.setattr(ended_sessions, "_MOST_KNOWN", 3)
    ended = EndedSessions(app.board.store, 1_800)
    first = [uuid4(), uuid4()]
    ended.heard(b"".join(each.bytes for each in first))
    assert all(map(ended.has_ended, first))
    now += 1_000
    ended.heard((last := uuid4()).bytes)
    now += 801
    ended.heard(uuid4().bytes)
    assert not any(map(ended.has_ended, first))
    assert ended.has_ended(last)
    # Nor does it grow without bounds: those that run out first go.
    ended.heard(b"".join(uuid4().bytes for _ in range(3)))
    assert not ended.has_ended(last)
    assert len(ended._known) == 3


async def test_old_sessions_are_ended_without_telling_anyone(app: Running) -> None:
    person = await app.person()
    execute(app, "UPDATE refresh_tokens SET expires_at = now()")
    newer = Person(app.client, (await _login(app, person)).json())
    await newer.post("/auth/logout-everywhere", expect=204)
    assert len(app.board.ended_sessions._known) == 1
    assert execute(app, "SELECT count(*) FROM auth_sessions WHERE ended_at IS NULL") == [0]


async def test_the_suspended_are_told_so_only_with_the_right_password(app: Running) -> None:
    person = await app.person()
    execute(app, "UPDATE users SET suspended_at = now() WHERE id = %s", person.id)
    problem(await _login(app, person, "wrong"), 401, "invalid_credentials")
    problem(await _login(app, person), 403, "account_suspended")
    for _ in range(2):  # the token is not spent by asking
        problem(await _refresh(app, person), 403, "account_suspended")
    execute(app, "UPDATE users SET suspended_at = NULL")
    assert (await _refresh(app, person)).status_code == 200


async def test_the_suspended_have_no_access_at_once(app: Running) -> None:
    person = await app.person()
    async with app.board.database.writing() as session:
        await repository.end_all(session, person.id)
    execute(app, "UPDATE users SET suspended_at = now() WHERE id = %s", person.id)
    problem(await person.get("/auth/me", expect=None), 401, "not_signed_in")
    problem(await _refresh(app, person), 403, "account_suspended")


async def test_sockets_end_with_the_sessions_and_a_ticket_opens_none_afterwards(
    pods: Two, people: People
) -> None:
    person = await people.one.person()
    there = person.through(people.two)
    socket = await pods.two.open(there)
    unused = (await person.post("/realtime/ticket", expect=201)).json()
    await person.post("/auth/logout-everywhere", expect=204)
    assert await socket.closed() == 4011

    async def known_there() -> bool:
        return (await there.get("/auth/me", expect=None)).status_code == 401

    await eventually(known_there, what="the other pod knows")
    with pytest.raises(RefusedError, match="403"):
        await pods.two.socket([unused["protocol"], unused["ticket"]])


async def test_the_store_holds_no_more_than_ids(app: Running) -> None:
    session_id = UUID(int=7)
    await app.board.ended_sessions.end([session_id])
    store: Store = app.board.store
    (found,) = await store.run(lambda redis: redis.zrange("sessions:ended", 0, -1))
    assert found == session_id.bytes
    life_s = await store.run(lambda redis: redis.ttl("sessions:ended"))
    assert 0 < life_s <= 1_800
