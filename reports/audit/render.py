"""An audit written: two pages and a Markdown file beside each other."""

from pathlib import Path

from capacity.audit.audit import Audit
from capacity.store import write_text
from reports.audit import page
from reports.audit.document import as_json
from reports.audit.markdown import markdown

__all__ = ["as_json", "markdown", "write_reports"]


def write_reports(folder: Path, audit: Audit) -> list[Path]:
    """Write `audit.html`, `founder.html` and `audit.md` into `folder`; their paths.

    Raises `capacity.store.RecordError` when one cannot be written.
    """
    texts = {
        "audit.html": page.audit_html(audit),
        "founder.html": page.founder_html(audit),
        "audit.md": markdown(audit),
    }
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in texts]
