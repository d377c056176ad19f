"""SQL of the job lists: what is open, by filters, by place, by relevance or by pay.

Statements are built once per combination of filters and then reused. Each
brings all a page shows.

Relevance is computed for the best placed `_MOST_RANKED` matches only: ranking every
match of a common word would read the whole table, and nobody pages that far.
A search that no text matches falls back to titles that look like it (trigrams),
so that a misspelling still finds something: at most as many, and no particular ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    Text,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from reference_app.companies.models import Company
from reference_app.database import AnyRow, ReadSession
from reference_app.jobs.models import Job, is_open
from reference_app.jobs.repository import SUMMARY_COLUMNS

_MOST_RANKED = 400

# pg_trgm's own 0.6 misses a letter left out of a short word (plumer).
_ALIKE = "0.5"

_search = Job.__table__.c.search
_place = Job.__table__.c.ranked_at
_pay = Job.__table__.c.salary_top_cents
_wanted = bindparam("q", type_=Text)
_query = func.websearch_to_tsquery(literal_column("'english'"), _wanted)

_FILTERS: Mapping[str, ColumnElement[bool]] = {
    "island": Job.island == bindparam("island"),
    "category": Job.category == bindparam("category"),
    "employment_type": Job.employment_type == bindparam("employment_type"),
    "salary_min": _pay >= bindparam("salary_min"),
    "company_id": Job.company_id == bindparam("company_id"),
    "islands": Job.island == any_(bindparam("islands", type_=ARRAY(Text))),
    "categories": Job.category == any_(bindparam("categories", type_=ARRAY(Text))),
    "employment_types": Job.employment_type
    == any_(bindparam("employment_types", type_=ARRAY(Text))),
    "salary_max": func.coalesce(Job.salary_min_cents, Job.salary_max_cents)
    <= bindparam("salary_max"),
    "posted_since": Job.published_at >= bindparam("posted_since", type_=Job.created_at.type),
    "words": _search.op("@@")(
        func.websearch_to_tsquery(literal_column("'english'"), bindparam("words", type_=Text))
    ),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which open jobs are meant; None filters nothing.

    `words` must match as they are spelled; of those in tuples any will do.
    """

    island: str | None = None
    category: str | None = None
    employment_type: str | None = None
    salary_min: int | None = None
    company_id: int | None = None
    islands: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    employment_types: tuple[str, ...] | None = None
    salary_max: int | None = None
    posted_since: datetime | None = None
    words: str | None = None

    def given(self) -> dict[str, object]:
        """The filters that filter."""
        every = {name: getattr(self, name) for name in _FILTERS}
        return {name: value for name, value in every.items() if value is not None}


async def ranked(
    session: ReadSession, filters: Filters, rows: int, after: tuple[datetime, int] | None
) -> Sequence[AnyRow]:
    """Up to `rows` jobs, the best placed first, after (ranked at, id); with `ranked_at`."""
    given = filters.given()
    parameters: dict[str, object] = {**given, "rows": rows}
    if after is not None:
        parameters |= {"after_time": after[0], "after_id": after[1]}
    return await session.rows(_ranked(tuple(given), after is not None), parameters)


async def relevant(
    session: ReadSession, words: str, filters: Filters, rows: int, after: tuple[float, int] | None
) -> Sequence[AnyRow]:
    """Up to `rows` jobs that match `words`, the best first, after (score, id); with `score`."""
    given = filters.given()
    parameters: dict[str, object] = {**given, "q": words, "rows": rows}
    if after is not None:
        parameters |= {"after_score": after[0], "after_id": after[1]}
    return await session.rows(_relevant(tuple(given), after is not None), parameters)


async def best_paid(
    session: ReadSession, filters: Filters, rows: int, after: tuple[int, int] | None
) -> Sequence[AnyRow]:
    """Up to `rows` jobs that name their pay, the highest first, after (pay, id); with `pay`."""
    given = filters.given()
    parameters: dict[str, object] = {**given, "rows": rows}
    if after is not None:
        parameters |= {"after_pay": after[0], "after_id": after[1]}
    return await session.rows(_best_paid(tuple(given), after is not None), parameters)


@cache
def _best_paid(given: tuple[str, ...], after: bool) -> Select[*tuple[Any, ...]]:
    statement = (
        select(*SUMMARY_COLUMNS, _pay.label("pay"))
        .join(Company, Company.id == Job.company_id)
        .where(is_open(), _pay.is_not(None), *(_FILTERS[name] for name in given))
        .order_by(_pay.desc(), Job.id.desc())
        .limit(bindparam("rows"))
    )
    if after:
        statement = statement.where(
            tuple_(_pay, Job.id)
            < tuple_(
                bindparam("after_pay", type_=Job.id.type),
                bindparam("after_id", type_=Job.id.type),
            )
        )
    return statement


@cache
def _ranked(given: tuple[str, ...], after: bool) -> Select[*tuple[Any, ...]]:
    statement = (
        select(*SUMMARY_COLUMNS, _place)
        .join(Company, Company.id == Job.company_id)
        .where(is_open(), *(_FILTERS[name] for name in given))
        .order_by(_place.desc(), Job.id.desc())
        .limit(bindparam("rows"))
    )
    if after:
        statement = statement.where(
            tuple_(_place, Job.id)
            < tuple_(
                bindparam("after_time", type_=Job.created_at.type),
                bindparam("after_id", type_=Job.id.type),
            )
        )
    return statement


@cache
def _relevant(given: tuple[str, ...], after: bool) -> Select[*tuple[Any, ...]]:
    wanted = (is_open(), *(_FILTERS[name] for name in given))
    matches = (
        select(Job.id, _search)
        .where(*wanted, _search.op("@@")(_query))
        .order_by(_place.desc(), Job.id.desc())
        .limit(literal_column(str(_MOST_RANKED)))
        .subquery()
    )
    exact = select(
        matches.c.id, cast(func.ts_rank(matches.c.search, _query), Float(53)).label("score")
    ).cte("exact")
    # Asked for nothing but their effect, these two are settled once, before any title is
    # looked at: nothing matched exactly, and from here on this much likeness will do.
    needed = ~select(exact.c.id).exists()
    lenient = select(
        func.set_config("pg_trgm.word_similarity_threshold", _ALIKE, literal_column("true"))
    ).scalar_subquery()
    alike = (
        select(Job.id, cast(func.word_similarity(_wanted, Job.title), Float(53)).label("score"))
        .where(needed, lenient.is_not(None), *wanted, _wanted.op("<%")(Job.title))
        .limit(literal_column(str(_MOST_RANKED)))
        .cte("alike")
    )
    ranked = union_all(select(exact), select(alike)).subquery("ranked")
    statement = (
        select(*SUMMARY_COLUMNS, ranked.c.score)
        .select_from(ranked)
        .join(Job, Job.id == ranked.c.id)
        .join(Company, Company.id == Job.company_id)
        .order_by(ranked.c.score.desc(), ranked.c.id.desc())
        .limit(bindparam("rows"))
    )
    if after:
        statement = statement.where(
            tuple_(ranked.c.score, ranked.c.id)
            < tuple_(
                bindparam("after_score", type_=Float(53)),
                bindparam("after_id", type_=Job.id.type),
            )
        )
    return statement
