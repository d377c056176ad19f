"""Every route and everyone who may come to it: what each gets.

The tables in `access/` say it, one file per domain. They are complete: a route
without a row fails, and so does a row without a route.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from reference_app.assembly import create_app
from reference_app.kit.tokens import Access, mint_access_token
from tests.app.calls import (
    PAYMENTS,
    ROLES,
    SIGNED_IN,
    TABLES,
    Row,
    calls,
    domain_of,
    prepared,
    rows,
    shake_hands,
    the_person,
    ticket,
)
from tests.app.conftest import MakeSettings, RunApp
from tests.app.life import Person, Running
from tests.app.openid_provider import OpenIdProvider, openid_provider
from tests.app.scene import Scene
from tests.app.teams import read_letters

_SHOWN_AT = {
    "connection_id": "/connections/requests",
    "key_id": "/api-keys",
    "search_id": "/saved-searches",
}


@pytest.fixture(scope="module")
def google() -> Iterator[OpenIdProvider]:
    """Who says in Google's place who somebody is."""
    with openid_provider() as provider:
        yield provider


def test_every_route_has_a_row_in_its_domains_table_and_every_row_a_route(
    make_settings: MakeSettings,
) -> None:
    routes = create_app(make_settings()).router.routes
    there = {(domain_of(route), call) for route in routes for call in calls(route)}
    told = {(table.stem, row.call) for table in TABLES for row in rows(table)}
    assert sorted(there - told) == [], "routes without a row"
    assert sorted(told - there) == [], "rows without a route"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
async def test_everyone_gets_what_the_table_says(
    run_app: RunApp,
    monkeypatch: pytest.MonkeyPatch,
    google: OpenIdProvider,
    storage: dict[str, str],
    table: Path,
) -> None:
    offered = {**google.settings(), **storage}
    async with run_app(**PAYMENTS, **offered) as app:
        # Reading uses nothing up: one scene will do for all of it.
        url = app.board.settings.database_url.get_secret_value()
        read = Scene(app, url, read_letters(app, monkeypatch, on_registering=True))
        wrong = [
            f"{row.call} as {role}: {got}, not {row.expected(role)}"
            for row in rows(table)
            async for role, got in _gets(read if row.reads else read.anew(), row)
            if not agrees(got, row.expected(role))
        ]
    assert wrong == [], "\n".join(wrong)


def agrees(got: str, expected: str) -> bool:
    """Whether a status and code are what a table says, which need not say a code."""
    return got == expected or got.split()[0] == expected


async def _gets(scene: Scene, row: Row) -> AsyncIterator[tuple[str, str]]:
    for role in ROLES:
        answer = await _call(scene, row, role)
        yield role, answer
        if role == "anonymous" and answer.startswith("401"):
            for token in _bad_tokens(scene.app, await scene.the(row.owner_is)):
                yield role, await _call(scene, row, role, token)
        used_up = answer[0] in "12" and not row.reads
        if used_up and row.keeps and role != "owner":
            assert await _is_there(scene, row.keeps), f"{row.call} as {role} did something"
        elif used_up:
            scene = scene.anew()


async def _call(scene: Scene, row: Row, role: str, token: str | None = None) -> str:
    if row.call.startswith("WS "):
        offered = await ticket(await the_person(scene, row, role)) if role in SIGNED_IN else []
        return await shake_hands(scene.app, offered)
    return _told(await scene.app.client.send(await prepared(scene, row, role, token)))


def _told(answer: httpx2.Response) -> str:
    if not answer.is_error:
        return str(answer.status_code)
    assert answer.headers["content-type"] == "application/problem+json"
    return f"{answer.status_code} {answer.json()['code']}"


def _bad_tokens(app: Running, owner: Person) -> list[str]:
    """Tokens of the owner that somebody else signed, or whose time is over."""
    access = Access(owner.id, owner.user["role"], uuid4())
    secret = app.board.settings.secret_key.get_secret_value()
    now = datetime.now(UTC)
    return [
        mint_access_token(access, secret=secret[::-1], issued_at=now, minutes=5),
        mint_access_token(access, secret=secret, issued_at=now - timedelta(hours=1), minutes=30),
    ]


async def _is_there(scene: Scene, thing: str) -> bool:
    """Whether the owner's thing still shows."""
    shown = await (await scene.the("employer")).get(_SHOWN_AT[thing])
    return await scene.the(thing) in [item["id"] for item in shown.json()["items"]]
