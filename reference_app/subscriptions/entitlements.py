"""What a person's tier allows them. Everything that is limited by tier asks here.

    await spend(session, user_id, Feature.POSTS)                  counted per month
    await hold(session, user_id, Feature.ACTIVE_JOBS, counting)   held at any one time
    await require(session, user_id, Feature.BULK_ACTIONS)         there or not

Each raises `EntitlementRefusedError` when the tier does not allow it, which
says which tier would. What is spent belongs to the caller's transaction: if
that fails, nothing was spent. A page that is one statement reads the tier with
it (`entitlement_sql.tier_of`) and asks `has` or `check`.
"""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Select

from reference_app.database import ReadSession, WriteSession
from reference_app.errors import ForbiddenError
from reference_app.subscriptions import entitlement_sql as sql
from reference_app.subscriptions.tiers import TERMS, Feature, Tier, rank, upgrade_for

__all__ = [
    "EntitlementRefusedError",
    "Feature",
    "Standing",
    "Tier",
    "check",
    "has",
    "hold",
    "month_of",
    "require",
    "spend",
    "standing_of",
    "tier_of",
]


class EntitlementRefusedError(ForbiddenError):
    """The tier does not allow it. `limit` and `used` are null for what it does not have at all."""

    def __init__(self, feature: Feature, limit: int | None, used: int | None, tier: Tier) -> None:
        upgrade = upgrade_for(tier, feature, (used or 0) + 1)
        name, called = TERMS[tier].name, feature.replace("_", " ")
        detail = (
            f"{name} allows {limit} {called}." if limit else f"{name} does not include {called}."
        )
        if upgrade is not None:
            detail += f" {TERMS[upgrade].name} {'allows more' if limit else 'does'}."
        super().__init__(
            "quota_exceeded" if limit else "not_in_tier",
            detail,
            members={
                "feature": feature,
                "limit": limit,
                "used": used,
                "tier": tier,
                "upgrade_tier": upgrade,
            },
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's tier, and the month their use is counted in."""

    tier: Tier
    month_start: datetime
    month_end: datetime


async def tier_of(session: ReadSession | WriteSession, user_id: int) -> Tier:
    """The best tier a person is entitled to now."""
    return (await standing_of(session, user_id)).tier


async def standing_of(session: ReadSession | WriteSession, user_id: int) -> Standing:
    """A person's tier and month: the calendar's (UTC) for Free, else the subscription's."""
    now = datetime.now(UTC)
    rows = await sql.counting(session, user_id)
    if not rows:
        return Standing(Tier.FREE, *month_of(None, now))
    best = max(rows, key=lambda row: rank(Tier(row.tier)))
    return Standing(Tier(best.tier), *month_of(best.current_period_start, now))


async def spend(session: WriteSession, user_id: int, feature: Feature, amount: int = 1) -> None:
    """Use `amount` of this month's quota. Raises `EntitlementRefusedError` when it is too little.

    However many arrive together, no more than the quota goes through.
    """
    standing = await standing_of(session, user_id)
    limit = TERMS[standing.tier].limits[feature]
    if limit is None:
        return
    since = standing.month_start
    if not await sql.spend(
        session, user_id=user_id, feature=feature, since=since, amount=amount, most=limit
    ):
        used = (await sql.used(session, user_id, since)).get(feature, 0)
        raise EntitlementRefusedError(feature, limit, used, standing.tier)


async def hold(session: WriteSession, user_id: int, feature: Feature, current: Select[int]) -> None:
    """Allow one more of what `current` counts; call it before adding that one.

    Others who would add wait until this transaction ends. Raises
    `EntitlementRefusedError` at the limit.
    """
    tier = await tier_of(session, user_id)
    limit = TERMS[tier].limits[feature]
    if limit is None:
        return
    held = await sql.count_locked(session, user_id, feature, current)
    if held >= limit:
        raise EntitlementRefusedError(feature, limit, held, tier)


async def require(session: ReadSession | WriteSession, user_id: int, feature: Feature) -> None:
    """Pass only tiers that have `feature`. Raises `EntitlementRefusedError`."""
    check(await tier_of(session, user_id), feature)


def has(tier: Tier, feature: Feature) -> bool:
    """Whether `tier` has `feature`."""
    return feature in TERMS[tier].features


def check(tier: Tier, feature: Feature) -> None:
    """Pass only if `tier` has `feature`. Raises `EntitlementRefusedError`."""
    if not has(tier, feature):
        raise EntitlementRefusedError(feature, None, None, tier)


def month_of(start: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """When the month of use that `now` lies in began, and when it ends.

    Months run from `start` to the same day of the next month, or to its last
    day where it is shorter, so that a plan paid by the year has monthly quotas
    too. Without a start they are the calendar's, in UTC.
    """
    now = now.astimezone(UTC)
    if start is None:
        start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    start = start.astimezone(UTC)
    months = max(0, (now.year - start.year) * 12 + now.month - start.month)
    if months > 0 and _months_after(start, months) > now:
        months -= 1
    return _months_after(start, months), _months_after(start, months + 1)


def _months_after(start: datetime, months: int) -> datetime:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return start.replace(year=year, month=month + 1, day=min(start.day, last_day))
