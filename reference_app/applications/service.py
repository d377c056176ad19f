"""What one can do with applications."""

from typing import Any

from reference_app.applications import repository
from reference_app.applications.models import Application, ApplicationStatus
from reference_app.applications.schemas import (
    Applicant,
    ApplicationDraft,
    ApplicationShown,
    JobApplied,
    OwnApplication,
    OwnPage,
    ReceivedApplication,
    ReceivedPage,
)
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.errors import ConflictError, ForbiddenError, NotFoundError
from reference_app.jobs.listing import no_such_job
from reference_app.kit.pagination import cursor_by_id, cut, read_cursor_by_id
from reference_app.notifications.models import Kind
from reference_app.notifications.service import notify

_DECIDED = {ApplicationStatus.HIRED, ApplicationStatus.REJECTED}


async def apply(
    session: WriteSession, job_id: int, applicant_id: int, wanted: ApplicationDraft
) -> ApplicationShown:
    """Apply for a job, once.

    Raises `NotFoundError`, and `ConflictError` when the job takes no
    applications or has this person's already, even a withdrawn one.
    """
    row = await repository.apply(
        session,
        job_id=job_id,
        applicant_id=applicant_id,
        cover_letter=wanted.cover_letter,
        budget=wanted.proposed_budget_cents,
    )
    if row is not None:
        await notify(
            session,
            await repository.employer_of(session, job_id),
            Kind.APPLICATION_RECEIVED,
            {"application_id": row.id, "job_id": job_id},
        )
        return ApplicationShown.model_validate(row)
    is_open = await repository.job_is_open(session, job_id)
    if is_open is None:
        raise no_such_job()
    if not is_open:
        raise ConflictError("job_closed", "This job takes no more applications.")
    raise ConflictError("already_applied", "You have applied for this job.")


async def of_job(
    session: ReadSession,
    job_id: int,
    employer_id: int,
    status: str | None,
    limit: int,
    cursor: str | None,
) -> ReceivedPage:
    """A page of the applications for one's own job, the newest first.

    Raises `NotFoundError` or, for someone else's job, `ForbiddenError`.
    """
    after = read_cursor_by_id(cursor)
    rows = await repository.of_job(session, job_id, status, limit + 1, after)
    if not rows:
        raise no_such_job()
    if rows[0].employer_id != employer_id:
        raise ForbiddenError("not_your_job", "This job is someone else's.")
    found = [row for row in rows if row.id is not None]
    shown, next_cursor = cut(found, limit, lambda row: cursor_by_id(row.id))
    return ReceivedPage(items=[_received(row) for row in shown], next_cursor=next_cursor)


async def of_applicant(
    session: ReadSession, applicant_id: int, limit: int, cursor: str | None
) -> OwnPage:
    """A page of one's own applications, the newest first."""
    after = read_cursor_by_id(cursor)
    rows = await repository.of_applicant(session, applicant_id, limit + 1, after)
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
    return OwnPage(items=[_own(row) for row in shown], next_cursor=next_cursor)


async def withdraw(session: WriteSession, application_id: int, applicant_id: int) -> Application:
    """Take one's own application back; twice is once.

    Raises `NotFoundError`, also for someone else's, and `ConflictError` once
    it is decided.
    """
    application = await repository.for_change(session, application_id)
    if application is None or application.applicant_id != applicant_id:
        raise _no_such_application()
    if application.status in _DECIDED:
        raise ConflictError("application_decided", "This application has been decided.")
    if application.status != ApplicationStatus.WITHDRAWN:
        application.status = ApplicationStatus.WITHDRAWN
        await session.flush()
    return application


async def decide(
    session: WriteSession, application_id: int, employer_id: int, status: str
) -> Application:
    """Say what one makes of an application for one's own job.

    Raises `NotFoundError`, also for someone else's job, and `ConflictError`
    when it has been withdrawn.
    """
    application = await repository.for_change(session, application_id)
    if application is None or application.job.employer_id != employer_id:
        raise _no_such_application()
    if application.status == ApplicationStatus.WITHDRAWN:
        raise ConflictError("application_withdrawn", "This application has been withdrawn.")
    if application.status == status:
        return application
    application.status = status
    await session.flush()
    await notify(
        session,
        application.applicant_id,
        Kind.APPLICATION_STATUS,
        {"application_id": application.id, "job_id": application.job_id, "status": status},
    )
    return application


def _received(row: AnyRow) -> ReceivedApplication:
    applicant = Applicant(
        id=row.applicant_id, full_name=row.applicant_name, headline=row.applicant_headline
    )
    return ReceivedApplication(**_fields(row), applicant=applicant)


def _own(row: AnyRow) -> OwnApplication:
    job = JobApplied(
        id=row.job_id, title=row.job_title, status=row.job_status, company_name=row.company_name
    )
    return OwnApplication(**_fields(row), job=job)


def _fields(row: AnyRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ApplicationShown.model_fields}


def _no_such_application() -> NotFoundError:
    return NotFoundError("application_not_found", "There is no such application.")
