"""SQL about applications."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from reference_app.applications.models import Application
from reference_app.companies.models import Company
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.jobs.models import Job, is_open
from reference_app.users.models import User

_COLUMNS = (
    Application.id,
    Application.job_id,
    Application.applicant_id,
    Application.cover_letter,
    Application.proposed_budget_cents,
    Application.status,
    Application.created_at,
    Application.updated_at,
)

# Applying in one statement: only to an open job of someone else, and only once.
_APPLY = (
    insert(Application)
    .from_select(
        ["job_id", "applicant_id", "cover_letter", "proposed_budget_cents"],
        select(
            Job.id,
            bindparam("applicant_id", type_=Application.applicant_id.type),
            bindparam("cover_letter", type_=Application.cover_letter.type),
            bindparam("proposed_budget_cents", type_=Application.proposed_budget_cents.type),
        ).where(Job.id == bindparam("job_id"), is_open()),
    )
    .on_conflict_do_nothing(index_elements=[Application.job_id, Application.applicant_id])
    .returning(*_COLUMNS)
    .execution_options(dml_strategy="raw")  # the parameters are not columns
)

_EMPLOYER = select(Job.employer_id).where(Job.id == bindparam("job_id"))
_JOB_STATE = select(is_open().label("open")).where(Job.id == bindparam("job_id"))

_OWN = (
    select(
        *_COLUMNS,
        Job.title.label("job_title"),
        Job.status.label("job_status"),
        Company.name.label("company_name"),
    )
    .join(Job, Job.id == Application.job_id)
    .join(Company, Company.id == Job.company_id)
    .where(Application.applicant_id == bindparam("applicant_id"))
    .order_by(Application.id.desc())
    .limit(bindparam("rows"))
)
_OWN_AFTER = _OWN.where(Application.id < bindparam("after"))


async def apply(
    session: WriteSession, *, job_id: int, applicant_id: int, cover_letter: str, budget: int | None
) -> AnyRow | None:
    """A new application; None when the job is not open or there is one already."""
    parameters = {
        "job_id": job_id,
        "applicant_id": applicant_id,
        "cover_letter": cover_letter,
        "proposed_budget_cents": budget,
    }
    return (await session.execute(_APPLY, parameters)).one_or_none()


async def employer_of(session: WriteSession, job_id: int) -> int:
    """Whose a job is that surely exists."""
    return (await session.execute(_EMPLOYER, {"job_id": job_id})).scalar_one()


async def job_is_open(session: WriteSession, job_id: int) -> bool | None:
    """Whether a job takes applications; None when nobody may know of it."""
    statement = _JOB_STATE.where(Job.status != "draft", Job.hidden_at.is_(None))
    return (await session.execute(statement, {"job_id": job_id})).scalar_one_or_none()


async def of_job(
    session: ReadSession, job_id: int, status: str | None, rows: int, after: int | None
) -> Sequence[AnyRow]:
    """The job's `employer_id` with up to `rows` applications for it, those below id `after`.

    The newest first. No row: there is no such job. A job without applications
    is one row whose `id` is None.
    """
    parameters: dict[str, object] = {"job_id": job_id, "rows": rows}
    if status is not None:
        parameters["status"] = status
    if after is not None:
        parameters["after"] = after
    return await session.rows(_of_job(status is not None, after is not None), parameters)


async def of_applicant(
    session: ReadSession, applicant_id: int, rows: int, after: int | None
) -> Sequence[AnyRow]:
    """Up to `rows` applications of a person with their jobs, the newest first, below `after`."""
    parameters = {"applicant_id": applicant_id, "rows": rows}
    if after is None:
        return await session.rows(_OWN, parameters)
    return await session.rows(_OWN_AFTER, {**parameters, "after": after})


async def for_change(session: WriteSession, application_id: int) -> Application | None:
    """An application with its job, held for this transaction."""
    statement = (
        select(Application)
        .options(joinedload(Application.job, innerjoin=True))
        .where(Application.id == application_id)
        .with_for_update(of=Application)
    )
    return (await session.execute(statement)).scalar_one_or_none()


@cache
def _of_job(by_status: bool, after: bool) -> Select[*tuple[Any, ...]]:
    # The conditions belong to the join, so that the job is found without applications too.
    wanted = [Application.job_id == Job.id]
    if by_status:
        wanted.append(Application.status == bindparam("status"))
    if after:
        wanted.append(Application.id < bindparam("after"))
    return (
        select(
            Job.employer_id,
            *_COLUMNS,
            User.full_name.label("applicant_name"),
            User.headline.label("applicant_headline"),
        )
        .select_from(Job)
        .outerjoin(Application, and_(*wanted))
        .outerjoin(User, User.id == Application.applicant_id)
        .where(Job.id == bindparam("job_id"))
        .order_by(Application.id.desc().nulls_last())
        .limit(bindparam("rows"))
    )
