"""Administrators, who cannot register."""

import httpx2

from reference_app.admin.promote import change_role
from reference_app.users.models import Role
from tests.app.life import Person, Running


async def administrator(app: Running) -> Person:
    """Someone new who is an administrator, as the command on the server makes them."""
    person = await app.person()
    url = app.board.settings.database_url.get_secret_value()
    change_role(url, person.user["email"], Role.ADMIN)
    return await renewed(app, person)


async def renewed(app: Running, person: Person) -> Person:
    """The same person with fresh tokens."""
    answer = await app.client.post("/auth/refresh", json={"refresh_token": person.refresh_token})
    assert answer.status_code == 200, answer.text
    return Person(app.client, answer.json())


async def put(person: Person, path: str, expect: int = 200, **body: object) -> httpx2.Response:
    """Put something as this person."""
    return await person.send("PUT", path, body, expect=expect)
