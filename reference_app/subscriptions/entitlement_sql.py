"""SQL behind `entitlements`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    SQLColumnExpression,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert

from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.subscriptions.models import FeatureUsage, Subscription
from reference_app.subscriptions.tiers import TERMS, Feature, Tier, rank
from reference_app.texts import LARGEST_ID


def counts_now() -> ColumnElement[bool]:
    """Whether a subscription entitles its holder now.

    The states are spelled out, not bound: only so can the index of living subscriptions serve.
    """
    return and_(
        Subscription.status.in_(
            [literal_column(f"'{status}'") for status in ("trialing", "active", "past_due")]
        ),
        or_(Subscription.entitled_until.is_(None), Subscription.entitled_until > func.now()),
    )


_COUNTING = select(
    Subscription.tier,
    Subscription.billing_interval,
    Subscription.current_period_start,
    Subscription.entitled_until,
).where(Subscription.user_id == bindparam("user_id"), counts_now())
_RANK = case({tier: literal_column(str(rank(tier))) for tier in Tier}, value=Subscription.tier)

_KEY = [FeatureUsage.user_id, FeatureUsage.feature, FeatureUsage.period_start]
_wanted = insert(FeatureUsage).from_select(
    ["user_id", "feature", "period_start", "used"],
    select(
        bindparam("of_user", type_=FeatureUsage.user_id.type),
        bindparam("of_feature", type_=FeatureUsage.feature.type),
        bindparam("since", type_=FeatureUsage.period_start.type),
        bindparam("amount", type_=FeatureUsage.used.type),
    ).where(
        bindparam("amount", type_=FeatureUsage.used.type)
        <= bindparam("most", type_=FeatureUsage.used.type)
    ),
)
# Of two that spend the last one together, the second waits for the first's row, then
# weighs the condition again on what it finds there.
_SPEND = (
    _wanted.on_conflict_do_update(
        index_elements=_KEY,
        set_={"used": FeatureUsage.used + _wanted.excluded.used},
        where=FeatureUsage.used + _wanted.excluded.used
        <= bindparam("most", type_=FeatureUsage.used.type),
    )
    .returning(FeatureUsage.used)
    .execution_options(dml_strategy="raw")  # the parameters are not columns
)

_USED = select(FeatureUsage.feature, FeatureUsage.used).where(
    FeatureUsage.user_id == bindparam("user_id"),
    FeatureUsage.period_start == bindparam("since", type_=FeatureUsage.period_start.type),
)

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def tier_of(user_id: SQLColumnExpression[int]) -> ColumnElement[str]:
    """The best tier of the person that a statement's own rows name."""
    best = (
        select(Subscription.tier)
        .where(Subscription.user_id == user_id, counts_now())
        .order_by(_RANK.desc())
        .limit(literal_column("1"))
        .correlate_except(Subscription)
    )
    return func.coalesce(best.scalar_subquery(), literal_column(f"'{Tier.FREE}'"))


def allows(
    user_id: SQLColumnExpression[int], feature: Feature, held: ColumnElement[int]
) -> ColumnElement[bool]:
    """Whether that person's tier allows to hold as many of `feature` as `held`."""
    limits: dict[Tier, ColumnElement[int]] = {
        tier: literal_column(str(LARGEST_ID if limit is None else limit))
        for tier, limit in ((tier, terms.limits[feature]) for tier, terms in TERMS.items())
    }
    return held <= case(limits, value=tier_of(user_id))


async def counting(session: ReadSession | WriteSession, user_id: int) -> Sequence[AnyRow]:
    """Tier, interval, period start and end of every subscription of a person that counts now."""
    return await _rows(session, _COUNTING, {"user_id": user_id})


async def spend(
    session: WriteSession, *, user_id: int, feature: str, since: datetime, amount: int, most: int
) -> bool:
    """Use `amount` more unless that would be more than `most`; whether it was used."""
    parameters = {
        "of_user": user_id,
        "of_feature": feature,
        "since": since,
        "amount": amount,
        "most": most,
    }
    return (await session.execute(_SPEND, parameters)).scalar_one_or_none() is not None


async def used(
    session: ReadSession | WriteSession, user_id: int, since: datetime
) -> dict[str, int]:
    """What a person has used since their month began, by feature."""
    rows = await _rows(session, _USED, {"user_id": user_id, "since": since})
    return {row.feature: row.used for row in rows}


async def count_locked(
    session: WriteSession, user_id: int, feature: str, current: Select[int]
) -> int:
    """What `current` counts, with nobody else counting for this person until the commit."""
    await session.execute(_LOCK, {"name": f"{feature}:{user_id}"})
    return (await session.execute(current)).scalar_one()


async def _rows(
    session: ReadSession | WriteSession, statement: Executable, parameters: Mapping[str, Any]
) -> Sequence[AnyRow]:
    if isinstance(session, ReadSession):
        return await session.rows(statement, parameters)
    return (await session.execute(statement, parameters)).all()
