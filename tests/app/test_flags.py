"""Switches: from the data, the settings, an administrator; with two workers and without Redis."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reference_app.kit.flags import Flags
from reference_app.kit.known_flags import KNOWN, UnknownFlagError, read_settings
from reference_app.kit.store import Store, StoreGoneError
from tests.app.admins import administrator, put
from tests.app.conftest import MakeSettings, RunApp
from tests.app.cuttable import wire_to
from tests.app.life import PASSWORD, Running, problem, until

NOWHERE = "redis://127.0.0.1:9/0"


def register(app: Running, name: str) -> Any:
    return app.client.post(
        "/auth/register",
        json={
            "email": f"{name}@example.com",
            "password": PASSWORD,
            "full_name": name,
            "role": "seeker",
        },
    )


def test_settings_say_on_off_or_a_share() -> None:
    told = read_settings(("registration=off", "messaging = 25"))
    assert told == {"registration": 0, "messaging": 25}
    assert read_settings(("registration=ON",)) == {"registration": 100}
    for wrong in ("registration", "registration=maybe", "registration=101", "registration=-1"):
        with pytest.raises(ValueError, match="from 0 to 100"):
            read_settings((wrong,))
    with pytest.raises(UnknownFlagError, match=r"teleport.*registration"):
        read_settings(("teleport=on",))


def test_the_app_does_not_start_with_an_unknown_flag(make_settings: MakeSettings) -> None:
    assert make_settings(feature_flags="registration=off, messaging=5").flags == {
        "registration": 0,
        "messaging": 5,
    }
    with pytest.raises(ValidationError, match="no flag called"):
        make_settings(feature_flags="teleport=on")


async def test_an_unknown_flag_is_an_error_wherever_it_is_asked_for() -> None:
    store = Store(NOWHERE, connections=1, timeout_s=0.1)
    flags = Flags(store, {})
    with pytest.raises(UnknownFlagError):
        flags.is_on("teleport")
    with pytest.raises(UnknownFlagError):
        await flags.override("teleport", 100)
    assert all(flags.state(name).percent == flag.default for name, flag in KNOWN.items())
    await store.close()


@given(st.integers(0, 100), st.integers(1, 10**12))
def test_the_same_people_have_it_however_the_share_grows(percent: int, user_id: int) -> None:
    store = Store(NOWHERE, connections=1, timeout_s=0.1)
    flags = Flags(store, {"messaging": percent})
    more = Flags(store, {"messaging": min(100, percent + 1)})
    assert flags.is_on("messaging", user_id) == flags.is_on("messaging", user_id)
    assert not flags.is_on("messaging", user_id) or more.is_on("messaging", user_id)
    # For nobody in particular it is on only when it is for all.
    assert flags.is_on("messaging") == (percent == 100)


def test_a_share_is_about_as_large_as_it_says_and_another_for_each_flag() -> None:
    store = Store(NOWHERE, connections=1, timeout_s=0.1)
    flags = Flags(store, {"messaging": 25, "registration": 25})
    people = range(1, 10_001)
    have = {name: {each for each in people if flags.is_on(name, each)} for name in KNOWN}
    # Five standard deviations of a fair draw.
    assert abs(len(have["messaging"]) - 2_500) < 220
    assert abs(len(have["messaging"] & have["registration"]) - 625) < 125


async def test_nobody_registers_while_registration_is_closed(app: Running) -> None:
    admin = await administrator(app)
    assert (await register(app, "early")).status_code == 201
    closed = (await put(admin, "/admin/flags/registration", percent=0, reason="Flood")).json()
    assert (closed["settings"], closed["override"], closed["percent"]) == (100, 0, 0)
    problem(await register(app, "late"), 503, "registration_closed")
    # Who has an account gets in all the same.
    attempt = {"email": "early@example.com", "password": PASSWORD}
    assert (await app.client.post("/auth/login", json=attempt)).status_code == 200
    for _ in range(2):
        opened = (await admin.send("DELETE", "/admin/flags/registration", expect=200)).json()
        assert (opened["override"], opened["percent"]) == (None, 100)
    assert (await register(app, "late")).status_code == 201


async def test_messages_are_off_for_those_it_is_off_for(run_app: RunApp) -> None:
    async with run_app(feature_flags="messaging=50") as app:
        employer = await app.employer()
        people = [await app.person() for _ in range(12)]
        job = await employer.job()
        has = [app.board.flags.is_on("messaging", person.id) for person in people]
        assert set(has) == {True, False}
        for person, on in zip(people, has, strict=True):
            await person.post(f"/jobs/{job['id']}/applications", cover_letter="Me", expect=201)
            wanted = {"recipient_id": employer.id, "body": "Hello", "key": "message-0001"}
            answer = await person.post("/conversations", **wanted)
            if on:
                assert answer.status_code == 201, answer.text
                path = f"/conversations/{answer.json()['conversation_id']}"
            else:
                problem(answer, 503, "messaging_off")
        app.board.flags.heard()
        admin = await administrator(app)
        await put(admin, "/admin/flags/messaging", percent=0, reason="Spam")
        writer = people[has.index(True)]
        more = {"body": "Still there?", "key": "message-0002"}
        problem(await writer.post(f"{path}/messages", **more), 503, "messaging_off")
        # What was written can be read.
        assert (await employer.get("/conversations")).json()["items"]


async def test_another_worker_hears_of_it(run_app: RunApp) -> None:
    async with run_app() as one, run_app_again(run_app) as two:
        admin = await administrator(one)
        await put(admin, "/admin/flags/registration", percent=0, reason="Flood")
        assert not one.board.flags.is_on("registration")
        await until(
            lambda: not two.board.flags.is_on("registration"), what="heard of", patience_s=20
        )
        problem(await register(two, "late"), 503, "registration_closed")


def run_app_again(run_app: RunApp) -> Any:
    return run_app(pod_name="another")


async def test_what_was_missed_is_found_by_looking(app: Running) -> None:
    store = app.board.store
    flags = Flags(store, {})
    await store.run(lambda redis: redis.hset("flags", mapping={"messaging": "7", "gone": "1"}))
    assert flags.state("messaging").override is None
    looking = asyncio.create_task(flags.run())
    await until(lambda: flags.state("messaging").override == 7, what="looked", patience_s=20)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


async def test_what_is_known_is_believed_for_a_while_and_then_the_settings_hold(
    app: Running,
) -> None:
    now = 1_000.0
    flags = Flags(app.board.store, {"messaging": 100}, clock=lambda: now)
    await flags.override("messaging", 0)
    now += 29
    assert not flags.is_on("messaging", 1)
    now += 2
    assert flags.is_on("messaging", 1)
    await flags.look()
    assert not flags.is_on("messaging", 1)


async def test_without_redis_the_settings_hold_and_nothing_is_changed(
    run_app: RunApp, app_servers: dict[str, str]
) -> None:
    async with (
        wire_to(app_servers["REDIS_URL"]) as (wire, url),
        run_app(redis_url=url, feature_flags="messaging=off") as app,
    ):
        admin = await administrator(app)
        await wire.cut()
        problem(
            await admin.send("PUT", "/admin/flags/registration", {"percent": 0, "reason": "x"}),
            503,
            "flags_unavailable",
        )
        assert (await register(app, "someone")).status_code == 201
        shown = {flag["name"]: flag for flag in (await admin.get("/admin/flags")).json()["items"]}
        assert (shown["messaging"]["percent"], shown["messaging"]["default"]) == (0, 100)
        trail = (await admin.get("/admin/audit?action=flag.set")).json()["items"]
        assert trail == []
        with pytest.raises(StoreGoneError):
            await app.board.flags.look()
        await wire.mend()


async def test_only_known_flags_and_shares_are_taken(app: Running) -> None:
    admin = await administrator(app)
    for method, body in (("PUT", {"percent": 1, "reason": "x"}), ("DELETE", None)):
        problem(await admin.send(method, "/admin/flags/teleport", body), 404, "unknown_flag")
    for wrong in ({"percent": 101, "reason": "x"}, {"percent": 1}, {"percent": 1, "reason": " "}):
        answer = await admin.send("PUT", "/admin/flags/messaging", wrong)
        problem(answer, 422, "invalid_request")
