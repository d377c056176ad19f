"""Teams for tests: the letters that invite, and people who accept."""

import re
from dataclasses import dataclass
from typing import Any

import pytest

from tests.app.life import Person, Running

_ON_REGISTERING = "Is this your address?"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter the app posted."""

    to: str
    subject: str
    text: str

    @property
    def token(self) -> str:
        """What its link carries."""
        found = re.search(r"#token=(\S+)", self.text)
        assert found is not None, self.text
        return found[1]


def read_letters(
    app: Running, monkeypatch: pytest.MonkeyPatch, *, on_registering: bool = False
) -> list[Letter]:
    """The letters the app posts from now on; those to whoever registers only if asked for."""
    letters: list[Letter] = []

    def post(*parts: str) -> None:
        letter = Letter(*parts)
        if on_registering or letter.subject != _ON_REGISTERING:
            letters.append(letter)

    monkeypatch.setattr(app.board.mail, "post", post)
    return letters


async def invite(
    owner: Person, email: str, role: str = "recruiter", *, expect: int = 201
) -> dict[str, Any]:
    """Invite an address to the owner's company."""
    path = f"/companies/{owner.company['id']}/invitations"
    shown: dict[str, Any] = (await owner.post(path, expect=expect, email=email, role=role)).json()
    return shown


async def member(
    app: Running, owner: Person, letters: list[Letter], role: str = "recruiter"
) -> Person:
    """Someone new in the owner's team; `company` is the owner's."""
    person = await app.person("employer")
    await invite(owner, person.user["email"], role)
    await person.post("/companies/invitations/accept", expect=200, token=letters[-1].token)
    person.company = owner.company
    return person
