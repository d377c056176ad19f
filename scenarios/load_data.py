"""The data file a scenario draws on: what there is to ask for, and who is signed in.

Written by the stack from the seeded system, just before a run: sessions are
fresh, and used by one virtual user each.
"""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scenarios.catalogue import Scenario
from scenarios.errors import ScenarioError


class _Part(BaseModel):
    # a later export may say more than this reader asks for
    model_config = ConfigDict(extra="ignore", frozen=True)


class Search(_Part):
    """A search text and how often it is asked for, relative to the others."""

    q: str
    weight: float = Field(gt=0)


class SignedIn(_Part):
    """One person's open session."""

    id: int
    email: str
    access_token: str
    refresh_token: str
    tier: str = "free"
    contacts: list[int] = []
    """Others with a session here, whom one may write to."""
    follows: list[int] = []
    requests: list[int] = []
    """Connections one is asked for."""
    saved_searches: list[int] = []
    met_companies: list[int] = []
    """Those that decided on an application of one's: one may review them."""
    hired: list[int] = []
    """Those an employer hired, and may review."""
    job_ids: list[int] = []
    company_id: int | None = None


class LoadData(_Part):
    """Ids in order of popularity, searches with weights, and open sessions."""

    password: str
    jobs: list[int] = Field(min_length=1)
    companies: list[int] = Field(min_length=1)
    people: list[int] = Field(min_length=2)
    searches: list[Search] = Field(min_length=1)
    islands: list[str] = Field(min_length=1)
    categories: list[str] = Field(min_length=1)
    seekers: list[SignedIn]
    employers: list[SignedIn]


def read_load_data(path: Path) -> LoadData:
    """The data file at `path`. Raises `ScenarioError` when it is missing or not one."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(f"cannot read the load data {path}: {error.strerror}") from error
    except ValueError as error:
        raise ScenarioError(f"the load data {path} is not JSON: {error}") from error
    try:
        return LoadData.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ScenarioError(f"the load data {path} is wrong at {place}: {first['msg']}") from error


def signed_in(data: LoadData, scenario: Scenario, users: int) -> list[SignedIn]:
    """The sessions that `users` virtual users have, each its own.

    `ScenarioError` unless the data holds a session for every signed-in user.

    Two users with one session would replay each other's refresh tokens, which the
    system rightly answers by ending it.
    """
    parts: list[str] = [name for name, _ in scenario.cast(users)]
    found: list[SignedIn] = []
    for name, sessions in (("seeker", data.seekers), ("employer", data.employers)):
        needed = parts.count(name)
        if needed > len(sessions):
            raise ScenarioError(
                f"{users} users need {needed} {name} sessions, the load data holds {len(sessions)}"
            )
        found += sessions[:needed]
    return found
