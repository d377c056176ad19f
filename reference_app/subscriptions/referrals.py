"""Bringing others: a month's credit for both, once the new one has paid."""

from reference_app.database import AnyRow, WriteSession
from reference_app.errors import ConflictError, InvalidError
from reference_app.subscriptions import customers, repository
from reference_app.subscriptions.billing import Billing
from reference_app.subscriptions.entitlements import tier_of
from reference_app.subscriptions.tiers import CURRENCY, TERMS, Interval, Tier

_METADATA = "referral"
_SIDES = ("referee", "referrer")


async def own_code(session: WriteSession, user_id: int) -> str:
    """A person's referral code; the first time, a new one."""
    await customers.open_account(session, user_id)
    return await repository.code_of(session, user_id)


async def note(session: WriteSession, user_id: int, code: str) -> None:
    """Remember who brought a person, before they first pay; again with the same code is no error.

    Raises `InvalidError` for a code that is nobody's or one's own, `ConflictError`
    when it is too late or somebody else brought them.
    """
    referrer = await repository.referrer_by(session, code.upper())
    if referrer is None:
        raise InvalidError("no_such_referral_code", "Nobody has this referral code.")
    if referrer == user_id:
        raise InvalidError("own_referral_code", "This is your own referral code.")
    if await repository.has_paid(session, user_id):
        raise ConflictError("already_paid", "A referral code is for those who have not paid yet.")
    if await repository.refer(session, user_id, referrer) != referrer:
        raise ConflictError("already_referred", "Somebody else has brought you here.")


async def settle(billing: Billing, referee_id: int) -> None:
    """Credit both sides of a person's referral, if they have paid and it is still to be done.

    Each credit is a balance at Stripe that the next invoices use up: a month of
    the tier one has, of Pro for those without. Safe to repeat: Stripe remembers
    the credit by key for a day, and by its metadata for good.
    """
    referral = await repository.uncredited(billing.reading(), referee_id)
    if referral is None:
        return
    people = {"referee": referral.referee_id, "referrer": referral.referrer_id}
    for side in _SIDES:
        if getattr(referral, f"{side}_credited_at") is None:
            await _credit(billing, referral, side, people[side])


async def _credit(billing: Billing, referral: AnyRow, side: str, user_id: int) -> None:
    customer = await customers.of(billing, user_id)
    name = f"{referral.referee_id}:{side}"
    if not await _has_credit(billing, customer, name):
        cents = await _month_of(billing, user_id)
        await billing.stripe.ask(
            lambda client: client.v1.customers.balance_transactions.create(
                customer,
                {
                    "amount": -cents,
                    "currency": CURRENCY,
                    "description": "A month's credit for a referral",
                    "metadata": {_METADATA: name},
                },
                {"idempotency_key": f"{customer}:referral:{name}"},
            )
        )
    async with billing.database.writing() as session:
        await repository.note_credit(session, referral.referee_id, side)


async def _has_credit(billing: Billing, customer: str, name: str) -> bool:
    given = await billing.stripe.ask(
        lambda client: client.v1.customers.balance_transactions.list(customer, {"limit": 100})
    )
    return any((each["metadata"] or {}).get(_METADATA) == name for each in given["data"])


async def _month_of(billing: Billing, user_id: int) -> int:
    tier = await tier_of(billing.reading(), user_id)
    paid = tier if tier != Tier.FREE else Tier.PRO
    return TERMS[paid].prices[Interval.MONTH]
