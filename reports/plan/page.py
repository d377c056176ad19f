"""The two pages of a plan, put into their templates."""

from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from capacity.audit.audit import Audit
from capacity.demands import Tier
from capacity.evidence import Evidence
from capacity.plan.kept import Kept
from capacity.plan.shapes import PlanResult
from reports import page
from reports.audit.digest import AuditDigest
from reports.audit.page import EVIDENCE
from reports.digest import SYMBOLS
from reports.plan import charts, engineer, founder, spans
from reports.plan.waterfall import bars

if TYPE_CHECKING:
    from jinja2 import Environment

_FOUNDER_BARS, _ENGINEER_BARS = 7, 12
"""How many assumptions a tornado shows."""
_LEAST_USD = 0.005
_AROUND = 8
"""Numbers of pods told on each side of the chosen one."""


def founder_html(kept: Kept, audit: Audit) -> str:
    """The founder's page with an audit's verdicts; it loads nothing, and computes again as its
    sliders move."""
    plan = kept.plan
    left = plan.money.contribution
    return (
        _templates()
        .get_template("plan_founder.html.j2")
        .render(
            plan=plan,
            headline=founder.headline(plan),
            keys=founder.keys(plan),
            digest=AuditDigest(audit),
            what_if=kept.what_if,
            what_if_json=_inside_a_script(kept.what_if.model_dump_json()),
            controls=founder.controls(kept.what_if.sliders),
            results=founder.RESULTS,
            curve=charts.cost_per_user(plan),
            providers=charts.cost_by_provider(plan),
            next_step=kept.next_step,
            bill_now=kept.what_if.bill.at_start,
            steps=[one for one in plan.cost.curve if one.steps or one.problem],
            headroom=spans.headroom(plan.limits),
            run_out=spans.run_out(plan),
            bars=bars(founder.month_lines(plan)),
            contribution=f"{spans.money(left.low, 'USD')} to {spans.money(left.high, 'USD')}",
            tornados=_tornados(plan, founder.OUTCOMES, _FOUNDER_BARS),
            effects=any(one.effects for one in plan.sensitivity),
            warnings=(*plan.resources.problems, *plan.warnings),
            evidence=EVIDENCE,
        )
    )


def capacity_html(kept: Kept) -> str:
    """The engineer's report; it loads and runs nothing."""
    plan, model = kept.plan, kept.model
    chosen = next(at for at, one in enumerate(plan.pods) if one.chosen)
    return (
        _templates()
        .get_template("plan_capacity.html.j2")
        .render(
            plan=plan,
            model=model,
            tiers=[tier.value for tier in Tier],
            headline=engineer.headline(model),
            errors=engineer.errors(model),
            held=engineer.held(model),
            measured=Evidence.MEASURED if model.evidence is Evidence.MODELLED else model.evidence,
            fit=engineer.fit(model),
            classes=engineer.classes(model),
            caches=engineer.caches(model),
            budgets=engineer.budgets(plan),
            headroom=spans.headroom(plan.limits),
            day=charts.day_of_pods(plan),
            probability=charts.probability(plan),
            pods=plan.pods[max(0, chosen - _AROUND) : chosen + _AROUND + 1],
            bill=[line for line in plan.cost.invoice if line.BilledCost >= _LEAST_USD],
            tornados=_tornados(plan, founder.OUTCOMES | {"margin": "Margin"}, _ENGINEER_BARS),
            effects=any(one.effects for one in plan.sensitivity),
            evidence=EVIDENCE,
        )
    )


def _tornados(
    plan: PlanResult, names: dict[str, str], most: int
) -> list[tuple[str, list[spans.Span], str, str]]:
    by_name = {one.outcome: one for one in plan.sensitivity}
    return [
        (words, spans.tornado(one, plan.inputs, most), name, spans.money(one.middle, one.unit))
        for name, words in names.items()
        if (one := by_name.get(name)) is not None
    ]


def _inside_a_script(document: str) -> Markup:
    """JSON that cannot end the element it lies in."""
    return Markup(document.replace("<", "\\u003c"))  # noqa: S704 - every < is escaped


@cache
def _templates() -> "Environment":
    environment = page.templates()
    environment.globals.update(symbols=SYMBOLS, interval=spans.interval, percent=spans.percent)
    return environment
