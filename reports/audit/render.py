"""An audit written, and with a plan that plan's pages: what was promised beside what it takes."""

from pathlib import Path

from capacity.audit.audit import Audit
from capacity.plan.kept import Kept
from capacity.store import write_text
from reports.audit import page
from reports.audit.document import as_json
from reports.audit.markdown import markdown
from reports.plan import page as plan_page

__all__ = ["as_json", "markdown", "write_reports"]

_OF_A_PLAN = ("founder.html", "capacity.html")


def write_reports(folder: Path, audit: Audit, kept: Kept | None) -> list[Path]:
    """Write `audit.html` and `audit.md` into `folder`, and a plan's two pages; their paths.

    Without a plan no page of an earlier one stays there: it would tell another audit.
    Raises `capacity.store.RecordError` when one cannot be written.
    """
    texts: dict[str, str] = {}
    if kept is not None:
        pages = (plan_page.founder_html(kept, audit), plan_page.capacity_html(kept))
        texts = dict(zip(_OF_A_PLAN, pages, strict=True))
    texts |= {"audit.html": page.audit_html(audit), "audit.md": markdown(audit)}
    for name, text in texts.items():
        write_text(folder / name, text)
    for name in set(_OF_A_PLAN) - set(texts):
        (folder / name).unlink(missing_ok=True)
    return [folder / name for name in texts]
