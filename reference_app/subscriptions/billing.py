"""What Stripe knows of a person, brought into our tables.

Events come twice, late and in any order; so none of them is believed: each
only says whose state to fetch. No transaction is open while Stripe is asked.
Of two who fetch the same person's state together, one might write older news
over newer: so each writes only if nobody wrote since it began to ask (the
account's `version`), else asks again.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from reference_app.database import AnyRow, Database, ReadSession, WriteSession
from reference_app.errors import UnavailableError
from reference_app.jobs.placement import follow_tier
from reference_app.settings import Settings
from reference_app.subscriptions import known_tiers, repository
from reference_app.subscriptions import reading_stripe as reading
from reference_app.subscriptions.prices import Plan, Prices
from reference_app.subscriptions.stripe_calls import Json, Stripe

_log = structlog.get_logger()

_ATTEMPTS = 8
_LATEST_INVOICES = 10


@dataclass(frozen=True, slots=True)
class _Picture:
    """What Stripe has of one person, each thing with the plan it is about."""

    subscriptions: list[tuple[Json, Plan]]
    invoices: list[tuple[Json, Plan | None]]
    refunds: dict[str, int]


class Billing:
    """One worker's billing desk."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.stripe = Stripe(settings)
        self.prices = Prices(self.stripe)
        self._grace = timedelta(days=settings.past_due_grace_days)

    def reading(self) -> ReadSession:
        """Reads that are up to date."""
        return self.database.reading(primary=True)

    async def refresh(
        self, user_id: int, *, invoice: str | None = None, charge: str | None = None
    ) -> None:
        """Write what Stripe has of a person now: subscriptions, latest invoices.

        `invoice` is looked at even if it is an old one, `charge` for what was
        refunded of it. Nothing happens for those who never were at Stripe.
        """
        for _ in range(_ATTEMPTS):
            account = await repository.account(self.reading(), user_id)
            if account is None or account.stripe_customer_id is None:
                return
            picture = await self._look(account.stripe_customer_id, invoice, charge)
            async with self.database.writing() as session:
                if await repository.claim(session, user_id, account.version):
                    await self._write(session, account, picture)
                    return
        raise UnavailableError(
            "billing_busy", "This subscription is changing just now.", retry_after_s=1
        )

    def close(self) -> None:
        """Take no more calls."""
        self.stripe.close()

    async def _look(self, customer: str, invoice: str | None, charge: str | None) -> _Picture:
        refunds = await self._refunds(charge) if charge is not None else {}
        found, latest = await asyncio.gather(
            self.stripe.ask(
                lambda client: client.v1.subscriptions.list(
                    {"customer": customer, "status": "all", "limit": 100}
                )
            ),
            self.stripe.ask(
                lambda client: client.v1.invoices.list(
                    {"customer": customer, "limit": _LATEST_INVOICES, "expand": ["data.payments"]}
                )
            ),
        )
        invoices: dict[str, Json] = {each["id"]: each for each in latest["data"]}
        for wanted in {*refunds, *([invoice] if invoice else [])} - invoices.keys():
            invoices[wanted] = await self._invoice(wanted)
        subscriptions = []
        for each in found["data"]:
            plan = self.prices.plan(each["items"]["data"][0]["price"])
            if plan is None:
                _log.warning("subscription to a price that is not ours", subscription=each["id"])
                continue
            subscriptions.append((each, plan))
        final = [each for each in invoices.values() if reading.is_payment(each)]
        return _Picture(
            subscriptions, [(each, await self._plan_of(each)) for each in final], refunds
        )

    async def _invoice(self, invoice_id: str) -> Json:
        return await self.stripe.ask(
            lambda client: client.v1.invoices.retrieve(invoice_id, {"expand": ["payments"]})
        )

    async def _plan_of(self, invoice: Json) -> Plan | None:
        line = reading.priced_line(invoice)
        return None if line is None else await self.prices.by_id(reading.price_of_line(line))

    async def _refunds(self, charge_id: str) -> dict[str, int]:
        """How much was given back of the invoices that `charge_id` paid, in cents."""
        charge = await self.stripe.ask(lambda client: client.v1.charges.retrieve(charge_id))
        intent = charge["payment_intent"]
        if intent is None:
            return {}
        paid = await self.stripe.ask(
            lambda client: client.v1.invoice_payments.list(
                {"payment": {"type": "payment_intent", "payment_intent": intent}}
            )
        )
        return {each["invoice"]: int(charge["amount_refunded"]) for each in paid["data"]}

    async def _write(self, session: WriteSession, account: AnyRow, picture: _Picture) -> None:
        user_id = int(account.user_id)
        session.wrote_for(user_id)
        session.forget(known_tiers.cache_key(user_id))
        late = await repository.late_since(session, user_id)
        now = datetime.now(UTC)
        rows: list[dict[str, Any]] = [
            reading.subscription_values(
                each, plan, past_due_since=late.get(each["id"]), now=now, grace=self._grace
            )
            for each, plan in picture.subscriptions
        ]
        # The oldest first, so that ids ascend with time.
        await repository.store_subscriptions(
            session, [{"user_id": user_id, **r} for r in rows[::-1]]
        )
        await follow_tier(session, user_id)
        paid = [reading.payment_values(each, plan) for each, plan in picture.invoices]
        await repository.store_payments(session, [{"user_id": user_id, **r} for r in paid[::-1]])
        for invoice, cents in picture.refunds.items():
            await repository.note_refund(session, invoice, cents)
        trials = [each["trial_start"] for each, _ in picture.subscriptions if each["trial_start"]]
        if trials and account.trial_used_at is None:
            began = reading.moment(min(trials)) or now
            await repository.note_trial(session, user_id, began)
