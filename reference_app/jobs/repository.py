"""SQL that changes jobs or reads those of one person. `listing_sql` reads the public lists."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, bindparam, delete, func, literal_column, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from reference_app.applications.models import Application, ApplicationStatus
from reference_app.companies.access import Right, roles_with
from reference_app.companies.access_sql import acted_for
from reference_app.companies.models import Company
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.jobs.models import Job, JobStatus, SavedJob, is_open
from reference_app.users.models import User
from reference_app.views.models import JobView

SUMMARY_COLUMNS = (
    Job.id,
    Job.title,
    Job.category,
    Job.island,
    Job.employment_type,
    Job.salary_min_cents,
    Job.salary_max_cents,
    Job.published_at,
    Company.id.label("company_id"),
    Company.name.label("company_name"),
)

_DETAIL = (
    select(
        *SUMMARY_COLUMNS,
        Job.employer_id,
        Job.description,
        Job.status,
        Job.expires_at,
        Job.created_at,
        Job.updated_at,
    )
    .join(Company, Company.id == Job.company_id)
    .where(
        Job.id == bindparam("job_id"),
        Job.status != literal_column("'draft'"),
        Job.hidden_at.is_(None),
    )
)

# Those somebody is changing just now are looked at again the next time.
_EXPIRE = (
    update(Job)
    .where(
        Job.id.in_(
            # With its employer's row, which whoever closes an account holds first: two who took
            # them in different orders would wait for each other.
            select(Job.id)
            .join(User, User.id == Job.employer_id)
            .where(Job.status == literal_column("'published'"), Job.expires_at <= func.now())
            .order_by(Job.expires_at)
            .limit(bindparam("most"))
            .with_for_update(key_share=True, skip_locked=True)
            .scalar_subquery()
        )
    )
    .values(
        status=JobStatus.EXPIRED,
        boosted_until=None,
        featured_until=None,
        updated_at=Job.updated_at,
    )
    .returning(Job.id, Job.employer_id, Job.company_id)
    .execution_options(synchronize_session=False)
)

_APPLICATIONS = (
    select(func.count())
    .select_from(Application)
    .where(Application.job_id == Job.id, Application.status != ApplicationStatus.WITHDRAWN)
    .correlate(Job)
    .scalar_subquery()
)
_VIEWS = (
    select(func.coalesce(func.sum(JobView.views), 0))
    .where(JobView.job_id == Job.id)
    .correlate(Job)
    .scalar_subquery()
)
_employer = bindparam("employer_id", type_=Job.employer_id.type)
_OWN = (
    select(
        *SUMMARY_COLUMNS,
        Job.status,
        Job.created_at,
        Job.boosted_until,
        Job.featured_until,
        _APPLICATIONS.label("applications"),
        _VIEWS.label("views"),
    )
    .join(Company, Company.id == Job.company_id)
    .where(Job.company_id.in_(acted_for(_employer, roles_with(Right.JOBS))))
    .order_by(Job.id.desc())
    .limit(bindparam("rows"))
)
_OWN_AFTER = _OWN.where(Job.id < bindparam("after"))

_SAVED = (
    select(*SUMMARY_COLUMNS, Job.status, SavedJob.created_at.label("saved_at"))
    .select_from(SavedJob)
    .join(Job, Job.id == SavedJob.job_id)
    .join(Company, Company.id == Job.company_id)
    .where(SavedJob.user_id == bindparam("user_id"), Job.hidden_at.is_(None))
    .order_by(SavedJob.created_at.desc(), SavedJob.job_id.desc())
    .limit(bindparam("rows"))
)
_SAVED_AFTER = _SAVED.where(
    tuple_(SavedJob.created_at, SavedJob.job_id)
    < tuple_(
        bindparam("after_time", type_=SavedJob.created_at.type),
        bindparam("after_id", type_=SavedJob.job_id.type),
    )
)

# Keeping an open job in one statement: whether there is one, and the row unless it is there.
_kept = select(bindparam("user_id", type_=SavedJob.user_id.type), Job.id).where(
    Job.id == bindparam("job_id"), is_open()
)
_keep = (
    insert(SavedJob)
    .from_select(["user_id", "job_id"], _kept)
    .on_conflict_do_nothing()
    .returning(SavedJob.job_id)
    .cte("keep")
)
_SAVE = (
    select(func.count())
    .select_from(Job)
    .where(Job.id == bindparam("job_id"), is_open())
    .add_cte(_keep)
)


async def detail(session: ReadSession, job_id: int) -> AnyRow | None:
    """A job's page, unless it is a draft."""
    return await session.first(_DETAIL, {"job_id": job_id})


async def of_employer(
    session: ReadSession, employer_id: int, rows: int, after: int | None
) -> Sequence[AnyRow]:
    """Up to `rows` jobs in any state that a person may manage, the newest first, below `after`."""
    parameters = {"employer_id": employer_id, "rows": rows}
    if after is None:
        return await session.rows(_OWN, parameters)
    return await session.rows(_OWN_AFTER, {**parameters, "after": after})


async def saved_by(
    session: ReadSession, user_id: int, rows: int, after: tuple[datetime, int] | None
) -> Sequence[AnyRow]:
    """Up to `rows` jobs a person keeps, the last saved first, after (saved at, id)."""
    parameters: dict[str, object] = {"user_id": user_id, "rows": rows}
    if after is None:
        return await session.rows(_SAVED, parameters)
    return await session.rows(
        _SAVED_AFTER, {**parameters, "after_time": after[0], "after_id": after[1]}
    )


async def expire(session: WriteSession, most: int) -> Sequence[AnyRow]:
    """Up to `most` published jobs whose end has come: they are expired from now on."""
    return (await session.execute(_EXPIRE, {"most": most})).all()


def count_open(employer_id: int) -> Select[int]:
    """Counts the jobs that can be found and applied for, in all companies of an owner."""
    return select(func.count()).select_from(Job).where(Job.employer_id == employer_id, is_open())


async def add(session: WriteSession, values: Mapping[str, object]) -> Job:
    """A new job."""
    job = Job(**values)
    session.add(job)
    await session.flush()
    return job


async def for_change(session: WriteSession, job_id: int) -> Job | None:
    """A job with its company, held for this transaction."""
    statement = (
        select(Job)
        .options(joinedload(Job.company, innerjoin=True))
        .where(Job.id == job_id)
        .with_for_update(of=Job)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def save(session: WriteSession, user_id: int, job_id: int) -> bool:
    """Keep an open job; whether there is such a job."""
    found = await session.execute(_SAVE, {"user_id": user_id, "job_id": job_id})
    return bool(found.scalar_one())


async def unsave(session: WriteSession, user_id: int, job_id: int) -> None:
    """Keep a job no longer."""
    await session.execute(
        delete(SavedJob).where(SavedJob.user_id == user_id, SavedJob.job_id == job_id)
    )
