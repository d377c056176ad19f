"""Buying a subscription: a page of Stripe's to pay on, one at a time for each person."""

from typing import Any

from reference_app.database import AnyRow
from reference_app.errors import ConflictError
from reference_app.subscriptions import customers, referrals, repository
from reference_app.subscriptions.billing import Billing
from reference_app.subscriptions.models import ALIVE
from reference_app.subscriptions.prices import Plan, plan_of
from reference_app.subscriptions.schemas import CheckoutRequest, PageAddress
from reference_app.subscriptions.stripe_calls import Json, StripeRefusedError
from reference_app.subscriptions.tiers import TRIAL_DAYS, Tier


async def begin(billing: Billing, user_id: int, wanted: CheckoutRequest) -> PageAddress:
    """A page to pay for a plan on: the one open for that, or a new one, the others being closed.

    Raises `ConflictError` for who has a subscription already, `InvalidError` for
    a plan that is not on sale or a wrong referral code.
    """
    plan = plan_of(Tier(wanted.tier), wanted.interval)
    await _refuse_subscribed(billing, user_id)
    if wanted.referral_code is not None:
        async with billing.database.writing() as session:
            session.wrote_for(user_id)
            await referrals.note(session, user_id, wanted.referral_code)
    customer = await customers.of(billing, user_id)
    try:
        return await _page(billing, user_id, plan)
    except StripeRefusedError as refusal:
        if not (refusal.is_missing and refusal.param == "customer"):
            raise
    # Stripe does not know this customer any more: make another, once.
    await customers.forget(billing, user_id, customer)
    await customers.of(billing, user_id)
    return await _page(billing, user_id, plan)


async def _page(billing: Billing, user_id: int, plan: Plan) -> PageAddress:
    account = await repository.account(billing.reading(), user_id)
    assert account is not None  # noqa: S101 - `customers.of` has made it
    days = TRIAL_DAYS if account.trial_used_at is None else 0
    # Tells offers of the same thing from others.
    metadata = {"plan": f"{plan.tier} {plan.interval} {plan.cents}", "trial_days": str(days)}
    if account.checkout_id is not None:
        earlier = await _earlier(billing, account.checkout_id)
        if earlier is not None and earlier["status"] == "open":
            if earlier["metadata"] == metadata:
                return PageAddress(url=earlier["url"])
            await _close(billing, user_id, account.checkout_id)
        elif earlier is not None and earlier["status"] == "complete":
            await _refuse_paid(billing, user_id)
    made = await _open(billing, account, plan, days, metadata)
    async with billing.database.writing() as session:
        session.wrote_for(user_id)
        stored = await repository.change_account(
            session,
            user_id,
            known={"checkout_id": account.checkout_id},
            values={"checkout_id": made["id"]},
        )
    if not stored:
        await _yield_to_the_other(billing, user_id, made)
    return PageAddress(url=made["url"])


async def _open(
    billing: Billing, account: AnyRow, plan: Plan, trial_days: int, metadata: dict[str, str]
) -> Json:
    async def create(price: str) -> Json:
        asked: Any = {
            "mode": "subscription",
            "customer": account.stripe_customer_id,
            "line_items": [{"price": price, "quantity": 1}],
            "client_reference_id": str(account.user_id),
            "payment_method_collection": "always",
            "success_url": billing.settings.stripe_success_url,
            "cancel_url": billing.settings.stripe_cancel_url,
            "subscription_data": {"trial_period_days": trial_days} if trial_days else {},
            "metadata": metadata,
        }
        # A double click asks for the same again, with the same key: one page is made.
        before = account.checkout_id or "first"
        key = f"checkout:{account.referral_code}:{account.version}:{before}:{price}"
        return await billing.stripe.ask(
            lambda client: client.v1.checkout.sessions.create(asked, {"idempotency_key": key})
        )

    return await billing.prices.using(plan, create)


async def _earlier(billing: Billing, checkout_id: str) -> Json | None:
    """The page opened before, if Stripe still knows it."""
    try:
        return await billing.stripe.ask(
            lambda client: client.v1.checkout.sessions.retrieve(checkout_id)
        )
    except StripeRefusedError as refusal:
        if refusal.is_missing:
            return None
        raise


async def _yield_to_the_other(billing: Billing, user_id: int, made: Json) -> None:
    """Another request has opened a page meanwhile. If it is not this very one, this one goes."""
    account = await repository.account(billing.reading(), user_id)
    if account is not None and account.checkout_id == made["id"]:
        return
    await expire(billing, made["id"])
    raise ConflictError("checkout_under_way", "Another checkout was begun at the same time.")


async def _close(billing: Billing, user_id: int, checkout_id: str) -> None:
    """See that nobody pays on a page any more. Raises `ConflictError` if somebody just did."""
    if not await expire(billing, checkout_id):
        await _refuse_paid(billing, user_id)


async def _refuse_paid(billing: Billing, user_id: int) -> None:
    """The page before was paid, perhaps just now, before the event has arrived."""
    await billing.refresh(user_id)
    await _refuse_subscribed(billing, user_id)


async def expire(billing: Billing, checkout_id: str) -> bool:
    """Close a page; False when it was not open any more."""
    try:
        await billing.stripe.ask(lambda client: client.v1.checkout.sessions.expire(checkout_id))
    except StripeRefusedError:
        return False
    return True


async def _refuse_subscribed(billing: Billing, user_id: int) -> None:
    held = await repository.subscription(billing.reading(), user_id)
    if held is not None and held.status in ALIVE:
        raise ConflictError(
            "already_subscribed", "You have a subscription: change it instead of buying another."
        )
