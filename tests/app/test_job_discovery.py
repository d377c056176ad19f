"""Ways to jobs: categories and islands, jobs like one, jobs of the day."""

from datetime import timedelta
from typing import Any

import pytest

from reference_app.catalogue import CATEGORIES, ISLANDS
from reference_app.jobs import discovery
from tests.app.life import Running, problem
from tests.app.rows import execute
from tests.app.test_job_lists import _NOW, _add_jobs

pytestmark = pytest.mark.usefixtures("no_chores")


async def _get(app: Running, path: str) -> list[dict[str, Any]]:
    answer = await app.client.get(path)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_categories_and_islands_tell_how_many_open_jobs_they_have(
    app: Running, app_servers: dict[str, str]
) -> None:
    over = _NOW - timedelta(days=1)
    _add_jobs(
        app_servers["DATABASE_DIRECT_URL"],
        [
            {"category": "plumbing", "island": "exuma"},
            {"category": "plumbing", "island": "abaco", "expires_at": _NOW + timedelta(days=1)},
            {"category": "retail", "island": "abaco"},
            {"category": "retail", "island": "abaco", "expires_at": over},
            {"category": "retail", "island": "abaco", "status": "closed"},
            {"category": "retail", "island": "abaco", "status": "draft", "published_at": None},
        ],
    )
    categories, islands = await _get(app, "/categories"), await _get(app, "/islands")
    assert [each["slug"] for each in categories] == list(CATEGORIES)
    assert {each["slug"]: each["name"] for each in islands} == dict(ISLANDS)
    counts = {each["slug"]: each["open_jobs"] for each in categories + islands}
    some = {slug: many for slug, many in counts.items() if many}
    assert some == {"plumbing": 2, "retail": 1, "exuma": 1, "abaco": 2}
    again = await app.client.get("/categories")
    assert again.headers["x-served-from"] in ("l1", "l2")


async def test_jobs_like_one_are_open_and_the_likest_come_first(
    app: Running, app_servers: dict[str, str]
) -> None:
    gone = {"title": "Night nurse", "category": "healthcare"}
    this, other_trade, same_trade, same_words, likest, *_ = ids = _add_jobs(
        app_servers["DATABASE_DIRECT_URL"],
        [
            {"title": "Night nurse", "category": "healthcare"},
            {"title": "Mason", "category": "construction", "description": "Walls."},
            {"title": "Dentist", "category": "healthcare", "description": "Teeth."},
            {"title": "Senior night nurse", "category": "healthcare", "island": "abaco"},
            {"title": "Night nurse (weekends)", "category": "healthcare"},
            {"title": "Mason", "category": "construction", "island": "abaco"},
            {**gone, "status": "closed"},
            {**gone, "status": "draft", "published_at": None},
            {**gone, "expires_at": _NOW},
        ],
    )
    found = [job["id"] for job in await _get(app, f"/jobs/{this}/similar")]
    assert found == [likest, same_words, same_trade, other_trade]
    # Of a closed one too: whoever comes too late goes on from there.
    assert next(job["id"] for job in await _get(app, f"/jobs/{ids[6]}/similar")) == this
    problem(await app.client.get(f"/jobs/{ids[7]}/similar"), 404, "job_not_found")
    problem(await app.client.get("/jobs/999/similar"), 404, "job_not_found")


async def test_a_job_that_is_alone_has_none_like_it(app: Running) -> None:
    owner = await app.employer()
    job = await owner.job(title="!!! ???")
    assert await _get(app, f"/jobs/{job['id']}/similar") == []


async def _trending(app: Running) -> list[int]:
    await discovery.reckon(app.board.database)
    await app.board.cache.invalidate([discovery.TRENDING_CACHE_KEY], 0)
    return [job["id"] for job in await _get(app, "/jobs/trending")]


def _seen(app: Running, job_id: int, views: int, days_ago: int = 0) -> None:
    execute(
        app,
        "INSERT INTO job_views (job_id, day, views)"
        " VALUES (%s, (now() AT TIME ZONE 'UTC')::date - %s, %s)",
        job_id,
        days_ago,
        views,
    )


async def test_what_is_seen_and_applied_for_lately_is_trending(app: Running) -> None:
    owner = await app.employer()
    ids = [(await owner.job())["id"] for _ in range(6)]
    seen, applied, earlier, long_ago, closed, unseen = ids
    assert await _trending(app) == []
    _seen(app, seen, 9)
    _seen(app, applied, 4)
    _seen(app, earlier, 10, days_ago=1)
    _seen(app, long_ago, 1_000, days_ago=3)
    _seen(app, closed, 1_000)
    await owner.post(f"/jobs/{closed}/close", expect=200)
    assert await _trending(app) == [seen, earlier, applied]
    for _ in range(2):
        person = await app.person()
        await person.post(f"/jobs/{applied}/applications", cover_letter="Me!", expect=201)
    assert await _trending(app) == [applied, seen, earlier]
    # Closed since it was reckoned: gone all the same.
    await owner.post(f"/jobs/{applied}/close", expect=200)
    await app.board.cache.invalidate([discovery.TRENDING_CACHE_KEY], 0)
    assert [job["id"] for job in await _get(app, "/jobs/trending")] == [seen, earlier]
    assert unseen in ids
