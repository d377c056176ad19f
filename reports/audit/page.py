"""The audit's page and the founder's, put into their templates."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from capacity.arithmetic import amount
from capacity.audit.audit import Audit
from capacity.audit.profit import Line, month
from capacity.evidence import Evidence
from reports import page
from reports.audit.digest import AuditDigest, kinds, readings
from reports.digest import SYMBOLS

if TYPE_CHECKING:
    from jinja2 import Environment

EVIDENCE = {
    Evidence.MEASURED: "a run or a probe on this stack, or a look into its files",
    Evidence.MODELLED: "a model fitted to measurements, with its interval",
    Evidence.PRICED: "a provider's public price, with its date",
    Evidence.CLAIMED: "the blueprint's own word",
    Evidence.ASSUMED: "our choice, with its reason",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of the month as a bar, in percent of the width."""

    line: Line
    text: str
    start: float
    width: float
    cost: bool


def audit_html(audit: Audit) -> str:
    """Every claim on one page that loads nothing."""
    digest = AuditDigest(audit)
    template = _templates().get_template("audit.html.j2")
    return template.render(digest=digest, audit=audit, groups=digest.groups, evidence=EVIDENCE)


def founder_html(audit: Audit) -> str:
    """The claims a founder asks about first, on one page that loads nothing."""
    digest = AuditDigest(audit)
    theirs = [group for group in digest.groups if group.section.founder]
    lines = month(audit.blueprint.inputs, audit.looked.plan)
    return (
        _templates()
        .get_template("founder.html.j2")
        .render(
            digest=digest,
            audit=audit,
            groups=theirs,
            bars=bars(lines),
            planned=audit.looked.plan is not None,
            evidence=EVIDENCE,
        )
    )


@cache
def _templates() -> "Environment":
    environment = page.templates()
    environment.globals.update(symbols=SYMBOLS, readings=readings, kinds=kinds)
    return environment


def bars(lines: list[Line]) -> list[Bar]:
    """A waterfall: each line begins where the ones before it have come to; the last at nothing."""
    if not lines:
        return []
    whole = sum(line.dollars for line in lines[:-1] if line.dollars > 0)
    found, reached = [], 0.0
    for line in lines[:-1]:
        start = min(reached, reached + line.dollars)
        found.append(_bar(line, start, whole))
        reached += line.dollars
    return [*found, _bar(lines[-1], 0.0, whole)]


def _bar(line: Line, start: float, whole: float) -> Bar:
    cost = line.dollars < 0
    text = f"{'-' if cost else ''}{amount(round(abs(line.dollars)), '$')}"
    return Bar(
        line,
        text,
        round(100 * max(start, 0.0) / whole, 2),
        round(100 * abs(line.dollars) / whole, 2),
        cost,
    )
