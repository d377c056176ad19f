"""SQL about applications."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    func,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import joinedload

from reference_app.applications.models import Application, ApplicationEvent
from reference_app.companies.access_sql import role_of
from reference_app.companies.models import Company
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.jobs.models import Job, is_open
from reference_app.subscriptions.entitlement_sql import tier_of
from reference_app.users.models import User
from reference_app.users.naming import named

_COLUMNS = (
    Application.id,
    Application.job_id,
    Application.applicant_id,
    Application.cover_letter,
    Application.proposed_budget_cents,
    Application.resume_id,
    Application.status,
    Application.created_at,
    Application.updated_at,
)

# Applying in one statement: only to an open job of someone else, and only once.
_APPLY = (
    insert(Application)
    .from_select(
        ["job_id", "applicant_id", "cover_letter", "proposed_budget_cents", "resume_id"],
        select(
            Job.id,
            bindparam("applicant_id", type_=Application.applicant_id.type),
            bindparam("cover_letter", type_=Application.cover_letter.type),
            bindparam("proposed_budget_cents", type_=Application.proposed_budget_cents.type),
            bindparam("resume_id", type_=Application.resume_id.type),
        ).where(Job.id == bindparam("job_id"), is_open()),
    )
    .on_conflict_do_nothing(index_elements=[Application.job_id, Application.applicant_id])
    .returning(*_COLUMNS)
    .execution_options(dml_strategy="raw")  # the parameters are not columns
)

_EMPLOYER = select(Job.employer_id).where(Job.id == bindparam("job_id"))
_me = bindparam("me", type_=User.id.type)
_STANDING = (
    role_of(_me).label("acting_role"),
    tier_of(Company.owner_id).label("owner_tier"),
    Job.status.label("job_status"),
)
_JOB_STANDING = (
    select(*_STANDING)
    .join(Company, Company.id == Job.company_id)
    .where(Job.id == bindparam("job_id"))
)

_tally = (
    select(Application.status, func.count().label("many"))
    .where(Application.job_id == bindparam("job_id"))
    .group_by(Application.status)
    .subquery()
)
_COUNTS = (
    select(*_STANDING, _tally.c.status, _tally.c.many)
    .select_from(Job)
    .join(Company, Company.id == Job.company_id)
    .outerjoin(_tally, true())
    .where(Job.id == bindparam("job_id"))
)

# Several steps in one statement. The rows are held in the order of their ids, so that two who
# decide about the same ones cannot block each other, and each is weighed as it is then.
_to = bindparam("to", type_=Application.status.type)
_meant = (
    select(Application.id, Application.applicant_id, Application.status)
    .where(
        Application.job_id == bindparam("of_job"),  # a column's name would be set
        Application.id == any_(bindparam("ids", type_=ARRAY(BigInteger))),
    )
    .order_by(Application.id)
    .with_for_update()
    .cte("meant")
)
_moved = (
    update(Application)
    .where(
        Application.id == _meant.c.id,
        _meant.c.status == any_(bindparam("origins", type_=ARRAY(Text))),
    )
    .values(status=_to, updated_at=func.now())
    .returning(Application.id, _meant.c.status)
    .cte("moved")
)
_noted = (
    insert(ApplicationEvent)
    .from_select(
        ["application_id", "actor_id", "from_status", "to_status"],
        select(_moved.c.id, _me, _moved.c.status, _to),
    )
    .returning(ApplicationEvent.id)
    .cte("noted")
)
_DECIDE = (
    select(
        _meant.c.id,
        _meant.c.applicant_id,
        _meant.c.status,
        _moved.c.id.is_not(None).label("changed"),
    )
    .select_from(_meant)
    .outerjoin(_moved, _moved.c.id == _meant.c.id)
    .add_cte(_noted)
)

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
    session: WriteSession,
    *,
    job_id: int,
    applicant_id: int,
    cover_letter: str,
    budget: int | None,
    resume_id: int | None,
) -> AnyRow | None:
    """A new application; None when the job is not open or there is one already."""
    parameters = {
        "job_id": job_id,
        "applicant_id": applicant_id,
        "cover_letter": cover_letter,
        "proposed_budget_cents": budget,
        "resume_id": resume_id,
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
    session: ReadSession,
    job_id: int,
    user_id: int,
    status: str | None,
    rows: int,
    after: int | None,
) -> Sequence[AnyRow]:
    """What the asker is to the job, with up to `rows` applications for it below id `after`.

    The newest first. No row: there is no such job. A job without applications
    is one row whose `id` is None.
    """
    parameters: dict[str, object] = {"job_id": job_id, "me": user_id, "rows": rows}
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
    """An application with its job and company, held for this transaction."""
    statement = (
        select(Application)
        .options(
            joinedload(Application.job, innerjoin=True).joinedload(Job.company, innerjoin=True)
        )
        .where(Application.id == application_id)
        .with_for_update(of=Application)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def job_standing(session: WriteSession, job_id: int, user_id: int) -> AnyRow | None:
    """What a person is to a job; None when there is none."""
    parameters = {"job_id": job_id, "me": user_id}
    return (await session.execute(_JOB_STANDING, parameters)).one_or_none()


async def counts(session: ReadSession, job_id: int, user_id: int) -> Sequence[AnyRow]:
    """What the asker is to the job, with how `many` applications each status has that any has.

    As `of_job` without a job or applications.
    """
    return await session.rows(_COUNTS, {"job_id": job_id, "me": user_id})


async def note_step(
    session: WriteSession, application_id: int, actor_id: int, *, was: str, now: str
) -> None:
    """Add a step to an application's history."""
    session.add(
        ApplicationEvent(
            application_id=application_id, actor_id=actor_id, from_status=was, to_status=now
        )
    )
    await session.flush()


async def decide_several(
    session: WriteSession,
    job_id: int,
    actor_id: int,
    ids: Sequence[int],
    *,
    origins: Sequence[str],
    to: str,
) -> Sequence[AnyRow]:
    """Take those of a job's applications that are in one of `origins` to another status.

    All of them that there are, as they were before, and whether they `changed`.
    """
    parameters = {"of_job": job_id, "me": actor_id, "ids": ids, "origins": origins, "to": to}
    return (await session.execute(_DECIDE, parameters)).all()


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
            *_STANDING,
            *_COLUMNS,
            *named(User),
        )
        .select_from(Job)
        .join(Company, Company.id == Job.company_id)
        .outerjoin(Application, and_(*wanted))
        .outerjoin(User, User.id == Application.applicant_id)
        .where(Job.id == bindparam("job_id"))
        .order_by(Application.id.desc().nulls_last())
        .limit(bindparam("rows"))
    )
