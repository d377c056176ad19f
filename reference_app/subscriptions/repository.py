"""SQL about payers, their subscriptions, payments, referrals, and events."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, literal_column, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from reference_app.database import AnyRow, ReadSession, WriteSession
from reference_app.subscriptions.models import (
    ALIVE,
    BillingAccount,
    Payment,
    Referral,
    StripeEvent,
    Subscription,
)
from reference_app.users.models import User

_ACCOUNT_COLUMNS = (
    BillingAccount.user_id,
    BillingAccount.stripe_customer_id,
    BillingAccount.checkout_id,
    BillingAccount.trial_used_at,
    BillingAccount.referral_code,
    BillingAccount.version,
)
_ACCOUNT = select(*_ACCOUNT_COLUMNS).where(BillingAccount.user_id == bindparam("user_id"))
_ACCOUNT_OF_CUSTOMER = select(*_ACCOUNT_COLUMNS).where(
    BillingAccount.stripe_customer_id == bindparam("customer_id")
)
_PAYER = (
    select(User.id, User.email, User.full_name, *_ACCOUNT_COLUMNS[1:])
    .outerjoin(BillingAccount, BillingAccount.user_id == User.id)
    .where(User.id == bindparam("user_id"))
)

_is_alive = Subscription.status.in_([literal_column(f"'{status}'") for status in ALIVE])

_SUBSCRIPTION = (
    select(
        Subscription.id,
        Subscription.stripe_subscription_id,
        Subscription.stripe_item_id,
        Subscription.tier,
        Subscription.billing_interval,
        Subscription.status,
        Subscription.current_period_start,
        Subscription.current_period_end,
        Subscription.cancel_at_period_end,
        Subscription.trial_end,
        Subscription.next_tier,
        Subscription.entitled_until,
    )
    .where(Subscription.user_id == bindparam("user_id"))
    .order_by(_is_alive.desc(), Subscription.id.desc())
    .limit(1)
)

_PAYMENTS = (
    select(
        Payment.id,
        Payment.stripe_invoice_id,
        Payment.tier,
        Payment.billing_interval,
        Payment.status,
        Payment.amount_total_cents,
        Payment.amount_due_cents,
        Payment.amount_paid_cents,
        Payment.amount_refunded_cents,
        Payment.currency,
        Payment.period_start,
        Payment.period_end,
        Payment.paid_at,
        Payment.created_at,
    )
    .where(Payment.user_id == bindparam("user_id"))
    .order_by(Payment.created_at.desc(), Payment.id.desc())
    .limit(bindparam("rows"))
)
_PAYMENTS_AFTER = _PAYMENTS.where(
    tuple_(Payment.created_at, Payment.id)
    < tuple_(
        bindparam("after_time", type_=Payment.created_at.type),
        bindparam("after_id", type_=Payment.id.type),
    )
)

_UNCREDITED = select(
    Referral.referee_id,
    Referral.referrer_id,
    Referral.referee_credited_at,
    Referral.referrer_credited_at,
).where(
    Referral.referee_id == bindparam("user_id"),
    or_(Referral.referee_credited_at.is_(None), Referral.referrer_credited_at.is_(None)),
    select(Payment.id)
    .where(Payment.user_id == Referral.referee_id, Payment.amount_paid_cents > 0)
    .exists(),
)


async def account(session: ReadSession, user_id: int) -> AnyRow | None:
    """A person as a payer, if they ever were one."""
    return await session.first(_ACCOUNT, {"user_id": user_id})


async def account_of_customer(session: ReadSession, customer_id: str) -> AnyRow | None:
    """The payer that Stripe calls `customer_id`."""
    return await session.first(_ACCOUNT_OF_CUSTOMER, {"customer_id": customer_id})


async def payer(session: ReadSession, user_id: int) -> AnyRow | None:
    """A person's name and address, and what there is of their billing account."""
    return await session.first(_PAYER, {"user_id": user_id})


async def open_account(session: WriteSession, user_id: int, referral_code: str) -> None:
    """Make a person a payer, unless they are one."""
    statement = insert(BillingAccount).values(user_id=user_id, referral_code=referral_code)
    await session.execute(statement.on_conflict_do_nothing(index_elements=["user_id"]))


async def change_account(
    session: WriteSession, user_id: int, *, known: Mapping[str, Any], values: Mapping[str, Any]
) -> bool:
    """Set `values` on a payer if the columns in `known` are still so; whether they were."""
    statement = update(BillingAccount).where(BillingAccount.user_id == user_id)
    for name, value in known.items():
        statement = statement.where(getattr(BillingAccount, name).is_not_distinct_from(value))
    found = await session.execute(statement.values(**values).returning(BillingAccount.user_id))
    return found.scalar_one_or_none() is not None


async def account_for_change(session: WriteSession, user_id: int) -> BillingAccount | None:
    """A payer, held for this transaction."""
    return await session.get(BillingAccount, user_id, with_for_update=True)


async def code_of(session: WriteSession, user_id: int) -> str:
    """A payer's referral code."""
    statement = select(BillingAccount.referral_code).where(BillingAccount.user_id == user_id)
    return (await session.execute(statement)).scalar_one()


async def claim(session: WriteSession, user_id: int, version: int) -> bool:
    """Take the right to write what was asked of Stripe at `version`; whether it still is that.

    Whoever asked before another wrote may know less than that one: they must ask again.
    """
    return await change_account(
        session, user_id, known={"version": version}, values={"version": version + 1}
    )


async def note_trial(session: WriteSession, user_id: int, began: datetime) -> None:
    """Remember that a person's one trial has begun."""
    await session.execute(
        update(BillingAccount)
        .where(BillingAccount.user_id == user_id, BillingAccount.trial_used_at.is_(None))
        .values(trial_used_at=began)
    )


async def subscription(session: ReadSession, user_id: int) -> AnyRow | None:
    """A person's subscription: a living one, else the last."""
    return await session.first(_SUBSCRIPTION, {"user_id": user_id})


async def late_since(session: WriteSession, user_id: int) -> dict[str, datetime]:
    """When each of a person's unpaid subscriptions was first seen so, by Stripe's id."""
    statement = select(Subscription.stripe_subscription_id, Subscription.past_due_since).where(
        Subscription.user_id == user_id, Subscription.past_due_since.is_not(None)
    )
    rows = (await session.execute(statement)).all()
    return {str(name): since for name, since in rows if since is not None}


async def store_subscriptions(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write subscriptions as Stripe has them now."""
    await _store(session, Subscription, "stripe_subscription_id", rows)


async def store_payments(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write invoices as Stripe has them now; what was refunded of them is not touched."""
    await _store(session, Payment, "stripe_invoice_id", rows)


async def note_refund(session: WriteSession, invoice_id: str, cents: int) -> None:
    """Write how much of an invoice was given back in all."""
    await session.execute(
        update(Payment)
        .where(Payment.stripe_invoice_id == invoice_id)
        .values(amount_refunded_cents=cents)
    )


async def payments_of(
    session: ReadSession, user_id: int, rows: int, after: tuple[datetime, int] | None
) -> Sequence[AnyRow]:
    """Up to `rows` of a person's payments, the newest first, after (created at, id)."""
    parameters: dict[str, object] = {"user_id": user_id, "rows": rows}
    if after is None:
        return await session.rows(_PAYMENTS, parameters)
    return await session.rows(
        _PAYMENTS_AFTER, {**parameters, "after_time": after[0], "after_id": after[1]}
    )


async def receive(session: WriteSession, event_id: str, kind: str, created: datetime) -> bool:
    """Put an event into the inbox; whether it is still to be dealt with."""
    statement = insert(StripeEvent).values(id=event_id, type=kind, created_at=created, attempts=1)
    statement = statement.on_conflict_do_update(
        index_elements=["id"], set_={"attempts": StripeEvent.attempts + 1}
    )
    found = await session.execute(statement.returning(StripeEvent.processed_at))
    return found.scalar_one() is None


async def processed(session: WriteSession, event_id: str) -> None:
    """An event has been dealt with."""
    await session.execute(
        update(StripeEvent).where(StripeEvent.id == event_id).values(processed_at=func.now())
    )


async def referrer_by(session: WriteSession, code: str) -> int | None:
    """Whose referral code this is."""
    statement = select(BillingAccount.user_id).where(BillingAccount.referral_code == code)
    return (await session.execute(statement)).scalar_one_or_none()


async def has_paid(session: WriteSession, user_id: int) -> bool:
    """Whether a person ever paid."""
    statement = select(Payment.id).where(Payment.user_id == user_id, Payment.amount_paid_cents > 0)
    return (await session.execute(statement.limit(1))).scalar_one_or_none() is not None


async def refer(session: WriteSession, referee_id: int, referrer_id: int) -> int:
    """Note who brought a person, unless somebody did; who did."""
    statement = insert(Referral).values(referee_id=referee_id, referrer_id=referrer_id)
    statement = statement.on_conflict_do_update(
        index_elements=["referee_id"], set_={"referee_id": referee_id}
    )
    return (await session.execute(statement.returning(Referral.referrer_id))).scalar_one()


async def uncredited(session: ReadSession, referee_id: int) -> AnyRow | None:
    """The referral of a person who has paid, while either side still waits for its credit."""
    return await session.first(_UNCREDITED, {"user_id": referee_id})


async def note_credit(session: WriteSession, referee_id: int, side: str) -> None:
    """One side (`referee` or `referrer`) of a referral has its credit."""
    await session.execute(
        update(Referral)
        .where(Referral.referee_id == referee_id)
        .values({f"{side}_credited_at": func.now()})
    )


async def _store(
    session: WriteSession,
    table: type[Subscription] | type[Payment],
    key: str,
    rows: Sequence[Mapping[str, Any]],
) -> None:
    if not rows:
        return
    statement = insert(table).values(list(rows))
    new: dict[str, Any] = {name: statement.excluded[name] for name in rows[0] if name != key}
    if table is Subscription:
        new["updated_at"] = func.now()
    await session.execute(statement.on_conflict_do_update(index_elements=[key], set_=new))
