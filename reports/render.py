"""A run told to people and to programs: HTML, Markdown, annotations, JUnit XML, JSON."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from capacity.run import Run
from capacity.store import write_text
from capacity.verdicts import Verdict
from reports import page
from reports.annotations import annotations
from reports.digest import Digest
from reports.document import as_json
from reports.junit import junit
from reports.markdown import markdown
from reports.table import rows

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["annotations", "as_json", "html", "junit", "markdown", "rows", "write_report"]

REPORT = "report.html"


def html(run: Run, timeline: "pd.DataFrame", verdicts: Sequence[Verdict]) -> str:
    """The report as one HTML document that loads nothing from anywhere."""
    return page.html(Digest(run, timeline, verdicts))


def write_report(
    run_dir: Path, run: Run, timeline: "pd.DataFrame", verdicts: Sequence[Verdict]
) -> Path:
    """Write `report.html` into the run's folder; the file's path.

    Raises `capacity.store.RecordError` when it cannot be written.
    """
    path = run_dir / REPORT
    write_text(path, html(run, timeline, verdicts))
    return path
