"""SQL about revenue, from subscriptions and the ledger of payments.

What pays at a moment: of each subscription the last paid invoice whose period
covers the moment, unless all of it was given back. A payer is a person; of one
whose account is gone only the subscription is left to tell them by.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from reference_app.database import AnyRow, ReadSession


def _paying(moment: str) -> str:
    return f"""
      SELECT DISTINCT ON (stripe_subscription_id)
             coalesce('user ' || user_id, stripe_subscription_id) AS payer,
             stripe_subscription_id, tier, billing_interval, recurring_cents,
             recurring_cents / CASE billing_interval WHEN 'year' THEN 12.0 ELSE 1.0 END
               AS monthly_cents
      FROM payments
      WHERE status = 'paid' AND recurring_cents IS NOT NULL
        AND stripe_subscription_id IS NOT NULL
        AND period_start <= CAST(:{moment} AS timestamptz)
        AND period_end > CAST(:{moment} AS timestamptz)
        AND NOT (amount_refunded_cents > 0 AND amount_refunded_cents >= amount_paid_cents)
      ORDER BY stripe_subscription_id, paid_at DESC, id DESC
    """  # noqa: S608 - the moment is one of two names


# What counts of a living subscription, as `entitlements` has it: late payers within their grace.
_COUNTS = """status IN ('trialing', 'active', 'past_due')
  AND (entitled_until IS NULL OR entitled_until > now())"""

_REVENUE = text(
    f"""
    SELECT 'held' AS what, tier, billing_interval,
           CASE WHEN stripe_subscription_id IS NULL THEN 'given' ELSE status END AS state,
           count(*) AS many, 0::bigint AS cents
    FROM subscriptions WHERE {_COUNTS} GROUP BY 2, 3, 4
    UNION ALL
    SELECT 'paying', tier, billing_interval, NULL, count(*), sum(recurring_cents)::bigint
    FROM ({_paying("now")}) AS paying GROUP BY 2, 3
    UNION ALL
    SELECT 'collected', NULL, NULL, NULL, count(*),
           coalesce(sum(amount_paid_cents - amount_refunded_cents), 0)::bigint
    FROM payments
    WHERE paid_at > CAST(:since AS timestamptz) AND paid_at <= CAST(:now AS timestamptz)
    UNION ALL
    SELECT 'people', NULL, NULL, NULL, count(*), 0 FROM users WHERE role <> 'admin'
    """  # noqa: S608 - put together from the texts above
)

_GROWTH = text(
    f"""
    WITH before AS MATERIALIZED ({_paying("since")}),
         after AS MATERIALIZED ({_paying("until")}),
         -- What still lives had not ended then, even if an invoice is paid late.
         alive AS (
           SELECT stripe_subscription_id FROM subscriptions
           WHERE {_COUNTS} AND status <> 'trialing' AND stripe_subscription_id IS NOT NULL
         ),
         payers AS (
           SELECT payer, sum(monthly_cents) AS monthly_cents, bool_or(
                    stripe_subscription_id IN (SELECT stripe_subscription_id FROM alive)
                    AND stripe_subscription_id NOT IN (SELECT stripe_subscription_id FROM after)
                  ) AS is_late
           FROM before GROUP BY payer
         ),
         paid_on AS (SELECT payer, sum(monthly_cents) AS monthly_cents FROM after GROUP BY payer),
         kept AS (
           SELECT payers.payer, payers.monthly_cents AS had,
                  coalesce(paid_on.monthly_cents, 0) AS has,
                  paid_on.payer IS NOT NULL OR payers.is_late AS stayed, payers.is_late
           FROM payers LEFT JOIN paid_on USING (payer)
         ),
         came AS (
           SELECT id FROM users
           WHERE created_at >= CAST(:since AS timestamptz)
             AND created_at < CAST(:until AS timestamptz) AND role <> 'admin'
         ),
         tried AS (
           SELECT stripe_subscription_id FROM subscriptions
           WHERE trial_end >= CAST(:since AS timestamptz)
             AND trial_end < CAST(:until AS timestamptz)
             AND stripe_subscription_id IS NOT NULL
         )
    SELECT (SELECT count(*) FROM kept) AS payers_before,
           (SELECT count(*) FROM kept WHERE NOT stayed) AS payers_lost,
           (SELECT coalesce(sum(had), 0) FROM kept) AS mrr_before,
           (SELECT coalesce(sum(monthly_cents), 0) FROM after) AS mrr_after,
           (SELECT coalesce(sum(greatest(had - has, 0)), 0) FROM kept
            WHERE NOT is_late) AS mrr_lost,
           (SELECT count(*) FROM came) AS came,
           (SELECT count(*) FROM came WHERE EXISTS (
              SELECT FROM payments WHERE payments.user_id = came.id
              AND payments.status = 'paid' AND payments.amount_paid_cents > 0)) AS came_and_paid,
           (SELECT count(*) FROM tried) AS tried,
           (SELECT count(*) FROM tried WHERE EXISTS (
              SELECT FROM payments WHERE payments.status = 'paid' AND
              payments.stripe_subscription_id = tried.stripe_subscription_id)) AS tried_and_paid
    """  # noqa: S608 - put together from the texts above
)


async def revenue(session: ReadSession, now: datetime, since: datetime) -> Sequence[AnyRow]:
    """What the revenue of this moment is made of, one row for each `what`, plan and state.

    held: subscriptions that count now; paying: those of which a paid invoice
    covers the moment, with its plan's price; collected: what came in since
    `since`, less what was given back of it; people: all accounts but
    administrators'.
    """
    return await session.rows(_REVENUE, {"now": now, "since": since})


async def growth(session: ReadSession, since: datetime, until: datetime) -> AnyRow:
    """What the rates of `formulas` are made of, from `since` up to `until`; exact cents."""
    row = await session.first(_GROWTH, {"since": since, "until": until})
    assert row is not None  # noqa: S101 - counts are one row
    return row
