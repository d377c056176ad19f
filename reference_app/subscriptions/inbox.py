"""Events from Stripe: each is kept, dealt with once, and otherwise sent again by Stripe."""

from typing import Any

import structlog

from reference_app.subscriptions import referrals, repository
from reference_app.subscriptions.billing import Billing
from reference_app.subscriptions.reading_stripe import moment
from reference_app.subscriptions.stripe_calls import Json, StripeRefusedError

_log = structlog.get_logger()

_WATCHED = ("customer.subscription.", "invoice.", "checkout.session.completed", "charge.refunded")


async def take(billing: Billing, event: Json) -> None:
    """Deal with an event whose signature was checked.

    What it says is not believed, only whom it is about: see `billing`. An error
    leaves it in the inbox undone, for Stripe to send again.
    """
    async with billing.database.writing() as session:
        created = moment(event["created"])
        assert created is not None  # noqa: S101 - every event has a time
        undone = await repository.receive(session, event["id"], event["type"], created)
    if not undone:
        return
    if event["type"].startswith(_WATCHED):
        await _deal_with(billing, event)
    async with billing.database.writing() as session:
        await repository.processed(session, event["id"])


async def _deal_with(billing: Billing, event: Json) -> None:
    about: dict[str, Any] = event["data"]["object"]
    customer = about.get("customer")
    if customer is None:
        return
    account = await repository.account_of_customer(billing.reading(), str(customer))
    if account is None:
        _log.warning("event about a customer that is not ours", type=event["type"])
        return
    try:
        await billing.refresh(
            account.user_id,
            invoice=about["id"] if about["object"] == "invoice" else None,
            charge=about["id"] if about["object"] == "charge" else None,
        )
        await referrals.settle(billing, account.user_id)
    except StripeRefusedError as refusal:
        if not refusal.is_missing:
            raise
        # Gone at Stripe: sending the event again would not bring it back.
        _log.warning("event about what Stripe has not any more", type=event["type"])
