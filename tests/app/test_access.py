"""Every route and everyone who may come to it: what each gets.

The tables in `access/` say it, one file per domain. They are complete: a route
without a row fails, and so does a row without a route.
"""

import re
import tomllib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from starlette.routing import BaseRoute, WebSocketRoute

from reference_app.assembly import create_app
from reference_app.kit.tokens import Access, mint_access_token
from tests.app.conftest import MakeSettings, RunApp
from tests.app.life import Person, Running
from tests.app.openid_provider import OpenIdProvider, openid_provider
from tests.app.scene import Scene
from tests.app.teams import read_letters

TABLES = sorted((Path(__file__).parent / "access").glob("*.toml"))
SIGNED_IN = ("stranger_seeker", "stranger_employer", "member", "admin", "owner")
ROLES = ("anonymous", *SIGNED_IN)
"""The owner last: their success may use the scene up."""

_PAYMENTS = {
    "stripe_secret_key": "sk_test_0123456789abcdef",
    "stripe_webhook_secret": "whsec_0123456789abcdef",
    "stripe_api_url": "http://127.0.0.1:1",
}
_UNTAGGED = "documents"
_SHOWN_AT = {
    "connection_id": "/connections/requests",
    "key_id": "/api-keys",
    "search_id": "/saved-searches",
}


@dataclass(frozen=True)
class Row:
    """A call, and what each role gets: a status, or a status and a problem's code.

    `at` names other things of the scene for parameters of the path, `owner_is`
    another person of it as the owner; those of `ROLES` without a word of their own
    get what `signed_in` or `everyone` get. `keeps` names a thing that must be there
    still after all but the owner have called.
    """

    call: str
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    at: dict[str, str] = field(default_factory=dict)
    owner_is: str = "employer"
    keeps: str | None = None
    everyone: int | str | None = None
    signed_in: int | str | None = None
    anonymous: int | str | None = None
    stranger_seeker: int | str | None = None
    stranger_employer: int | str | None = None
    owner: int | str | None = None
    member: int | str | None = None
    admin: int | str | None = None

    def expected(self, role: str) -> str:
        """What `role` gets."""
        said: int | str | None = getattr(self, role)
        if said is None and role != "anonymous":
            said = self.signed_in
        said = self.everyone if said is None else said
        assert said is not None, f"{self.call} does not say what {role} gets"
        return str(said)


def rows(table: Path) -> list[Row]:
    """The rows of one file."""
    return [Row(**row) for row in tomllib.loads(table.read_text(encoding="utf-8"))["row"]]


def calls(route: BaseRoute) -> set[str]:
    """What can be called of a route."""
    if isinstance(route, WebSocketRoute):
        return {f"WS {route.path}"}
    methods = set(getattr(route, "methods", ())) - {"HEAD"}
    return {f"{method} {route.path}" for method in methods}  # type: ignore[attr-defined]


def domain_of(route: BaseRoute) -> str:
    """The file whose business a route is."""
    if isinstance(route, WebSocketRoute):
        return "realtime"
    tags = getattr(route, "tags", None) or [_UNTAGGED]
    return str(tags[0]).lower().replace(" ", "_")


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
    async with run_app(**_PAYMENTS, **offered) as app:
        # Reading uses nothing up: one scene will do for all of it.
        url = app.board.settings.database_url.get_secret_value()
        read = Scene(app, url, read_letters(app, monkeypatch, on_registering=True))
        wrong = [
            f"{row.call} as {role}: {got}, not {row.expected(role)}"
            for row in rows(table)
            async for role, got in _gets(read if _reads(row) else read.anew(), row)
            if not agrees(got, row.expected(role))
        ]
    assert wrong == [], "\n".join(wrong)


def agrees(got: str, expected: str) -> bool:
    """Whether a status and code are what a table says, which need not say a code."""
    return got == expected or got.split()[0] == expected


def _reads(row: Row) -> bool:
    return row.call.startswith("GET ")


async def _gets(scene: Scene, row: Row) -> AsyncIterator[tuple[str, str]]:
    for role in ROLES:
        answer = await _call(scene, row, role)
        yield role, answer
        if role == "anonymous" and answer.startswith("401"):
            for token in _bad_tokens(scene.app, await scene.the(row.owner_is)):
                yield role, await _call(scene, row, role, token)
        used_up = answer[0] in "12" and not _reads(row)
        if used_up and row.keeps and role != "owner":
            assert await _is_there(scene, row.keeps), f"{row.call} as {role} did something"
        elif used_up:
            scene = scene.anew()


async def _call(scene: Scene, row: Row, role: str, token: str | None = None) -> str:
    method, path = row.call.split()
    names = re.findall(r"{(\w+)}", path)
    values = {name: await scene.the(row.at.get(name, name)) for name in names}
    body, query = await _filled(scene, row.body), await _filled(scene, row.query)
    person = None
    if role != "anonymous":
        person = await scene.the(row.owner_is if role == "owner" else role)
        token = person.access_token
    if method == "WS":
        return await _opens(scene.app, person)
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    url = "http://board.test" + path.format(**values)
    return _told(
        await scene.app.client.request(method, url, params=query, json=body, headers=headers)
    )


def _told(answer: httpx2.Response) -> str:
    if not answer.is_error:
        return str(answer.status_code)
    assert answer.headers["content-type"] == "application/problem+json"
    return f"{answer.status_code} {answer.json()['code']}"


async def _filled(scene: Scene, value: Any) -> Any:
    """`value` with things of the scene in the place of their names."""
    if isinstance(value, dict):
        return {name: await _filled(scene, each) for name, each in value.items()}
    if isinstance(value, list):
        return [await _filled(scene, each) for each in value]
    if isinstance(value, str) and (named := re.fullmatch(r"{(\w+)}", value)):
        return await scene.the(named[1])
    return value


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


async def _opens(app: Running, person: Person | None) -> str:
    """What the socket's handshake gets, with a ticket for those who can have one."""
    offered = []
    if person is not None:
        shown = (await person.post("/realtime/ticket", expect=201)).json()
        offered = [shown["protocol"], shown["ticket"]]
    scope = {
        "type": "websocket",
        "path": "/ws",
        "query_string": b"",
        "headers": [],
        "subprotocols": offered,
        "client": ("127.0.0.1", 1),
    }
    said: list[str] = []
    heard = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1001}]

    async def receive() -> dict[str, Any]:
        return heard.pop(0)

    async def send(message: Any) -> None:
        said.append(message["type"])

    await app.app(scope, receive, send)
    return "101" if said[0] == "websocket.accept" else "403"
