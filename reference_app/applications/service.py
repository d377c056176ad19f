"""What one can do with applications."""

from typing import Any

from reference_app.applications import repository
from reference_app.applications.models import Application, ApplicationStatus
from reference_app.applications.pipeline import Side, may_step, origins
from reference_app.applications.schemas import (
    ApplicationCounts,
    ApplicationDraft,
    ApplicationShown,
    BulkDecision,
    BulkOutcome,
    JobApplied,
    Outcome,
    OwnApplication,
    OwnPage,
    ReceivedApplication,
    ReceivedPage,
)
from reference_app.companies.access import Right, includes, may_act
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.errors import ConflictError, ForbiddenError, NotFoundError
from reference_app.jobs.listing import no_such_job
from reference_app.jobs.models import JobStatus
from reference_app.kit.pagination import cursor_by_id, cut, read_cursor_by_id
from reference_app.notifications.models import Kind
from reference_app.notifications.service import News, notify, notify_each
from reference_app.subscriptions.entitlements import Feature, Tier, check
from reference_app.uploads.service import hold_resume
from reference_app.users.naming import person_ref


async def apply(
    session: WriteSession, job_id: int, applicant_id: int, wanted: ApplicationDraft
) -> ApplicationShown:
    """Apply for a job, once.

    Raises `NotFoundError`, also for a résumé that is not theirs, and
    `ConflictError` when the job takes no applications or has this person's
    already, even a withdrawn one.
    """
    if wanted.resume_id is not None:
        await hold_resume(session, wanted.resume_id, applicant_id)
    row = await repository.apply(
        session,
        job_id=job_id,
        applicant_id=applicant_id,
        cover_letter=wanted.cover_letter,
        budget=wanted.proposed_budget_cents,
        resume_id=wanted.resume_id,
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
    user_id: int,
    status: str | None,
    limit: int,
    cursor: str | None,
) -> ReceivedPage:
    """A page of the applications for a job one manages, the newest first.

    Raises `NotFoundError` or, for someone else's job, `ForbiddenError`.
    """
    after = read_cursor_by_id(cursor)
    rows = await repository.of_job(session, job_id, user_id, status, limit + 1, after)
    check_standing(rows[0] if rows else None)
    found = [row for row in rows if row.id is not None]
    shown, next_cursor = cut(found, limit, lambda row: cursor_by_id(row.id))
    return ReceivedPage(items=[_received(row) for row in shown], next_cursor=next_cursor)


async def counts(session: ReadSession, job_id: int, user_id: int) -> ApplicationCounts:
    """How many applications for a job one manages are in which status.

    Raises `NotFoundError` or, for someone else's job, `ForbiddenError`.
    """
    rows = await repository.counts(session, job_id, user_id)
    check_standing(rows[0] if rows else None)
    found = {row.status: row.many for row in rows if row.status is not None}
    by_status = {status.value: found.get(status, 0) for status in ApplicationStatus}
    return ApplicationCounts(total=sum(by_status.values()), by_status=by_status)


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
        raise no_such_application()
    if application.status == ApplicationStatus.WITHDRAWN:
        return application
    if not may_step(Side.APPLICANT, application.status, ApplicationStatus.WITHDRAWN):
        raise ConflictError("application_decided", "This application has been decided.")
    await _step(session, application, applicant_id, ApplicationStatus.WITHDRAWN)
    return application


async def decide(
    session: WriteSession, application_id: int, user_id: int, status: str
) -> Application:
    """Say what one makes of an application for a job one manages.

    Raises `NotFoundError`, also for someone else's job, and `ConflictError`
    when it has been withdrawn or may not take this step.
    """
    application = await repository.for_change(session, application_id)
    if application is None or not await may_act(
        session, application.job.company, user_id, Right.APPLICANTS
    ):
        raise no_such_application()
    if application.status == ApplicationStatus.WITHDRAWN:
        raise ConflictError("application_withdrawn", "This application has been withdrawn.")
    if application.status == status:
        return application
    if not may_step(Side.EMPLOYER, application.status, status):
        raise ConflictError(
            "step_not_allowed",
            f"What is {application.status} cannot become {status}.",
            members={"current": application.status},
        )
    await _step(session, application, user_id, status)
    await notify(
        session,
        application.applicant_id,
        Kind.APPLICATION_STATUS,
        {"application_id": application.id, "job_id": application.job_id, "status": status},
    )
    return application


async def decide_several(
    session: WriteSession, job_id: int, user_id: int, wanted: BulkDecision
) -> BulkOutcome:
    """Say the same of several applications for a job one manages.

    Each for itself: one that may not take the step does not keep the others
    from it. Raises `NotFoundError`, `ForbiddenError` for someone else's job,
    and `EntitlementRefusedError` when the company owner's tier has no bulk actions.
    """
    standing = check_standing(await repository.job_standing(session, job_id, user_id))
    check(Tier(standing.owner_tier), Feature.BULK_ACTIONS)
    ids = list(dict.fromkeys(wanted.application_ids))
    rows = await repository.decide_several(
        session,
        job_id,
        user_id,
        ids,
        origins=origins(Side.EMPLOYER, wanted.status),
        to=wanted.status,
    )
    found = {row.id: _outcome(row, wanted.status) for row in rows}
    await notify_each(
        session,
        Kind.APPLICATION_STATUS,
        [
            News(
                row.applicant_id,
                {"application_id": row.id, "job_id": job_id, "status": wanted.status},
            )
            for row in rows
            if row.changed
        ],
    )
    items = [found.get(n) or Outcome(id=n, outcome="not_found", status=None) for n in ids]
    return BulkOutcome(changed=sum(row.changed for row in rows), items=items)


def check_standing(standing: AnyRow | None) -> AnyRow:
    """Pass only who may see a job's applicants. Raises `NotFoundError` or `ForbiddenError`."""
    if standing is None:
        raise no_such_job()
    if not includes(standing.acting_role, Right.APPLICANTS):
        # Someone else's draft is not to be known of.
        if standing.job_status == JobStatus.DRAFT:
            raise no_such_job()
        raise ForbiddenError("not_your_job", "This job is someone else's.")
    return standing


def no_such_application() -> NotFoundError:
    """There is no application by this id, or not for who asks."""
    return NotFoundError("application_not_found", "There is no such application.")


async def _step(
    session: WriteSession, application: Application, actor_id: int, status: str
) -> None:
    was, application.status = application.status, status
    await repository.note_step(session, application.id, actor_id, was=was, now=status)


def _outcome(row: AnyRow, to: str) -> Outcome:
    if row.changed:
        return Outcome(id=row.id, outcome="changed", status=to)
    same = row.status == to
    return Outcome(id=row.id, outcome="unchanged" if same else "not_allowed", status=row.status)


def _received(row: AnyRow) -> ReceivedApplication:
    return ReceivedApplication(**_fields(row), applicant=person_ref(row))


def _own(row: AnyRow) -> OwnApplication:
    job = JobApplied(
        id=row.job_id, title=row.job_title, status=row.job_status, company_name=row.company_name
    )
    return OwnApplication(**_fields(row), job=job)


def _fields(row: AnyRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ApplicationShown.model_fields}
