"""SQL about who was active, who came, and how jobs fare. `money_sql` is about revenue."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select, text, true
from sqlalchemy.dialects.postgresql import insert

from reference_app.analytics.models import DailyActivity
from reference_app.applications.models import Application, ApplicationStatus
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.jobs.models import Job

_SKETCHES = select(DailyActivity.day, DailyActivity.sketch).where(
    DailyActivity.day >= bindparam("since", type_=DailyActivity.day.type)
)

_PEOPLE = text(
    """
    SELECT days.day::date AS day, coalesce(came.many, 0) AS signups,
           coalesce(daily_activity.active, 0) AS active,
           coalesce(daily_activity.active_30_days, 0) AS active_30_days
    FROM generate_series(CAST(:since AS date), CAST(:until AS date) - 1, interval '1 day')
         AS days(day)
    LEFT JOIN (
      SELECT (created_at AT TIME ZONE 'UTC')::date AS day, count(*) AS many
      FROM users
      WHERE created_at >= CAST(:since AS date)::timestamp AT TIME ZONE 'UTC'
        AND created_at < CAST(:until AS date)::timestamp AT TIME ZONE 'UTC'
        AND role <> 'admin'
      GROUP BY 1
    ) AS came ON came.day = days.day
    LEFT JOIN daily_activity ON daily_activity.day = days.day
    ORDER BY days.day
    """
)

_BOARD = text(
    """
    SELECT 'job' AS what, status AS state, count(*) AS many,
           count(*) FILTER (WHERE hidden_at IS NOT NULL) AS hidden
    FROM jobs GROUP BY status
    UNION ALL
    SELECT 'application', status, count(*), 0 FROM applications GROUP BY status
    """
)


def _having(status: ApplicationStatus) -> ColumnElement[int]:
    return func.count().filter(Application.status == status).label(status.value)


_hired = Application.status == ApplicationStatus.HIRED
# How far applications got, and when the first came and the first was hired. A hired
# application does not change any more, so its last change is when that was.
_FARED = (
    *(_having(status) for status in ApplicationStatus),
    func.min(Application.created_at).label("first_application_at"),
    func.min(Application.updated_at).filter(_hired).label("first_hire_at"),
)


def _fared_of(picked: Any) -> Any:
    return select(*_FARED).where(Application.job_id == picked.c.id).lateral("fared")


def _jobs(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    picked = (
        select(Job.id, Job.title, Job.status, Job.published_at)
        .where(Job.employer_id == bindparam("employer_id"), *conditions)
        .order_by(Job.id.desc())
        .limit(bindparam("rows"))
        .subquery("picked")
    )
    fared = _fared_of(picked)
    return select(picked, fared).join(fared, true()).order_by(picked.c.id.desc())


_JOBS = _jobs()
_JOBS_AFTER = _jobs(Job.id < bindparam("after"))


def _totals() -> Select[*tuple[Any, ...]]:
    picked = (
        select(Job.id, Job.published_at)
        .where(Job.employer_id == bindparam("employer_id"))
        .subquery("picked")
    )
    fared = _fared_of(picked)
    return select(
        func.count().label("jobs"),
        *(
            func.coalesce(func.sum(fared.c[status.value]), 0).label(status.value)
            for status in ApplicationStatus
        ),
        *(
            func.avg(func.extract("epoch", fared.c[name] - picked.c.published_at)).label(name)
            for name in ("first_application_at", "first_hire_at")
        ),
    ).select_from(picked.join(fared, true()))


_TOTALS = _totals()


async def sketches(session: ReadSession, since: date) -> Mapping[date, bytes]:
    """What is kept of each day from `since` on."""
    rows = await session.rows(_SKETCHES, {"since": since})
    return {row.day: row.sketch for row in rows}


async def keep(
    session: WriteSession, day: date, *, sketch: bytes, active: int, active_30_days: int
) -> None:
    """What is now known of a day."""
    values = {"sketch": sketch, "active": active, "active_30_days": active_30_days}
    await session.execute(
        insert(DailyActivity)
        .values(day=day, **values)
        .on_conflict_do_update(
            index_elements=[DailyActivity.day], set_={**values, "updated_at": func.now()}
        )
    )


async def people(session: ReadSession, since: date, until: date) -> Sequence[AnyRow]:
    """Each day from `since` up to but not including `until`: who came, who was active."""
    return await session.rows(_PEOPLE, {"since": since, "until": until})


async def board(session: ReadSession) -> Sequence[AnyRow]:
    """How `many` jobs and applications there are in each state, and how many are `hidden`."""
    return await session.rows(_BOARD)


async def jobs(
    session: ReadSession, employer_id: int, rows: int, after: int | None
) -> Sequence[AnyRow]:
    """Up to `rows` of an employer's jobs and how each fares, the newest first, below `after`."""
    parameters = {"employer_id": employer_id, "rows": rows}
    if after is None:
        return await session.rows(_JOBS, parameters)
    return await session.rows(_JOBS_AFTER, {**parameters, "after": after})


async def totals(session: ReadSession, employer_id: int) -> AnyRow:
    """How all of an employer's jobs fare together; the two times are mean seconds."""
    row = await session.first(_TOTALS, {"employer_id": employer_id})
    assert row is not None  # noqa: S101 - a sum is one row
    return row
