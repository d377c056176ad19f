"""Journeys for tests that need no server, and answers to give them."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from scenarios import catalogue
from scenarios.catalogue import Scenario
from scenarios.journeys.browsing import Journey
from scenarios.journeys.call import BodyError, Call
from scenarios.journeys.employer import Employer
from scenarios.journeys.looking import Visitor
from scenarios.journeys.seeker import Seeker
from scenarios.journeys.world import World
from tests.scenarios.board_data import load_data

MIXED = catalogue.load("mixed")
NOW = 1_800_000_000.0


def world(scenario: Scenario = MIXED, seed: int = 1) -> World:
    """The world of one run."""
    return World.of(scenario, load_data(), seed)


def person(kind: str, number: int = 0, seed: int = 1, scenario: Scenario = MIXED) -> Journey:
    """Someone on a journey."""
    of = world(scenario, seed)
    chance = of.chance(number, "decisions")
    if kind == "visitor":
        return Visitor(of, chance)
    if kind == "seeker":
        return Seeker(of, chance, of.data.seekers[number])
    return Employer(of, chance, of.data.employers[number])


def without_sessions() -> Scenario:
    """The mixed scenario, in which no session begins anew."""
    return MIXED.model_copy(
        update={"session": MIXED.session.model_copy(update={"start_share": 0.0})}
    )


def job(number: int = 1, **more: Any) -> dict[str, Any]:
    """A job as the board shows it."""
    return {
        "id": number,
        "title": "Cook",
        "category": "retail",
        "island": "abaco",
        "employment_type": "gig",
        "description": "Cooking.",
        "status": "published",
        "salary_max_cents": 1,
        "company": {"id": 5, "name": "Conch"},
        **more,
    }


def page(*items: dict[str, Any], cursor: str | None = None) -> dict[str, Any]:
    """A page of a list."""
    return {"items": list(items), "next_cursor": cursor}


def asked(call: Call) -> dict[str, str]:
    """The query of a call."""
    return {key: values[0] for key, values in parse_qs(urlsplit(call.path).query).items()}


def accepts(call: Call, body: Any, status: int = 200) -> bool:
    """Whether an answer is a right one."""
    try:
        call.check(status, body)
    except BodyError:
        return False
    return True


def seeker() -> Seeker:
    """A seeker."""
    found = person("seeker")
    assert isinstance(found, Seeker)
    return found


def employer() -> Employer:
    """An employer."""
    found = person("employer")
    assert isinstance(found, Employer)
    return found
