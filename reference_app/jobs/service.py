"""What one can do with jobs."""

from datetime import UTC, datetime

from reference_app.companies import service as companies
from reference_app.companies.access import Right, may_act
from reference_app.companies.models import Company
from reference_app.companies.schemas import CompanyRef
from reference_app.database import ReadSession, WriteSession
from reference_app.errors import ConflictError, ForbiddenError, InvalidError
from reference_app.jobs import placement_sql, repository
from reference_app.jobs.listing import (
    company_cache_key,
    detail_cache_key,
    no_such_job,
    summary_fields,
)
from reference_app.jobs.models import Job, JobStatus, Promotion
from reference_app.jobs.placement import FEATURED_CACHE_KEY, MOST_PROMOTED, PROMOTED_FOR
from reference_app.jobs.schemas import (
    JobChange,
    JobDetail,
    JobDraft,
    JobPromotion,
    OwnJob,
    OwnJobPage,
    SavedJobItem,
    SavedJobPage,
    salaries_in_order,
)
from reference_app.kit.pagination import (
    cursor_by_id,
    cursor_by_time,
    cut,
    read_cursor_by_id,
    read_cursor_by_time,
)
from reference_app.subscriptions.entitlement_sql import count_locked
from reference_app.subscriptions.entitlements import Feature, hold, require, tier_of
from reference_app.subscriptions.tiers import TERMS


async def add(session: WriteSession, employer_id: int, wanted: JobDraft) -> JobDetail:
    """A new draft in a company one acts for. Raises `NotFoundError` or `ForbiddenError`.

    Whoever of the team drafts it, its employer is the company's owner: jobs count
    against the owner's tier, and stay when a member goes.
    """
    company = await companies.acting(session, wanted.company_id, employer_id, Right.JOBS)
    job = await repository.add(session, {"employer_id": company.owner_id, **wanted.model_dump()})
    return _detail(job, company)


async def change(
    session: WriteSession, job_id: int, employer_id: int, wanted: JobChange
) -> JobDetail:
    """Change one's own job. Raises `ConflictError` when it is closed.

    Giving an expired job a later end opens it again, which the tier must allow
    (`EntitlementRefusedError`).
    """
    job = await _own(session, job_id, employer_id)
    if job.status == JobStatus.CLOSED:
        raise ConflictError("job_closed", "A closed job cannot be changed.")
    values = wanted.model_dump(exclude_unset=True)
    ends = values.get("expires_at", job.expires_at)
    if _is_over(job, job.expires_at) and not _is_over(job, ends):
        await _one_more_open(session, job.employer_id)
        job.status = JobStatus.PUBLISHED
        job.head_start_days = await _head_start(session, job)
    for field, value in values.items():
        setattr(job, field, value)
    if not salaries_in_order(job.salary_min_cents, job.salary_max_cents):
        raise InvalidError("salary_out_of_order", "The lowest salary is above the highest.")
    await session.flush()
    if job.status != JobStatus.DRAFT:
        forget_pages(session, job.id, job.company_id, counted="expires_at" in values)
    return _detail(job, job.company)


async def publish(session: WriteSession, job_id: int, employer_id: int) -> JobDetail:
    """Show one's own job to everyone; doing it twice is doing it once.

    Raises `ConflictError` when it is closed, `EntitlementRefusedError` when the
    tier allows no more open jobs.
    """
    job = await _own(session, job_id, employer_id)
    if job.status == JobStatus.CLOSED:
        raise ConflictError("job_closed", "A closed job cannot be published again.")
    if job.status == JobStatus.DRAFT:
        await _one_more_open(session, job.employer_id)
        job.status = JobStatus.PUBLISHED
        job.published_at = datetime.now(UTC)
        job.head_start_days = await _head_start(session, job)
        await session.flush()
        forget_pages(session, job.id, job.company_id)
    return _detail(job, job.company)


async def close(session: WriteSession, job_id: int, employer_id: int) -> JobDetail:
    """Take no more applications; doing it twice is doing it once.

    Raises `ConflictError` for a draft: nobody knows of it.
    """
    job = await _own(session, job_id, employer_id)
    if job.status == JobStatus.DRAFT:
        raise ConflictError("job_not_published", "A draft cannot be closed.")
    if job.status != JobStatus.CLOSED:
        job.status = JobStatus.CLOSED
        job.boosted_until = job.featured_until = None
        await session.flush()
        forget_pages(session, job.id, job.company_id)
    return _detail(job, job.company)


async def promote(
    session: WriteSession, job_id: int, employer_id: int, promotion: Promotion
) -> JobPromotion:
    """Boost or feature one's own open job for a time; doing it twice is doing it once.

    Raises `ConflictError` when it is not open or too many are promoted so already,
    `EntitlementRefusedError` when the tier does not place jobs.
    """
    job = await _own(session, job_id, employer_id)
    await require(session, job.employer_id, Feature.PRIORITY_PLACEMENT)
    if job.status != JobStatus.PUBLISHED or _is_over(job, job.expires_at):
        raise ConflictError("job_not_open", "Only an open job can be boosted or featured.")
    now = datetime.now(UTC)
    until = getattr(job, promotion)
    if until is None or until <= now:
        counting = placement_sql.count_promoted(job.employer_id, promotion)
        if await count_locked(session, job.employer_id, promotion, counting) >= MOST_PROMOTED:
            raise ConflictError(
                "too_many_promoted", f"At most {MOST_PROMOTED} jobs at once can be promoted so."
            )
        setattr(job, promotion, now + PROMOTED_FOR[promotion])
        await session.flush()
        session.forget(FEATURED_CACHE_KEY, company_cache_key(job.company_id))
    return JobPromotion.model_validate(job)


async def demote(
    session: WriteSession, job_id: int, employer_id: int, promotion: Promotion
) -> JobPromotion:
    """End a boost or a feature of one's own job; doing it twice is doing it once."""
    job = await _own(session, job_id, employer_id)
    if getattr(job, promotion) is not None:
        setattr(job, promotion, None)
        await session.flush()
        session.forget(FEATURED_CACHE_KEY, company_cache_key(job.company_id))
    return JobPromotion.model_validate(job)


async def of_employer(
    session: ReadSession, employer_id: int, limit: int, cursor: str | None
) -> OwnJobPage:
    """A page of the jobs of all companies one acts for, in any state, the newest first."""
    after = read_cursor_by_id(cursor)
    rows = await repository.of_employer(session, employer_id, limit + 1, after)
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
    items = [
        OwnJob(
            **summary_fields(row),
            status=row.status,
            created_at=row.created_at,
            boosted_until=row.boosted_until,
            featured_until=row.featured_until,
            applications=row.applications,
            views=row.views,
        )
        for row in shown
    ]
    return OwnJobPage(items=items, next_cursor=next_cursor)


async def save(session: WriteSession, user_id: int, job_id: int) -> None:
    """Keep an open job. Raises `NotFoundError`."""
    if not await repository.save(session, user_id, job_id):
        raise no_such_job()


async def unsave(session: WriteSession, user_id: int, job_id: int) -> None:
    """Keep a job no longer; nothing happens if it was not kept."""
    await repository.unsave(session, user_id, job_id)


async def saved_by(
    session: ReadSession, user_id: int, limit: int, cursor: str | None
) -> SavedJobPage:
    """A page of the jobs one keeps, the last saved first."""
    after = read_cursor_by_time(cursor)
    rows = await repository.saved_by(session, user_id, limit + 1, after)
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_time(row.saved_at, row.id))
    items = [
        SavedJobItem(**summary_fields(row), status=row.status, saved_at=row.saved_at)
        for row in shown
    ]
    return SavedJobPage(items=items, next_cursor=next_cursor)


async def _own(session: WriteSession, job_id: int, employer_id: int) -> Job:
    job = await repository.for_change(session, job_id)
    if job is None:
        raise no_such_job()
    if not await may_act(session, job.company, employer_id, Right.JOBS):
        # Someone else's draft is not to be known of.
        if job.status == JobStatus.DRAFT:
            raise no_such_job()
        raise ForbiddenError("not_your_job", "This job is someone else's.")
    return job


async def _one_more_open(session: WriteSession, employer_id: int) -> None:
    await hold(session, employer_id, Feature.ACTIVE_JOBS, repository.count_open(employer_id))


async def _head_start(session: WriteSession, job: Job) -> int:
    return TERMS[await tier_of(session, job.employer_id)].head_start_days


def _is_over(job: Job, expires_at: datetime | None) -> bool:
    """Whether a job that was published would be past its end, were that `expires_at`."""
    shown = job.status in (JobStatus.PUBLISHED, JobStatus.EXPIRED)
    return shown and expires_at is not None and expires_at <= datetime.now(UTC)


def forget_pages(
    session: WriteSession, job_id: int, company_id: int, *, counted: bool = True
) -> None:
    """A job has changed: forget its page and those of its company.

    The company's own page stays where the change is none that is `counted` there as an
    open job more or less.
    """
    session.forget(detail_cache_key(job_id), company_cache_key(company_id))
    if counted:
        session.forget(companies.cache_key(company_id))


def _detail(job: Job, company: Company) -> JobDetail:
    return JobDetail(
        id=job.id,
        title=job.title,
        company=CompanyRef(id=company.id, name=company.name),
        category=job.category,
        island=job.island,
        employment_type=job.employment_type,
        salary_min_cents=job.salary_min_cents,
        salary_max_cents=job.salary_max_cents,
        published_at=job.published_at,
        employer_id=job.employer_id,
        description=job.description,
        status=job.status,
        expires_at=job.expires_at,
        created_at=job.created_at,
        updated_at=job.updated_at,
    )
