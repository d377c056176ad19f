"""The end of a payer: nothing is charged any more."""

from reference_app.subscriptions import checkout, repository
from reference_app.subscriptions.billing import Billing
from reference_app.subscriptions.stripe_calls import Json, StripeRefusedError

_OVER = ("canceled", "incomplete_expired")


async def end_at_once(billing: Billing, user_id: int) -> None:
    """End every subscription of a person at Stripe now, and the page to pay on they have open.

    Doing it twice is doing it once. The customer and the invoices stay there:
    books must be kept. Raises `UnavailableError` when Stripe does not answer.
    Nothing happens for those who never were there.
    """
    account = await repository.account(billing.reading(), user_id)
    if account is None or account.stripe_customer_id is None:
        return
    if account.checkout_id is not None:
        await checkout.expire(billing, account.checkout_id)
    try:
        for each in await _subscriptions(billing, account.stripe_customer_id):
            if each["status"] not in _OVER:
                await _cancel(billing, each["id"])
        await billing.refresh(user_id)
    except StripeRefusedError as refusal:
        if not refusal.is_missing:
            raise
        # Stripe does not know this customer any more.


async def _subscriptions(billing: Billing, customer: str) -> list[Json]:
    found = await billing.stripe.ask(
        lambda client: client.v1.subscriptions.list(
            {"customer": customer, "status": "all", "limit": 100}
        )
    )
    listed: list[Json] = found["data"]
    return listed


async def _cancel(billing: Billing, subscription: str) -> None:
    try:
        await billing.stripe.ask(lambda client: client.v1.subscriptions.cancel(subscription))
    except StripeRefusedError as refusal:
        if not refusal.is_missing:  # it has ended meanwhile
            raise
