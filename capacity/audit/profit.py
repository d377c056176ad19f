"""One month at the blueprint's population, as a profit and loss: claimed, priced, or planned."""

from collections.abc import Mapping
from dataclasses import dataclass

from capacity.arithmetic.money import fees
from capacity.audit.plan import PlanFigures
from capacity.evidence import Evidence

_TIERS = ("free", "pro", "business", "enterprise")
_NEEDED = (
    *(f"inputs.{what}.{tier}" for what in ("mrr", "users") for tier in _TIERS),
    *(f"inputs.fees.{name}" for name in ("card_share", "billing_share", "per_charge")),
    "inputs.cost.high",
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the month in dollars, costs below zero; `unproven` revenue nobody has seen."""

    name: str
    dollars: float
    evidence: Evidence
    unproven: bool = False


def month(inputs: Mapping[str, object], plan: PlanFigures | None) -> list[Line]:
    """Revenue by tier, fees, infrastructure, and what is left of them.

    Infrastructure is the plan's where one is given, else the dearer end of the claim. Wages
    and tax are not in it. Empty for a blueprint that does not state these inputs.
    """
    given = {name: inputs.get(name) for name in _NEEDED}
    if not all(isinstance(value, int | float) for value in given.values()):
        return []
    stated = {name: float(str(value)) for name, value in given.items()}
    revenue = [
        Line(_NAMES[tier], stated[f"inputs.mrr.{tier}"], Evidence.CLAIMED, unproven=True)
        for tier in _TIERS
    ]
    paying = _TIERS[1:]
    taken = fees(
        sum(stated[f"inputs.mrr.{tier}"] for tier in paying),
        sum(stated[f"inputs.users.{tier}"] for tier in paying),
        stated["inputs.fees.card_share"] + stated["inputs.fees.billing_share"],
        stated["inputs.fees.per_charge"],
    )
    if plan is not None and plan.monthly_bill is not None:
        bill, rests_on = plan.monthly_bill.mid, plan.rests_on("monthly_bill")
    else:
        bill, rests_on = stated["inputs.cost.high"], Evidence.CLAIMED
    lines = [
        *revenue,
        Line("Card and billing fees", -taken, Evidence.PRICED),
        Line("Infrastructure", -bill, rests_on),
    ]
    left = sum(line.dollars for line in lines)
    return [*lines, Line("Left, before wages and tax", left, Evidence.CLAIMED, unproven=True)]


_NAMES = {
    "free": "Advertising to Free",
    "pro": "Pro",
    "business": "Business",
    "enterprise": "Enterprise",
}
