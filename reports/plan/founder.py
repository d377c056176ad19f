"""The founder's page: what it carries, what it costs, what is left, and what moves that."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log

from capacity import figures
from capacity.evidence import Evidence
from capacity.plan.shapes import Figure, PlanResult
from capacity.plan.telling import SELDOM
from capacity.plan.what_if import Slider
from capacity.population.traffic import PAID
from reports.plan.spans import interval, money, month
from reports.plan.waterfall import Line

OUTCOMES = {"cost": "The bill", "contribution": "What is left", "pods": "Pods that CPU alone takes"}
"""Outcomes that get a tornado, by their names in a plan."""


@dataclass(frozen=True, slots=True)
class Key:
    """A figure of the page's head."""

    name: str
    text: str
    note: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Control:
    """A slider: its name in `WhatIf.sliders`, words, unit, and where it begins, of 1,000."""

    name: str
    words: str
    unit: str
    at: int


@dataclass(frozen=True, slots=True)
class Result:
    """A figure that follows the sliders."""

    name: str
    words: str
    unit: str
    evidence: Evidence


RESULTS = (
    Result("carries", "carries, one pod and one replica lost", "users", Evidence.MODELLED),
    Result("holds", "targets hold with one of each lost", "share", Evidence.MODELLED),
    Result("p95", "95th percentile in the busiest seconds, closed form", "ms", Evidence.MODELLED),
    Result("p95_simulated", "95th percentile then, simulated", "ms", Evidence.MODELLED),
    Result("p99_simulated", "99th percentile then, simulated", "ms", Evidence.MODELLED),
    Result("burst", "asked in the busiest seconds", "req/s", Evidence.ASSUMED),
    Result("pods_cpu", "pods' CPU in use then", "share", Evidence.MODELLED),
    Result("primary_cpu", "primary's CPU in use then", "share", Evidence.MODELLED),
    Result("replicas_cpu", "replicas' CPU in use then", "share", Evidence.MODELLED),
    Result("bill", "bill of a month", "USD", Evidence.PRICED),
    Result("per_user", "of it for each user", "USD", Evidence.PRICED),
    Result("mrr", "subscriptions of a month", "USD", Evidence.ASSUMED),
    Result("contribution", "left of a month", "USD", Evidence.ASSUMED),
    Result("margin", "contribution margin", "share", Evidence.ASSUMED),
)
_CONTROLS = {
    "users": ("registered users", "users"),
    "daily_share": ("of them active on a day", "share"),
    "over_mean": ("peak over mean", "times"),
    "hit_rate": ("cache hit rate", "share"),
    "pods": ("pods up at the peak", "pods"),
    "paying": ("users who pay", "share"),
    "prices": ("prices of today", "share"),
}


def headline(plan: PlanResult) -> str:
    """What it carries, how fast, for how much, what ends it, and when: one sentence."""
    able = plan.capacity_users.mid >= plan.users
    parts = [
        f"It {'carries' if able else 'does not carry'} {figures.count(plan.users)} users"
        + (
            ""
            if able
            else f" within the targets (it would {figures.count(plan.capacity_users.mid)})"
        )
    ]
    if "p95" in plan.latency:
        parts.append(f"at a 95th percentile of {figures.figure(plan.latency['p95'].mid, 'ms')}")
    parts.append(f"for {_dollars(plan.cost.usd.mid)} a month,")
    parts.append(f"{_dollars(plan.cost.per_user.mid)} per user")
    if plan.resources.stops_short > SELDOM:
        parts[-1] += f", but with a pod lost only if all {plan.resources.pods_most} are kept up"
    ends = " ".join(parts) + f"; first limit: {plan.first}"
    if plan.runs_out:
        first = min(plan.runs_out, key=lambda one: one.month_mid or float("inf"))
        ends += (
            f"; it runs out in {month(first.date_mid)}"
            if first.date_mid
            else "; it does not run out within a century"
        )
    return ends + "."


def keys(plan: PlanResult) -> list[Key]:
    """The sentence's figures with their intervals and evidence."""
    spans = {
        "carries, one of each lost": plan.capacity_users,
        "a month, payments apart": plan.cost.usd,
        "a month for each user": plan.cost.per_user,
        "contribution margin": plan.money.margin,
    }
    if "p95" in plan.latency:
        spans["95th percentile in the busiest seconds"] = plan.latency["p95"]
    found = [Key(name, _mid(one), interval(one), one.evidence) for name, one in spans.items()]
    first = Key(
        "fills first",
        plan.first,
        f"then {plan.second}; headroom {interval(plan.headroom)}",
        plan.headroom.evidence,
    )
    return [*found, first]


def _mid(figure: Figure) -> str:
    return figures.count(figure.mid) if figure.unit == "users" else money(figure.mid, figure.unit)


def controls(sliders: Mapping[str, Slider]) -> list[Control]:
    """The sliders, each where the plan is."""
    found = []
    for name, (words, unit) in _CONTROLS.items():
        if name not in sliders:
            continue
        one = sliders[name]
        way = (one.start - one.low) / (one.high - one.low)
        if name == "users":
            way = log(one.start / one.low) / log(one.high / one.low)
        found.append(Control(name, words, unit, round(1000 * way)))
    return found


def month_lines(plan: PlanResult) -> list[Line]:
    """A month's profit and loss, each line at its own median; the last is their sum."""
    by_tier = {one.tier: one for one in plan.money.tiers}
    lines = [
        Line(tier.capitalize(), by_tier[tier].revenue.mid, by_tier[tier].revenue.evidence, True)
        for tier in PAID
    ]
    lines += [
        Line("Advertising to Free", plan.money.advertising.mid, Evidence.ASSUMED, True),
        Line("Card and billing fees", -plan.money.payment_fees.mid, Evidence.PRICED),
        Line(
            "Refunds and disputes", -sum(one.lost.mid for one in by_tier.values()), Evidence.ASSUMED
        ),
        Line("Infrastructure", -plan.cost.usd.mid, Evidence.PRICED),
    ]
    left = sum(line.dollars for line in lines)
    return [*lines, Line("Left, before wages and tax", left, Evidence.ASSUMED, True)]


def _dollars(value: float) -> str:
    return money(value, "USD")
