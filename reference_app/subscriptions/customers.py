"""People as payers here and as customers at Stripe."""

import secrets

from reference_app.database import AnyRow, WriteSession
from reference_app.errors import NotFoundError
from reference_app.subscriptions import repository
from reference_app.subscriptions.billing import Billing

# No letters or digits that are taken for others.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_CODE_LENGTH = 8


async def open_account(session: WriteSession, user_id: int) -> None:
    """Make a person a payer, unless they are one."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
    await repository.open_account(session, user_id, code)


async def of(billing: Billing, user_id: int) -> str:
    """A person's id at Stripe; the first time, a new customer.

    Raises `NotFoundError` when the person is gone.
    """
    payer = await _payer(billing, user_id)
    if payer.referral_code is None:
        async with billing.database.writing() as session:
            session.wrote_for(user_id)
            await open_account(session, user_id)
        payer = await _payer(billing, user_id)
    if payer.stripe_customer_id is not None:
        return str(payer.stripe_customer_id)
    # Two at once use the same key, so Stripe makes one customer and tells both of it. The
    # version changes the key where a customer was forgotten.
    key = f"customer:{payer.referral_code}:{payer.version}"
    made = await billing.stripe.ask(
        lambda client: client.v1.customers.create(
            {
                "email": payer.email,
                "name": payer.full_name,
                "metadata": {"user_id": str(user_id)},
            },
            {"idempotency_key": key},
        )
    )
    customer = str(made["id"])
    async with billing.database.writing() as session:
        session.wrote_for(user_id)
        await repository.change_account(
            session,
            user_id,
            known={"stripe_customer_id": None},
            values={"stripe_customer_id": customer},
        )
    return customer


async def forget(billing: Billing, user_id: int, customer: str) -> None:
    """Stripe does not know `customer` any more: the person needs another."""
    async with billing.database.writing() as session:
        session.wrote_for(user_id)
        account = await repository.account_for_change(session, user_id)
        if account is not None and account.stripe_customer_id == customer:
            account.stripe_customer_id = None
            account.checkout_id = None
            account.version += 1


async def _payer(billing: Billing, user_id: int) -> AnyRow:
    payer = await repository.payer(billing.reading(), user_id)
    if payer is None:
        raise NotFoundError("user_not_found", "There is no such person.")
    return payer
