"""From what `hmb plan --json` prints to what an audit needs of it.

Read by name, so that neither knows the other's types: what a plan does not say stays unsaid.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from capacity.audit.plan import PlanFigures
from capacity.evidence import Evidence

_SPANS = {
    "pods": ("resources", "pods_most"),
    "pods_least": ("resources", "pods_least"),
    "requests_per_s_mean": ("traffic", "mean"),
    "requests_per_s_peak": ("traffic", "peak"),
    "requests_per_s_carried": ("carried_by_pods", "10"),
    "requests_per_s_carried_by_a_pod": ("carried_by_pods", "1"),
    "commands_per_s": ("resources", "redis_commands_per_s"),
    "monthly_bill": ("cost", "usd"),
    "cost_per_user": ("cost", "per_user"),
    "margin": ("money", "margin"),
}
_PERCENT = {"share": 100.0}


def figures_of(document: object) -> PlanFigures:
    """The figures in a plan's JSON: of `hmb plan`, or already those of `PlanFigures`.

    Raises `ValueError`, in one line, for anything else.
    """
    if not isinstance(document, Mapping):
        told = "a JSON object is wanted, as hmb plan --json prints without --compare"
        raise ValueError(told)  # noqa: TRY004 - the file is wrong, not the call
    plan = document.get("plan")
    given = _of_a_plan(plan) if isinstance(plan, Mapping) else document
    try:
        return PlanFigures.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the document"
        raise ValueError(f"{place}: {first['msg'].removeprefix('Value error, ')}") from error


def _of_a_plan(plan: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"users": plan.get("users"), "evidence": {}}
    for name, (part, key) in _SPANS.items():
        value = (plan.get(part) or {}).get(key)
        if isinstance(value, int | float):
            value = {"low": value, "mid": value, "high": value}
        if not isinstance(value, Mapping):
            continue
        scale = _PERCENT.get(value.get("unit", ""), 1.0)
        found[name] = {end: value.get(end, 0.0) * scale for end in ("low", "mid", "high")}
        if value.get("evidence") in set(Evidence):
            found["evidence"][name] = value["evidence"]
    found["bill"] = _bill(plan.get("cost") or {})
    return found


def _bill(cost: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """What each provider charges, by its name in small letters.

    Of those the plan does not buy from, what it would be in the first combination that does.
    """
    charged: dict[str, float] = {}
    for line in _listed(cost, "invoice"):
        provider = _slug(line["ProviderName"])
        charged[provider] = charged.get(provider, 0.0) + float(line["BilledCost"])
    for combination in _listed(cost, "combinations"):
        for name, usd in (combination.get("bills") or {}).items():
            charged.setdefault(_slug(name), float(usd))
    return {name: dict.fromkeys(("low", "mid", "high"), usd) for name, usd in charged.items()}


def _listed(cost: Mapping[str, Any], key: str) -> list[Any]:
    found = cost.get(key)
    return found if isinstance(found, list) else []


def _slug(provider: object) -> str:
    return str(provider).lower().replace(" ", "-")
