"""What one can do with one's subscription.

Stripe is changed first, then its state is fetched and written (`billing`), so
that our tables never say what Stripe does not.
"""

from typing import Any

from sqlalchemy import select

from reference_app.database import AnyRow, ReadSession
from reference_app.errors import ConflictError
from reference_app.jobs import repository as jobs
from reference_app.kit.pagination import cursor_by_time, cut, read_cursor_by_time
from reference_app.network import repository as network
from reference_app.subscriptions import entitlement_sql, repository
from reference_app.subscriptions.billing import Billing
from reference_app.subscriptions.entitlements import Standing, standing_of
from reference_app.subscriptions.models import ALIVE, SubscriptionStatus
from reference_app.subscriptions.prices import Plan, plan_of
from reference_app.subscriptions.reading_stripe import KEEPS_TIER, KEEPS_UNTIL
from reference_app.subscriptions.schemas import (
    OwnSubscription,
    PageAddress,
    PaymentItem,
    PaymentPage,
    PlanChoice,
    TierDetail,
    TierList,
    Use,
)
from reference_app.subscriptions.stripe_calls import Json
from reference_app.subscriptions.tiers import (
    CURRENCY,
    QUOTAS,
    TERMS,
    TRIAL_DAYS,
    Feature,
    Interval,
    Tier,
    rank,
)

_HELD = {Feature.ACTIVE_JOBS: jobs.count_open, Feature.CONNECTIONS: network.count_accepted}
"""How many one has now of what is not used up but held."""


def tiers() -> TierList:
    """Every tier with its prices, limits and features."""
    details = [
        TierDetail(
            tier=terms.tier,
            name=terms.name,
            prices=dict(terms.prices),
            limits=dict(terms.limits),
            features=sorted(terms.features),
            perks=list(terms.perks),
        )
        for terms in TERMS.values()
    ]
    return TierList(currency=CURRENCY, trial_days=TRIAL_DAYS, tiers=details)


async def own(session: ReadSession, user_id: int) -> OwnSubscription:
    """What a person subscribes to, and what they have used of it."""
    standing = await standing_of(session, user_id)
    found = await repository.subscription(session, user_id)
    account = await repository.account(session, user_id)
    late = found is not None and found.status == SubscriptionStatus.PAST_DUE
    return OwnSubscription(
        tier=standing.tier,
        status=None if found is None else found.status,
        interval=None if found is None else Interval(found.billing_interval),
        current_period_start=None if found is None else found.current_period_start,
        current_period_end=None if found is None else found.current_period_end,
        cancel_at_period_end=found is not None and found.cancel_at_period_end,
        trial_end=None if found is None else found.trial_end,
        next_tier=None if found is None or found.next_tier is None else Tier(found.next_tier),
        grace_until=found.entitled_until if late and found is not None else None,
        trial_available=account is None or account.trial_used_at is None,
        referral_code=None if account is None else account.referral_code,
        features=sorted(TERMS[standing.tier].features),
        usage=await _usage(session, user_id, standing),
    )


async def _usage(session: ReadSession, user_id: int, standing: Standing) -> list[Use]:
    used = await entitlement_sql.used(session, user_id, standing.month_start)
    limits = TERMS[standing.tier].limits
    counted = [
        Use(
            feature=feature,
            limit=limits[feature],
            used=None if limits[feature] is None else used.get(feature, 0),
            resets_at=standing.month_end,
        )
        for feature in QUOTAS
    ]
    counts = [count(user_id).scalar_subquery() for count in _HELD.values()]
    (row,) = await session.rows(select(*counts))
    held = [
        Use(feature=feature, limit=limits[feature], used=many, resets_at=None)
        for feature, many in zip(_HELD, row, strict=True)
    ]
    return [*counted, *held]


async def portal(billing: Billing, user_id: int) -> PageAddress:
    """A page of Stripe's where a person sees to their card and invoices.

    Raises `ConflictError` for those who never bought anything.
    """
    account = await repository.account(billing.reading(), user_id)
    if account is None or account.stripe_customer_id is None:
        raise _not_subscribed()
    made = await billing.stripe.ask(
        lambda client: client.v1.billing_portal.sessions.create(
            {
                "customer": account.stripe_customer_id,
                "return_url": billing.settings.stripe_portal_return_url,
            }
        )
    )
    return PageAddress(url=made["url"])


async def cancel(billing: Billing, user_id: int) -> OwnSubscription:
    """End a subscription with the period paid for; twice is once.

    Raises `ConflictError` when there is none.
    """
    held = await _billed(billing, user_id)
    if not held.cancel_at_period_end:
        await _update(billing, held, {"cancel_at_period_end": True})
    return await _afterwards(billing, user_id)


async def reactivate(billing: Billing, user_id: int) -> OwnSubscription:
    """Let a subscription go on that was to end with its period; twice is once.

    Raises `ConflictError` when there is none, or it has ended.
    """
    held = await _billed(billing, user_id)
    if held.cancel_at_period_end:
        await _update(billing, held, {"cancel_at_period_end": False})
    return await _afterwards(billing, user_id)


async def change(billing: Billing, user_id: int, wanted: PlanChoice) -> OwnSubscription:
    """Change to another plan.

    To more (a higher tier, or from the month to the year): at once, and the
    difference for the rest of the period is charged at once. To less: with the
    next period; the present tier is kept until then. Raises `ConflictError` when
    the subscription is not in a state to be changed or is that already,
    `PaymentError` when the card is refused, and then nothing has changed.
    """
    held = await _billed(billing, user_id)
    plan = plan_of(Tier(wanted.tier), wanted.interval)
    if held.status == SubscriptionStatus.PAST_DUE:
        raise ConflictError("payment_due", "Pay what is due first.")
    if held.cancel_at_period_end:
        raise ConflictError("subscription_ending", "This subscription ends. Reactivate it first.")
    changes = _changes(held, plan)

    async def move(price: str) -> Json:
        items = [{"id": held.stripe_item_id, "price": price}]
        return await _update(billing, held, {**changes, "items": items})

    await billing.prices.using(plan, move)
    return await _afterwards(billing, user_id)


def _changes(held: AnyRow, plan: Plan) -> dict[str, Any]:
    """What to tell Stripe, besides the price, to bring `held` to `plan`."""
    step = rank(plan.tier) - rank(Tier(held.tier))
    same_interval = plan.interval == held.billing_interval
    if step == 0 and same_interval and held.next_tier is None:
        raise ConflictError("nothing_to_change", "That is the plan you have.")
    if step <= 0 and not same_interval and plan.interval == Interval.MONTH:
        raise ConflictError(
            "paid_by_the_year",
            "This is paid for the year. Cancel, and subscribe by the month when it ends.",
        )
    if step < 0 and not same_interval:
        raise ConflictError(
            "interval_changes_upwards", "Keep the interval when changing to a lower tier."
        )
    lower = step < 0
    # Back to the plan that is paid for already, or on trial: there is no difference to charge.
    settled = (step == 0 and same_interval) or held.status == SubscriptionStatus.TRIALING
    kept = {KEEPS_TIER: "", KEEPS_UNTIL: ""}
    if lower:
        until = str(int(held.current_period_end.timestamp()))
        kept = {KEEPS_TIER: str(held.tier), KEEPS_UNTIL: until}
    return {
        "metadata": kept,
        "proration_behavior": "none" if lower or settled else "always_invoice",
        "payment_behavior": "error_if_incomplete",
    }


async def payments(
    session: ReadSession, user_id: int, limit: int, cursor: str | None
) -> PaymentPage:
    """A page of a person's payments, the newest first."""
    after = read_cursor_by_time(cursor)
    rows = await repository.payments_of(session, user_id, limit + 1, after)
    shown, next_cursor = cut(rows, limit, lambda row: cursor_by_time(row.created_at, row.id))
    return PaymentPage(
        items=[PaymentItem.model_validate(row) for row in shown], next_cursor=next_cursor
    )


async def _billed(billing: Billing, user_id: int) -> AnyRow:
    """A person's living subscription at Stripe."""
    held = await repository.subscription(billing.reading(), user_id)
    if held is None or held.status not in ALIVE:
        raise _not_subscribed()
    if held.stripe_subscription_id is None:
        raise ConflictError(
            "not_billed", "This subscription was given: there is nothing to change."
        )
    return held


async def _update(billing: Billing, held: AnyRow, changes: Any) -> Json:
    return await billing.stripe.ask(
        lambda client: client.v1.subscriptions.update(held.stripe_subscription_id, changes)
    )


async def _afterwards(billing: Billing, user_id: int) -> OwnSubscription:
    await billing.refresh(user_id)
    return await own(billing.reading(), user_id)


def _not_subscribed() -> ConflictError:
    return ConflictError("not_subscribed", "You have no subscription.")
