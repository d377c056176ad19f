"""A plan written: the founder's page, the engineer's, and the claims they lead to."""

from pathlib import Path

from capacity.store import write_text
from reports.audit.page import audit_html
from reports.plan import page
from reports.plan.told import Told

__all__ = ["Told", "write_reports"]


def write_reports(folder: Path, told: Told) -> list[Path]:
    """Write `founder.html`, `capacity.html` and `audit.html` into `folder`; their paths.

    Raises `capacity.store.RecordError` when one cannot be written.
    """
    texts = {
        "founder.html": page.founder_html(told),
        "capacity.html": page.capacity_html(told),
        "audit.html": audit_html(told.audit),
    }
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in texts]
