"""The advanced search: more to ask for than in the public list, for tiers that have it."""

from datetime import UTC, datetime, timedelta

from reference_app.database import AnyRow, ReadSession
from reference_app.errors import InvalidError
from reference_app.jobs import listing_sql
from reference_app.jobs.listing import summary_fields
from reference_app.jobs.listing_sql import Filters
from reference_app.jobs.schemas import AdvancedQuery, JobPage, JobSummary, SearchOrder
from reference_app.kit.pagination import (
    cursor_by_number,
    cursor_by_score,
    cursor_by_time,
    cut,
    read_cursor_by_number,
    read_cursor_by_score,
    read_cursor_by_time,
)
from reference_app.subscriptions.entitlements import Feature, require


async def search(session: ReadSession, user_id: int, query: AdvancedQuery) -> JobPage:
    """A page of what is found.

    Raises `EntitlementRefusedError` for tiers without it, `InvalidError` for a
    cursor of another order or an order by relevance without words.
    """
    await require(session, user_id, Feature.ADVANCED_SEARCH)
    limit, cursor = query.limit, query.cursor
    filters = _filters(query)
    if query.sort == SearchOrder.RELEVANCE:
        if not query.q:
            raise InvalidError("nothing_to_match", "Relevance needs words in `q`.")
        scored = read_cursor_by_score(cursor)
        rows = await listing_sql.relevant(session, query.q, filters, limit + 1, scored)
    elif query.sort == SearchOrder.PAY:
        paid = read_cursor_by_number(cursor)
        rows = await listing_sql.best_paid(session, filters, limit + 1, paid)
    else:
        placed = read_cursor_by_time(cursor)
        rows = await listing_sql.ranked(session, filters, limit + 1, placed)
    shown, next_cursor = cut(rows, limit, lambda row: _cursor_after(query.sort, row))
    items = [JobSummary(**summary_fields(row)) for row in shown]
    return JobPage(items=items, next_cursor=next_cursor)


def _cursor_after(order: SearchOrder, row: AnyRow) -> str:
    if order == SearchOrder.RELEVANCE:
        return cursor_by_score(row.score, row.id)
    if order == SearchOrder.PAY:
        return cursor_by_number(row.pay, row.id)
    return cursor_by_time(row.ranked_at, row.id)


def _filters(query: AdvancedQuery) -> Filters:
    since = None
    if query.posted_within_days is not None:
        since = datetime.now(UTC) - timedelta(days=query.posted_within_days)
    by_relevance = query.sort == SearchOrder.RELEVANCE
    return Filters(
        islands=tuple(query.island) or None,
        categories=tuple(query.category) or None,
        employment_types=tuple(query.employment_type) or None,
        salary_min=query.salary_min,
        salary_max=query.salary_max,
        posted_since=since,
        words=None if by_relevance else query.q or None,
    )
