"""The audit's page, put into its template."""

from functools import cache
from typing import TYPE_CHECKING

from capacity.audit.audit import Audit
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


def audit_html(audit: Audit) -> str:
    """Every claim on one page that loads nothing."""
    digest = AuditDigest(audit)
    template = _templates().get_template("audit.html.j2")
    return template.render(digest=digest, audit=audit, groups=digest.groups, evidence=EVIDENCE)


@cache
def _templates() -> "Environment":
    environment = page.templates()
    environment.globals.update(symbols=SYMBOLS, readings=readings, kinds=kinds)
    return environment
