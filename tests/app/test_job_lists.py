"""Finding jobs: filters, words, misspellings, pages."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference_app.jobs.list_window import KEPT, PAGE
from reference_app.jobs.listing import list_cache_key
from reference_app.jobs.listing_sql import Filters, ranked, relevant
from reference_app.jobs.schemas import JobQuery
from reference_app.kit.pagination import (
    cursor_by_id,
    cursor_by_score,
    cursor_by_time,
    read_cursor_by_id,
    read_cursor_by_score,
    read_cursor_by_time,
)
from tests.app.life import Running, problem, until
from tests.app.rows import execute_at
from tests.app.statements import counted

_NOW = datetime.now(UTC).replace(microsecond=0)


def _add_jobs(url: str, jobs: list[dict[str, Any]]) -> list[int]:
    """Published jobs of one company, written past the app; their ids."""
    ordinary = {
        "title": "Plumber",
        "description": "Work.",
        "category": "plumbing",
        "island": "exuma",
        "employment_type": "full_time",
        "salary_min_cents": None,
        "salary_max_cents": None,
        "status": "published",
        "published_at": _NOW,
        "expires_at": None,
        "head_start_days": 0,
        "boosted_until": None,
    }
    with psycopg.connect(url) as connection:
        owner = connection.execute(
            "INSERT INTO users (email, password_hash, role, full_name)"
            " VALUES (gen_random_uuid() || '@example.com', '', 'employer', 'E') RETURNING id"
        ).fetchone()
        assert owner is not None
        company = connection.execute(
            "INSERT INTO companies (owner_id, name) VALUES (%s, 'Conch Ltd') RETURNING id", owner
        ).fetchone()
        assert company is not None
        names = ", ".join(ordinary)
        values = ", ".join(f"%({name})s" for name in ordinary)
        ids = []
        for job in jobs:
            found = connection.execute(
                f"INSERT INTO jobs (employer_id, company_id, {names})"  # noqa: S608 - names of ours
                f" VALUES ({owner[0]}, {company[0]}, {values}) RETURNING id",
                {**ordinary, **job},
            ).fetchone()
            assert found is not None
            ids.append(found[0])
    return ids


async def _pages(app: Running, query: str) -> list[int]:
    """The ids of all pages of a list."""
    seen: list[int] = []
    cursor = ""
    for _ in range(100):
        answer = await app.client.get(f"/jobs?{query}{cursor and '&cursor=' + cursor}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        seen += [job["id"] for job in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return seen
    raise AssertionError("the list does not end")


async def test_only_open_jobs_are_listed_the_newest_first(
    app: Running, app_servers: dict[str, str]
) -> None:
    day = timedelta(days=1)
    ids = _add_jobs(
        app_servers["DATABASE_DIRECT_URL"],
        [
            {"published_at": _NOW - 2 * day},
            {"published_at": _NOW, "expires_at": _NOW + day},
            {"published_at": _NOW - day},
            {"status": "draft", "published_at": None},
            {"status": "closed"},
            {"expires_at": _NOW - day},
        ],
    )
    assert await _pages(app, "limit=2") == [ids[1], ids[2], ids[0]]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("island=abaco", [0]),
        ("category=healthcare", [1]),
        ("employment_type=gig", [2]),
        ("salary_min=500", [4, 3]),
        ("salary_min=1500", [4]),
        ("island=exuma&category=plumbing&employment_type=full_time&salary_min=100", [4, 3]),
        ("island=abaco&category=healthcare", []),
        ("island=&q=&salary_min=", [4, 3, 2, 1, 0]),
        ("q=nurse", [1]),
        ("q=NURSES%20wanted", [1]),
        ("q=abaco", [0]),
        ("q=clinic", [1]),
        ("q=nurse&island=exuma", [1]),
        ("q=nurse&island=abaco", []),
        ("q=nurze", [1]),  # misspelt
        ("q=plumbr&island=abaco", [0]),
        ("q=submarine", []),
        ("q=%22night%20nurse%22", [1]),
        ("q=plumber%20-nurse&island=abaco", [0]),
        ("utm_source=elsewhere&island=abaco", [0]),
    ],
)
async def test_all_conditions_must_hold(
    app: Running, app_servers: dict[str, str], query: str, wanted: list[int]
) -> None:
    ids = _add_jobs(
        app_servers["DATABASE_DIRECT_URL"],
        [
            {"island": "abaco"},
            {"title": "Night nurse wanted", "category": "healthcare", "description": "A clinic."},
            {"employment_type": "gig"},
            {"salary_min_cents": 500},
            {"salary_min_cents": 100, "salary_max_cents": 2_000},
        ],
    )
    assert await _pages(app, query) == [ids[position] for position in wanted]


async def test_a_title_counts_more_than_a_description(
    app: Running, app_servers: dict[str, str]
) -> None:
    in_text, in_title = _add_jobs(
        app_servers["DATABASE_DIRECT_URL"],
        [
            {"title": "Mason", "description": "Work beside a carpenter."},
            {"title": "Carpenter", "description": "Wood."},
        ],
    )
    assert await _pages(app, "q=carpenter&limit=1") == [in_title, in_text]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "island=atlantis",
        "salary_min=-1",
        "q=" + "x" * 121,
        "q=a%00b",
        "category=piracy",
        "employment_type=forever",
        "cursor=" + "x" * 65,
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(app: Running, query: str) -> None:
    body = problem(await app.client.get(f"/jobs?{query}"), 422, "invalid_request")
    assert body["errors"][0]["where"] == ["query", query.partition("=")[0]]


async def test_a_cursor_of_another_list_is_refused(app: Running) -> None:
    for cursor in ("!", "AAAA", cursor_by_id(5), cursor_by_score(0.5, 5)):
        problem(await app.client.get(f"/jobs?cursor={cursor}"), 400, "bad_cursor")
    by_time = cursor_by_time(_NOW, 5)
    problem(await app.client.get(f"/jobs?q=nurse&cursor={by_time}"), 400, "bad_cursor")


@given(st.datetimes(timezones=st.just(UTC)), st.integers(1, 2**63 - 1))
def test_a_cursor_says_exactly_where_the_page_ended(moment: datetime, row_id: int) -> None:
    assert read_cursor_by_time(cursor_by_time(moment, row_id)) == (moment, row_id)
    assert read_cursor_by_id(cursor_by_id(row_id)) == row_id
    score = row_id / 3
    assert read_cursor_by_score(cursor_by_score(score, row_id)) == (score, row_id)


_IN_A_TEST = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_IN_A_TEST
@given(
    minutes=st.lists(st.integers(0, 5), min_size=1, max_size=15),
    late=st.lists(st.integers(-2, 7), max_size=4),
    size=st.integers(1, 6),
)
async def test_the_pages_together_are_the_whole_list_even_while_jobs_come_in(
    app: Running, app_servers: dict[str, str], minutes: list[int], late: list[int], size: int
) -> None:
    url = app_servers["DATABASE_DIRECT_URL"]
    await asyncio.to_thread(execute_at, url, "DELETE FROM jobs")
    rows = [{"published_at": _NOW - timedelta(minutes=each)} for each in minutes]
    ids = _add_jobs(url, rows)
    whole = [
        job_id
        for _, job_id in sorted(
            zip((row["published_at"] for row in rows), ids, strict=True), reverse=True
        )
    ]
    session = app.board.database.reading(primary=True)
    seen: list[int] = []
    after: tuple[datetime, int] | None = None
    coming = list(late)
    while True:
        page = await ranked(session, Filters(), size, after)
        seen += [row.id for row in page]
        if len(page) < size:
            break
        after = (page[-1].ranked_at, page[-1].id)
        if coming:
            _add_jobs(url, [{"published_at": _NOW - timedelta(minutes=coming.pop())}])
    assert len(seen) == len(set(seen))
    assert [job_id for job_id in seen if job_id in set(ids)] == whole


@_IN_A_TEST
@given(seed=st.integers(0, 1_000), size=st.integers(1, 6))
async def test_pages_by_relevance_are_the_whole_order_cut(
    app: Running, app_servers: dict[str, str], seed: int, size: int
) -> None:
    url = app_servers["DATABASE_DIRECT_URL"]
    await asyncio.to_thread(execute_at, url, "DELETE FROM jobs")
    rng = random.Random(seed)
    words = ["nurse", "clinic", "night", "mason"]
    _add_jobs(
        url,
        [
            {"title": " ".join(rng.choices(words, k=2)), "description": rng.choice(words)}
            for _ in range(14)
        ],
    )
    session = app.board.database.reading(primary=True)
    for query in ("nurse", "nurze"):
        whole = await relevant(session, query, Filters(), 100, None)
        seen: list[tuple[float, int]] = []
        after: tuple[float, int] | None = None
        while page := await relevant(session, query, Filters(), size, after):
            seen += [(row.score, row.id) for row in page]
            after = seen[-1]
        assert seen == [(row.score, row.id) for row in whole]
        assert seen == sorted(seen, reverse=True)


async def test_a_list_is_read_once_for_everyone_who_asks_at_once(app: Running) -> None:
    await until(lambda: app.board.cache._hears, what="the worker hears invalidations")
    answers = await asyncio.gather(*(app.client.get("/jobs?island=exuma") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    again = await app.client.get("/jobs?limit=20&island=exuma")  # the same question
    assert again.headers["x-served-from"] == "l1"


@pytest.mark.parametrize("query", ["island=abaco", "q=nurse&island=abaco"])
async def test_who_turns_the_page_is_answered_from_what_the_first_one_was(
    app: Running, app_servers: dict[str, str], query: str
) -> None:
    await until(lambda: app.board.cache._hears, what="the worker hears invalidations")
    chance = random.Random(1)
    many = KEPT + PAGE + 5
    ids = _add_jobs(
        app_servers["DATABASE_DIRECT_URL"],
        [
            {
                "island": "abaco",
                "title": f"Nurse {'nurse ' * chance.randrange(4)}{number}",
                "published_at": _NOW - timedelta(minutes=chance.randrange(60)),
            }
            for number in range(many)
        ],
    )
    seen: list[int] = []
    asked: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        with counted() as sent:
            answer = await app.client.get(f"/jobs?{query}{cursor and f'&cursor={cursor}'}")
        found = answer.json()
        seen += [job["id"] for job in found["items"]]
        asked.append(len(sent))
        cursor = found["next_cursor"]
    # Two pages after what is kept are read each by itself.
    assert asked == [1, 0, 0, 1, 1]
    assert (len(seen), set(seen)) == (many, set(ids))
    whole = await app.client.get(f"/jobs?{query}&limit=100")
    assert seen == [job["id"] for job in whole.json()["items"]]


async def test_a_page_follows_its_cursor_though_the_list_was_read_anew(
    app: Running, app_servers: dict[str, str]
) -> None:
    url = app_servers["DATABASE_DIRECT_URL"]
    ids = _add_jobs(url, [{"published_at": _NOW - timedelta(minutes=each)} for each in range(45)])
    first = (await app.client.get("/jobs")).json()
    assert [job["id"] for job in first["items"]] == ids[:PAGE]
    _add_jobs(url, [{"published_at": _NOW + timedelta(minutes=each)} for each in range(3)])
    execute_at(url, "DELETE FROM jobs WHERE id = ANY(%s)", ids[15:20])
    await app.board.cache.invalidate([list_cache_key(JobQuery())], 0)
    next_one = (await app.client.get(f"/jobs?cursor={first['next_cursor']}")).json()
    assert [job["id"] for job in next_one["items"]] == ids[PAGE : 2 * PAGE]
