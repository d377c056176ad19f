"""The reference app's own figures in place of assumptions.

Reads what an administrator gets from `/api/v1/admin/analytics/revenue` and `/growth`, put
into one JSON document: `{"revenue": {...}, "growth": {...}}`; either may be left out.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from capacity.errors import UsageError
from capacity.evidence import Evidence
from capacity.inputs import Input, Inputs
from capacity.intervals import clopper_pearson
from capacity.population.traffic import DAYS_PER_MONTH, PAID

_ENDS = ("low", "mid", "high")


def from_ledger(inputs: Inputs, ledger: Mapping[str, Any]) -> Inputs:
    """`inputs` with shares of payers, paid trials and churn as measured, with 95 % intervals.

    Raises `UsageError` in one line for a document that is not the app's.
    """
    known: dict[str, Input] = {}
    try:
        if "revenue" in ledger:
            known.update(_payers(ledger["revenue"]))
        if "growth" in ledger:
            known.update(_changes(ledger["growth"]))
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"the ledger is not what the board's administrator gets: {error!r}; save "
            'the answers of its figures as {"revenue": ..., "growth": ...}'
        ) from error
    if not known:
        raise UsageError('the ledger holds neither "revenue" nor "growth"')
    return inputs + Inputs(known)


def _payers(revenue: Mapping[str, Any]) -> dict[str, Input]:
    users = int(revenue["users"])
    paying = {str(one["tier"]): int(one["paying"]) for one in revenue["tiers"]}
    return {
        f"tiers.{tier}_share": _measured(
            paying.get(tier, 0), users, f"{paying.get(tier, 0):,} of {users:,} users pay for it"
        )
        for tier in PAID
    }


def _changes(growth: Mapping[str, Any]) -> dict[str, Input]:
    trials, churn = growth["trial_to_paid"], growth["customer_churn"]
    days = (date.fromisoformat(growth["until"]) - date.fromisoformat(growth["since"])).days
    months = days / DAYS_PER_MONTH
    if months <= 0:
        raise ValueError(f"a period of {days} days")
    known = {}
    if trials["whole"]:
        paid = _measured(
            int(trials["part"]), int(trials["whole"]), f"of {trials['whole']:,} trials that ended"
        )
        # of no trials at all nobody could ever become a payer
        known["pay.trial_paid"] = paid.model_copy(
            update={end: max(getattr(paid, end), 0.01) for end in _ENDS}
        )
    if churn["whole"]:
        left = _measured(
            int(churn["part"]), int(churn["whole"]), f"over {days} days, as a rate of one month"
        )
        known["pay.churn"] = left.model_copy(
            update={end: 1 - (1 - getattr(left, end)) ** (1 / months) for end in _ENDS}
        )
    return known


def _measured(part: int, whole: int, reason: str) -> Input:
    bounds = clopper_pearson(part, whole)
    return Input(
        low=bounds.low or 0.0,
        mid=part / whole,
        high=1.0 if bounds.high is None else bounds.high,
        unit="share",
        reason=reason,
        evidence=Evidence.MEASURED,
    )
