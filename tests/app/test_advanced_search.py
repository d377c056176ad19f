"""The advanced search: who has it, and what it finds."""

from datetime import timedelta
from typing import Any

import pytest

from reference_app.kit.pagination import cursor_by_id, cursor_by_score
from reference_app.subscriptions.tiers import Tier
from tests.app.life import Person, Running, problem
from tests.app.test_job_lists import _NOW, _add_jobs

_JOBS: list[dict[str, Any]] = [
    {"title": "Mason", "island": "abaco", "category": "construction", "salary_max_cents": 500},
    {"title": "Night nurse", "island": "exuma", "category": "healthcare", "salary_min_cents": 900},
    {"title": "Nurse", "island": "bimini", "category": "healthcare", "employment_type": "gig"},
    {
        "title": "Plumber",
        "published_at": _NOW - timedelta(days=10),
        "salary_min_cents": 300,
        "salary_max_cents": 900,
    },
    {"title": "Plumber", "expires_at": _NOW, "salary_min_cents": 9_999},
]


async def _pro(app: Running) -> Person:
    person = await app.person()
    await app.give(person, Tier.PRO)
    return person


async def _found(person: Person, query: str) -> list[int]:
    """The ids of all pages, two jobs each."""
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        path = f"/jobs/search?limit=2&{query}{cursor and '&cursor=' + cursor}"
        page = (await person.get(path)).json()
        seen += [job["id"] for job in page["items"]]
        cursor = page["next_cursor"]
    return seen


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", [2, 1, 0, 3]),
        ("island=abaco&island=bimini", [2, 0]),
        ("category=construction&category=healthcare&island=exuma", [1]),
        ("employment_type=gig&employment_type=contract", [2]),
        ("posted_within_days=9", [2, 1, 0]),
        ("salary_min=600", [1, 3]),
        ("salary_max=600", [0, 3]),
        ("salary_min=600&salary_max=800", [3]),
        ("sort=pay", [3, 1, 0]),
        ("sort=pay&category=healthcare", [1]),
        ("q=nurse", [2, 1]),
        ("q=nurse&sort=pay", [1]),
        ("q=nurze", []),
        ("q=nurze&sort=relevance&island=bimini", [2]),
        ("q=nurse&sort=relevance&posted_within_days=1", [2, 1]),
    ],
)
async def test_all_conditions_hold_and_of_several_choices_one(
    app: Running, app_servers: dict[str, str], query: str, wanted: list[int]
) -> None:
    ids = _add_jobs(app_servers["DATABASE_DIRECT_URL"], _JOBS)
    found = await _found(await _pro(app), query)
    if "relevance" in query:
        assert sorted(found) == sorted(ids[position] for position in wanted)
    else:
        assert found == [ids[position] for position in wanted]


async def test_who_has_it(app: Running) -> None:
    path = "/jobs/search?sort=pay"
    problem(await app.client.get(path), 401, "not_signed_in")
    for person in (await app.person(), await app.employer(Tier.FREE)):
        told = problem(await person.get(path, expect=None), 403, "not_in_tier")
        assert (told["feature"], told["upgrade_tier"]) == ("advanced_search", "pro")
    for tier in (Tier.PRO, Tier.BUSINESS, Tier.ENTERPRISE):
        person = await app.person()
        await app.give(person, tier)
        await person.get(path)
    # The plain search stays everyone's.
    assert (await app.client.get("/jobs?q=nurse&island=abaco&salary_min=5")).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "island=atlantis",
        "posted_within_days=0",
        "sort=luck",
        "salary_max=-1",
        "limit=101",
        "q=a%00b",
        "island=abaco" + "&island=abaco" * 30,
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(app: Running, query: str) -> None:
    person = await _pro(app)
    problem(await person.get(f"/jobs/search?{query}", expect=None), 422, "invalid_request")


async def test_a_cursor_of_another_order_is_refused(app: Running) -> None:
    person = await _pro(app)
    for query in (
        f"sort=pay&cursor={cursor_by_score(1.0, 5)}",
        f"sort=relevance&q=nurse&cursor={cursor_by_id(5)}",
        f"cursor={cursor_by_id(5)}",
    ):
        problem(await person.get(f"/jobs/search?{query}", expect=None), 400, "bad_cursor")
    answer = await person.get("/jobs/search?sort=relevance", expect=None)
    problem(answer, 400, "nothing_to_match")
