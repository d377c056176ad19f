"""SQL of what leads people to jobs: how many are open where, jobs like one, jobs of the day."""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    Float,
    bindparam,
    case,
    cast,
    delete,
    extract,
    func,
    literal_column,
    select,
    text,
    true,
    union,
)
from sqlalchemy.dialects.postgresql import TSQUERY, insert

from reference_app.applications.models import Application
from reference_app.companies.models import Company
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.jobs.models import Job, JobTrend, is_open
from reference_app.jobs.repository import SUMMARY_COLUMNS
from reference_app.views.models import JobView, today

_COUNTS = {
    column.key: select(column.label("slug"), func.count().label("open_jobs"))
    .where(is_open())
    .group_by(column)
    for column in (Job.category, Job.island)
}

# Jobs like one are looked for among the best placed of its category and of its island: the
# index brings these, whatever the size of the board.
_OF_CATEGORY, _OF_ISLAND = 150, 50
_place = Job.__table__.c.ranked_at
_search = Job.__table__.c.search
_this = (
    select(
        Job.id,
        Job.title,
        Job.category,
        Job.island,
        Job.employment_type,
        # any of the title's words will do
        cast(
            func.replace(
                cast(func.plainto_tsquery(literal_column("'english'"), Job.title), Job.title.type),
                literal_column("' & '"),
                literal_column("' | '"),
            ),
            TSQUERY,
        ).label("words"),
    )
    .where(Job.id == bindparam("job_id"), Job.status != literal_column("'draft'"))
    .cte("this")
)
_nearby = union(
    *(
        select(
            select(Job.id)
            .where(is_open(), getattr(Job, column) == _this.c[column])
            .order_by(_place.desc(), Job.id.desc())
            .limit(literal_column(str(most)))
            .correlate(_this)
            .lateral(f"by_{column}")
            .c.id
        ).select_from(_this)
        for column, most in (("category", _OF_CATEGORY), ("island", _OF_ISLAND))
    )
).cte("nearby")
_likeness = (
    # a match of all words is worth about one
    cast(func.ts_rank(_search, _this.c.words), Float(53))
    + func.similarity(Job.title, _this.c.title)
    + case((Job.category == _this.c.category, 0.5), else_=0.0)
    + case((Job.island == _this.c.island, 0.4), else_=0.0)
    + case((Job.employment_type == _this.c.employment_type, 0.1), else_=0.0)
)
_alike = (
    select(Job.id, _likeness.label("likeness"))
    .select_from(_nearby)
    .join(Job, Job.id == _nearby.c.id)
    .join(_this, true())
    .where(Job.id != _this.c.id)
    .order_by(literal_column("likeness").desc(), Job.id.desc())
    .limit(bindparam("rows", type_=BigInteger))
    .cte("alike")
)
# One row without a job when there is the one asked for, but none like it.
_SIMILAR = (
    select(*SUMMARY_COLUMNS)
    .select_from(_this)
    .outerjoin(_alike, true())
    .outerjoin(Job, Job.id == _alike.c.id)
    .outerjoin(Company, Company.id == Job.company_id)
    .order_by(_alike.c.likeness.desc(), _alike.c.id.desc())
)

# A view counts half as much a day later; an application counts as much as ten views of its day.
_DAYS, _APPLICATION = 3, 10
_DRAWN = 500
_viewed = (
    select(
        JobView.job_id,
        func.sum(JobView.views * func.power(0.5, today() - JobView.day)).label("heat"),
    )
    .join(Job, Job.id == JobView.job_id)
    .where(JobView.day > today() - _DAYS, is_open())
    .group_by(JobView.job_id)
    .order_by(literal_column("heat").desc(), JobView.job_id.desc())
    .limit(literal_column(str(_DRAWN)))
    .subquery("viewed")
)
_age_days = extract("epoch", func.now() - Application.created_at) / 86_400
_wanted = (
    select(
        func.coalesce(func.sum(func.power(0.5, func.greatest(_age_days, 0))), 0).label("heat"),
    )
    .where(
        Application.job_id == _viewed.c.job_id,
        Application.created_at > func.now() - text(f"interval '{_DAYS} days'"),
    )
    .correlate(_viewed)
    .lateral("wanted")
)
_trend = insert(JobTrend).from_select(
    ["job_id", "heat"],
    select(
        _viewed.c.job_id,
        cast(_viewed.c.heat + _APPLICATION * _wanted.c.heat, Float(53)).label("heat"),
    )
    .join(_wanted, true())
    .order_by(literal_column("heat").desc(), _viewed.c.job_id.desc())
    .limit(bindparam("rows", type_=BigInteger)),
)
# Of two who reckon at once, the second meets the first's rows here. (The parameters are not
# columns, so the statement is taken as it is.)
_TREND = _trend.on_conflict_do_update(
    index_elements=[JobTrend.job_id], set_={"heat": _trend.excluded.heat}
).execution_options(dml_strategy="raw")
_TRENDING = (
    select(*SUMMARY_COLUMNS)
    .join(JobTrend, JobTrend.job_id == Job.id)
    .join(Company, Company.id == Job.company_id)
    .where(is_open())
    .order_by(JobTrend.heat.desc(), Job.id.desc())
    .limit(bindparam("rows"))
)


async def open_by_category(session: ReadSession) -> dict[str, int]:
    """How many open jobs there are in each category that has any."""
    return {row.slug: row.open_jobs for row in await session.rows(_COUNTS["category"])}


async def open_by_island(session: ReadSession) -> dict[str, int]:
    """How many open jobs there are on each island that has any."""
    return {row.slug: row.open_jobs for row in await session.rows(_COUNTS["island"])}


async def similar(session: ReadSession, job_id: int, rows: int) -> Sequence[AnyRow] | None:
    """Up to `rows` open jobs like another, the likest first; None when there is no such job."""
    found = await session.rows(_SIMILAR, {"job_id": job_id, "rows": rows})
    return [row for row in found if row.id is not None] if found else None


async def trending(session: ReadSession, rows: int) -> Sequence[AnyRow]:
    """Up to `rows` jobs most sought after when that was last reckoned."""
    return await session.rows(_TRENDING, {"rows": rows})


async def reckon_trends(session: WriteSession, rows: int) -> None:
    """Note the `rows` open jobs most seen and applied for in the last days."""
    await session.execute(delete(JobTrend))
    await session.execute(_TREND, {"rows": rows})
