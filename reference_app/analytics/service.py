"""What the board's figures are made of, put together."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

from reference_app.analytics import formulas, money_sql, repository
from reference_app.analytics.formulas import MONTHS, Plans
from reference_app.analytics.schemas import (
    BoardJobs,
    DayOfPeople,
    Growth,
    HiringTotals,
    JobFigures,
    JobFiguresPage,
    PeopleFigures,
    Rate,
    Revenue,
    RevenueCheck,
    TierRevenue,
)
from reference_app.applications.models import ApplicationStatus
from reference_app.database import AnyRow, ReadSession
from reference_app.errors import InvalidError
from reference_app.kit.pagination import cursor_by_id, cut, read_cursor_by_id
from reference_app.subscriptions.models import SubscriptionStatus
from reference_app.subscriptions.tiers import Interval, Tier

_ORDINARY_DAYS = 30
_MOST_DAYS = 366
_EARLIEST = date(2000, 1, 1)
_COLLECTED = timedelta(days=30)


async def people(session: ReadSession, since: date | None, until: date | None) -> PeopleFigures:
    """Who came and who was active, day by day. Raises `InvalidError` on a period that is none."""
    since, until = _period(since, until)
    rows = await repository.people(session, since, until)
    days = [DayOfPeople.model_validate(row, from_attributes=True) for row in rows]
    return PeopleFigures(since=since, until=until, days=days)


async def revenue(session: ReadSession) -> Revenue:
    """Recurring revenue now, and whether the payments agree."""
    now = datetime.now(UTC)
    rows = await money_sql.revenue(session, now, now - _COLLECTED)
    held = [row for row in rows if row.what == "held"]
    sold = [_plans(row) for row in held if row.state in _PAYING]
    late = [_plans(row) for row in held if row.state == SubscriptionStatus.PAST_DUE]
    mrr_cents = formulas.mrr(sold)
    paying, users = _many(sold), sum(row.many for row in rows if row.what == "people")
    by_payments = _by_payments(row for row in rows if row.what == "paying")
    past_due = formulas.mrr(late)
    return Revenue(
        at=now,
        mrr_cents=mrr_cents,
        arr_cents=formulas.arr(mrr_cents),
        arpu_cents=formulas.per_head(mrr_cents, users),
        arppu_cents=formulas.per_head(mrr_cents, paying),
        users=users,
        paying=paying,
        trialing=sum(row.many for row in held if row.state == SubscriptionStatus.TRIALING),
        given=sum(row.many for row in held if row.state == "given"),
        tiers=[_tier(tier, sold) for tier in Tier if tier != Tier.FREE],
        collected_30_days_cents=sum(row.cents for row in rows if row.what == "collected"),
        check=RevenueCheck(
            mrr_by_payments_cents=by_payments,
            past_due_cents=past_due,
            unexplained_cents=mrr_cents - past_due - by_payments,
        ),
    )


async def growth(session: ReadSession, since: date | None, until: date | None) -> Growth:
    """Conversion and churn of a period. Raises `InvalidError` on a period that is none.

    What has not ended yet is taken as it is now.
    """
    since, until = _period(since, until)
    row = await money_sql.growth(session, _moment(since), min(_moment(until), datetime.now(UTC)))
    mrr_before, mrr_lost = round(row.mrr_before), round(row.mrr_lost)
    return Growth(
        since=since,
        until=until,
        free_to_paid=_rate(row.came_and_paid, row.came),
        trial_to_paid=_rate(row.tried_and_paid, row.tried),
        customer_churn=_rate(row.payers_lost, row.payers_before),
        revenue_churn=_rate(mrr_lost, mrr_before),
        mrr_before_cents=mrr_before,
        mrr_after_cents=round(row.mrr_after),
    )


async def board(session: ReadSession) -> BoardJobs:
    """Jobs and applications by state."""
    rows = await repository.board(session)
    return BoardJobs(
        jobs={row.state: row.many for row in rows if row.what == "job"},
        hidden_jobs=sum(row.hidden for row in rows),
        applications={row.state: row.many for row in rows if row.what == "application"},
    )


async def jobs(
    session: ReadSession, employer_id: int, limit: int, cursor: str | None
) -> JobFiguresPage:
    """A page of one's own jobs and how each fares, the newest first."""
    after = read_cursor_by_id(cursor)
    rows = await repository.jobs(session, employer_id, limit + 1, after)
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_id(row.id))
    return JobFiguresPage(items=[_job(row) for row in shown], next_cursor=next_cursor)


async def totals(session: ReadSession, employer_id: int) -> HiringTotals:
    """How all of one's jobs fare together."""
    row = await repository.totals(session, employer_id)
    return HiringTotals(
        jobs=row.jobs,
        applications=_applications(row),
        by_status=_by_status(row),
        mean_hours_to_first_application=_hours(row.first_application_at),
        mean_hours_to_first_hire=_hours(row.first_hire_at),
    )


_PAYING = (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)


def _plans(row: AnyRow) -> Plans:
    return Plans(Tier(row.tier), Interval(row.billing_interval), row.many)


def _many(plans: Iterable[Plans]) -> int:
    return sum(each.many for each in plans)


def _tier(tier: Tier, sold: Iterable[Plans]) -> TierRevenue:
    its = [each for each in sold if each.tier == tier]
    return TierRevenue(tier=tier, paying=_many(its), mrr_cents=formulas.mrr(its))


def _by_payments(rows: Iterable[AnyRow]) -> int:
    """MRR at the prices that the invoices themselves tell."""
    each = (Fraction(row.cents, MONTHS[Interval(row.billing_interval)]) for row in rows)
    return round(sum(each, Fraction()))


def _rate(part: int, whole: int) -> Rate:
    return Rate(part=part, whole=whole, rate=formulas.rate(part, whole))


def _job(row: AnyRow) -> JobFigures:
    return JobFigures(
        id=row.id,
        title=row.title,
        status=row.status,
        published_at=row.published_at,
        applications=_applications(row),
        by_status=_by_status(row),
        hours_to_first_application=_between(row.published_at, row.first_application_at),
        hours_to_first_hire=_between(row.published_at, row.first_hire_at),
    )


def _by_status(row: AnyRow) -> dict[str, int]:
    return {status.value: int(getattr(row, status)) for status in ApplicationStatus}


def _applications(row: AnyRow) -> int:
    return sum(_by_status(row).values()) - int(row.withdrawn)


def _between(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else _hours((end - start).total_seconds())


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(float(seconds) / 3600, 2)


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _period(since: date | None, until: date | None) -> tuple[date, date]:
    """The days meant. Raises `InvalidError`."""
    today = datetime.now(UTC).date()
    end = until or today + timedelta(days=1)
    start = since or max(end, _EARLIEST) - timedelta(days=_ORDINARY_DAYS)
    # The ends of the calendar are infinite to the database's driver: they never get there.
    if not (_EARLIEST <= start <= today and 0 < (end - start).days <= _MOST_DAYS):
        raise InvalidError(
            "bad_period",
            f"A period has from one to {_MOST_DAYS} days and begins between {_EARLIEST} and today.",
        )
    return start, end
