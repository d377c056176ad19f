"""SQL of how well jobs are placed: the head start of their employers' tiers, boosts, features."""

from collections.abc import Sequence

from sqlalchemy import (
    Select,
    Update,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)

from reference_app.companies.models import Company
from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.jobs.models import Job, Promotion, is_open
from reference_app.jobs.repository import SUMMARY_COLUMNS
from reference_app.subscriptions.entitlement_sql import counts_now
from reference_app.subscriptions.models import Subscription
from reference_app.subscriptions.tiers import TERMS, Feature

_PRIORITY_DAYS = min(
    terms.head_start_days
    for terms in TERMS.values()
    if Feature.PRIORITY_PLACEMENT in terms.features
)
"""A head start of less is that of a tier whose jobs cannot be boosted or featured."""

_is_published = Job.status == literal_column("'published'")
_days_of_tier = case(
    {tier: terms.head_start_days for tier, terms in TERMS.items()}, value=Subscription.tier, else_=0
)
_earned = (
    select(Subscription.user_id, func.max(_days_of_tier).label("days"))
    .where(counts_now())
    .group_by(Subscription.user_id)
)


def _settle(*, of_one: bool) -> Update:
    """Gives published jobs the head start of their employers' present tiers, where they differ."""
    earned = _earned
    wanted = [_is_published]
    if of_one:
        earned = earned.where(Subscription.user_id == bindparam("of_employer"))
        wanted.append(Job.employer_id == bindparam("of_employer"))
    by_employer = earned.cte("earned")
    days = func.coalesce(by_employer.c.days, 0)
    # Of jobs somebody is changing just now the next run is soon enough.
    stale = (
        select(Job.id, days.label("days"))
        .outerjoin(by_employer, by_employer.c.user_id == Job.employer_id)
        .where(*wanted, Job.head_start_days != days)
        .with_for_update(of=Job, skip_locked=not of_one)
    )
    if not of_one:
        stale = stale.limit(bindparam("most"))
    settled = stale.cte("stale")

    def kept(column: Promotion) -> object:
        return case((settled.c.days < _PRIORITY_DAYS, null()), else_=getattr(Job, column))

    return (
        update(Job)
        .where(Job.id == settled.c.id)
        .values(
            {
                "head_start_days": settled.c.days,
                Promotion.BOOST: kept(Promotion.BOOST),
                Promotion.FEATURE: kept(Promotion.FEATURE),
                "updated_at": Job.updated_at,
            }
        )
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )


_SETTLE_ALL, _SETTLE_ONE = _settle(of_one=False), _settle(of_one=True)

_runs_out = or_(*(getattr(Job, promotion) <= func.now() for promotion in Promotion))
_END_PROMOTIONS = (
    update(Job)
    .where(
        Job.id.in_(
            select(Job.id)
            .where(_is_published, _runs_out)
            .limit(bindparam("most"))
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
    )
    .values(
        {
            promotion: case(
                (getattr(Job, promotion) <= func.now(), null()), else_=getattr(Job, promotion)
            )
            for promotion in Promotion
        }
        | {"updated_at": Job.updated_at}
    )
    .returning(Job.id)
    .execution_options(synchronize_session=False)
)

_FEATURED = (
    select(*SUMMARY_COLUMNS)
    .join(Company, Company.id == Job.company_id)
    .where(is_open(), Job.featured_until > func.now())
    .order_by(Job.featured_until.desc(), Job.id.desc())
    .limit(bindparam("rows"))
)


def count_promoted(employer_id: int, promotion: Promotion) -> Select[int]:
    """Counts an employer's open jobs that are boosted, or featured, now."""
    return (
        select(func.count())
        .select_from(Job)
        .where(Job.employer_id == employer_id, is_open(), getattr(Job, promotion) > func.now())
    )


async def settle_all(session: WriteSession, most: int) -> int:
    """Bring up to `most` published jobs to the head start their employers' tiers give; how many."""
    return len((await session.execute(_SETTLE_ALL, {"most": most})).all())


async def settle(session: WriteSession, employer_id: int) -> None:
    """The same for all jobs of one employer."""
    await session.execute(_SETTLE_ONE, {"of_employer": employer_id})


async def end_promotions(session: WriteSession, most: int) -> int:
    """End up to `most` boosts and features whose time is over; of how many jobs."""
    return len((await session.execute(_END_PROMOTIONS, {"most": most})).all())


async def featured(session: ReadSession, rows: int) -> Sequence[AnyRow]:
    """Up to `rows` featured jobs, the last featured first."""
    return await session.rows(_FEATURED, {"rows": rows})
