"""The tables in `access/`: every call of the API, what to send, and what each role gets."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from starlette.routing import BaseRoute, Route, WebSocketRoute

from tests.app.life import Person, Running
from tests.app.scene import Scene

TABLES = sorted((Path(__file__).parent / "access").glob("*.toml"))
SIGNED_IN = ("stranger_seeker", "stranger_employer", "member", "admin", "owner")
ROLES = ("anonymous", *SIGNED_IN)
"""The owner last: their success may use the scene up."""

PAYMENTS = {
    "stripe_secret_key": "sk_test_0123456789abcdef",
    "stripe_webhook_secret": "whsec_0123456789abcdef",
    "stripe_api_url": "http://127.0.0.1:1",
}
_UNTAGGED = "documents"


@dataclass(frozen=True)
class Row:
    """A call, and what each role gets: a status, or a status and a problem's code.

    `at` names other things of the scene for parameters of the path, `owner_is`
    another person of it as the owner; those of `ROLES` without a word of their own
    get what `signed_in` or `everyone` get. `keeps` names a thing that must be there
    still after all but the owner have called. `statements` is how many a success sends to
    the database, however many there are of the things that `of` names (see `filling`).
    """

    call: str
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    at: dict[str, str] = field(default_factory=dict)
    owner_is: str = "employer"
    keeps: str | None = None
    statements: int | None = None
    of: tuple[str, ...] = ()
    everyone: int | str | None = None
    signed_in: int | str | None = None
    anonymous: int | str | None = None
    stranger_seeker: int | str | None = None
    stranger_employer: int | str | None = None
    owner: int | str | None = None
    member: int | str | None = None
    admin: int | str | None = None

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.call.startswith("GET ")

    def expected(self, role: str) -> str:
        """What `role` gets."""
        said: int | str | None = getattr(self, role)
        if said is None and role != "anonymous":
            said = self.signed_in
        said = self.everyone if said is None else said
        assert said is not None, f"{self.call} does not say what {role} gets"
        return str(said)

    def succeeds_for(self) -> str | None:
        """The last role that it does something for; None if there is none."""
        return next((role for role in reversed(ROLES) if self.expected(role)[0] in "123"), None)


def rows(table: Path) -> list[Row]:
    """The rows of one file."""
    return [
        Row(**row | {"of": tuple(row.get("of", ()))})
        for row in tomllib.loads(table.read_text(encoding="utf-8"))["row"]
    ]


def calls(route: BaseRoute) -> set[str]:
    """What can be called of a route."""
    if isinstance(route, WebSocketRoute):
        return {f"WS {route.path}"}
    if not isinstance(route, Route):
        return set()
    return {f"{method} {route.path}" for method in (route.methods or set()) - {"HEAD"}}


def domain_of(route: BaseRoute) -> str:
    """The file whose business a route is."""
    if isinstance(route, WebSocketRoute):
        return "realtime"
    tags = getattr(route, "tags", None) or [_UNTAGGED]
    return str(tags[0]).lower().replace(" ", "_")


async def prepared(scene: Scene, row: Row, role: str, token: str | None = None) -> httpx2.Request:
    """What `role` sends; by another `token` than their own, if one is given."""
    method, path = row.call.split()
    names = re.findall(r"{(\w+)}", path)
    values = {name: await scene.the(row.at.get(name, name)) for name in names}
    body, query = await _filled(scene, row.body), await _filled(scene, row.query)
    if role != "anonymous":
        token = (await the_person(scene, row, role)).access_token
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    url = "http://board.test" + path.format(**values)
    client = scene.app.client
    return client.build_request(method, url, params=query, json=body, headers=headers)


async def the_person(scene: Scene, row: Row, role: str) -> Person:
    """Who is meant by a role other than anonymous."""
    person: Person = await scene.the(row.owner_is if role == "owner" else role)
    return person


async def _filled(scene: Scene, value: Any) -> Any:
    """`value` with things of the scene in the place of their names."""
    if isinstance(value, dict):
        return {name: await _filled(scene, each) for name, each in value.items()}
    if isinstance(value, list):
        return [await _filled(scene, each) for each in value]
    if isinstance(value, str) and (named := re.fullmatch(r"{(\w+)}", value)):
        return await scene.the(named[1])
    return value


async def ticket(person: Person) -> list[str]:
    """What a socket's handshake offers of someone signed in: good for one."""
    shown = (await person.post("/realtime/ticket", expect=201)).json()
    return [shown["protocol"], shown["ticket"]]


async def shake_hands(app: Running, offered: list[str]) -> str:
    """What a socket's handshake gets that offers a ticket, or nothing."""
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
