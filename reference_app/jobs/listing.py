"""The public job lists and pages, as cached bytes.

Lists are cached for a minute and simply run out: a board of many employers
publishes every few seconds, and emptying all lists each time would leave
nothing cached. So a new job is in every list within that minute. Pages of the
usual size come from the beginning of the list, which is kept as one. A job's own
page, its company's page and the first page of its company's jobs change at
once, and so these may be kept for minutes. Without words to look for,
lists are in the order of `Job.ranked_at`: the newest first, but for a head
start of jobs whose employers pay for one.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from reference_app.companies.schemas import CompanyRef
from reference_app.database import AnyRow, Database
from reference_app.errors import NotFoundError
from reference_app.jobs import list_window, listing_sql, repository
from reference_app.jobs.list_window import CursorAfter, Listed, Place
from reference_app.jobs.listing_sql import Filters
from reference_app.jobs.schemas import JobDetail, JobList, JobPage, JobQuery, JobSummary
from reference_app.kit.cache import Cache, Loader
from reference_app.kit.cache_entry import Found
from reference_app.kit.pagination import (
    cursor_by_score,
    cursor_by_time,
    cut,
    read_cursor_by_score,
    read_cursor_by_time,
)
from reference_app.texts import json_bytes

_FIRST_PAGE = list_window.PAGE
# One more proves that there are more.
_KEPT_ROWS = list_window.KEPT + 1


def no_such_job() -> NotFoundError:
    """There is no job by this id that everyone may see."""
    return NotFoundError("job_not_found", "There is no such job.")


def detail_cache_key(job_id: int) -> str:
    """The cache's name for a job's page."""
    return f"job:{job_id}"


def company_cache_key(company_id: int, limit: int = _FIRST_PAGE, cursor: str | None = None) -> str:
    """The cache's name for a page of a company's jobs; its first page unless said otherwise."""
    return f"company-jobs:{company_id}:{limit}:{cursor or ''}"


def list_cache_key(query: JobQuery) -> str:
    """The cache's name for the beginning of a public list, on whatever page `query` is."""
    return f"job-list:{_conditions(query)}:{query.q}"


def page_cache_key(query: JobQuery) -> str:
    """The cache's name for one page of a public list."""
    return f"jobs:{_conditions(query)}:{query.limit}:{query.cursor or ''}:{query.q}"


def detail_loader(database: Database, job_id: int) -> Loader:
    """Reads a job's page."""

    async def load(position: int) -> bytes | None:
        row = await repository.detail(database.reading(position), job_id)
        return None if row is None else json_bytes(JobDetail(**summary_fields(row), **_more(row)))

    return load


def company_loader(database: Database, company_id: int, limit: int, cursor: str | None) -> Loader:
    """Reads a page of a company's open jobs. Raises `InvalidError` on a wrong cursor."""
    return _ranked_loader(database, Filters(company_id=company_id), limit, cursor)


async def page(cache: Cache, database: Database, query: JobQuery, ttl_s: int) -> Found:
    """A page of open jobs: by relevance if there are words, else the best placed first.

    Raises `InvalidError` on a cursor of the other order.
    """
    after = _after(query)
    if query.limit != list_window.PAGE:
        return await cache.get(page_cache_key(query), ttl_s, _page_loader(database, query))
    kept = await cache.get(list_cache_key(query), ttl_s, _window_loader(database, query))
    cursor_after = _cursor_by_score if query.q else _cursor_by_place
    shown = list_window.page(kept.body or b"", after, cursor_after)
    if shown is not None:
        return Found(shown, kept.depth)
    found = await cache.get(page_cache_key(query), ttl_s, _page_loader(database, query))
    return Found(found.body, max(found.depth, kept.depth))


def _page_loader(database: Database, query: JobQuery) -> Loader:
    if query.q:
        return _relevance_loader(database, query)
    return _ranked_loader(database, _filters(query), query.limit, query.cursor)


def _window_loader(database: Database, query: JobQuery) -> Loader:
    async def load(position: int) -> bytes:
        session, filters = database.reading(position), _filters(query)
        if query.q:
            rows = await listing_sql.relevant(session, query.q, filters, _KEPT_ROWS, None)
            return _packed([(row.score, row.id) for row in rows], rows, _cursor_by_score)
        rows = await listing_sql.ranked(session, filters, _KEPT_ROWS, None)
        places = [(row.ranked_at.timestamp(), row.id) for row in rows]
        return _packed(places, rows, _cursor_by_place)

    return load


def _packed(places: Sequence[Place], rows: Sequence[AnyRow], cursor_after: CursorAfter) -> bytes:
    listed = [
        Listed(place, json_bytes(JobSummary(**summary_fields(row))))
        for place, row in zip(places, rows, strict=True)
    ]
    return list_window.pack(listed, cursor_after)


def _cursor_by_place(place: Place) -> str:
    # A timestamp as a float is exact to less than a microsecond.
    return cursor_by_time(datetime.fromtimestamp(place[0], UTC), place[1])


def _cursor_by_score(place: Place) -> str:
    return cursor_by_score(*place)


def _after(query: JobQuery) -> Place | None:
    """Where the page before ended."""
    if query.q:
        return read_cursor_by_score(query.cursor)
    after = read_cursor_by_time(query.cursor)
    return after and (after[0].timestamp(), after[1])


def _filters(query: JobQuery) -> Filters:
    return Filters(query.island, query.category, query.employment_type, query.salary_min)


def _conditions(query: JobQuery) -> str:
    return (
        f"{query.island or ''}:{query.category or ''}:{query.employment_type or ''}:"
        f"{query.salary_min or 0}"
    )


def _ranked_loader(database: Database, filters: Filters, limit: int, cursor: str | None) -> Loader:
    async def load(position: int) -> bytes:
        after = read_cursor_by_time(cursor)
        session = database.reading(position)
        rows = await listing_sql.ranked(session, filters, limit + 1, after)
        shown, next_cursor = cut(rows, limit, lambda row: cursor_by_time(row.ranked_at, row.id))
        items = [JobSummary(**summary_fields(row)) for row in shown]
        return json_bytes(JobPage(items=items, next_cursor=next_cursor))

    return load


def _relevance_loader(database: Database, query: JobQuery) -> Loader:
    async def load(position: int) -> bytes:
        after = read_cursor_by_score(query.cursor)
        session, filters = database.reading(position), _filters(query)
        rows = await listing_sql.relevant(session, query.q, filters, query.limit + 1, after)
        shown, next_cursor = cut(rows, query.limit, lambda row: cursor_by_score(row.score, row.id))
        items = [JobSummary(**summary_fields(row)) for row in shown]
        return json_bytes(JobPage(items=items, next_cursor=next_cursor))

    return load


def job_list(rows: Sequence[AnyRow]) -> bytes:
    """Rows of `repository.SUMMARY_COLUMNS` as the bytes of a `JobList`."""
    return json_bytes(JobList(items=[JobSummary(**summary_fields(row)) for row in rows]))


def summary_fields(row: AnyRow) -> dict[str, Any]:
    """A row of `repository.SUMMARY_COLUMNS` as fields of `JobSummary`."""
    return {
        "id": row.id,
        "title": row.title,
        "company": CompanyRef(id=row.company_id, name=row.company_name),
        "category": row.category,
        "island": row.island,
        "employment_type": row.employment_type,
        "salary_min_cents": row.salary_min_cents,
        "salary_max_cents": row.salary_max_cents,
        "published_at": row.published_at,
    }


def _more(row: AnyRow) -> dict[str, Any]:
    return {
        "employer_id": row.employer_id,
        "description": row.description,
        "status": row.status,
        "expires_at": row.expires_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
