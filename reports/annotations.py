"""GitHub's workflow commands: what a job prints, shown on the pull request.

`::error title=...::message`, as docs.github.com has them under workflow commands.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from capacity.run import Run
from capacity.verdicts import Outcome, Verdict
from reports.digest import Digest
from reports.table import row

if TYPE_CHECKING:
    import pandas as pd

_OPEN = (Outcome.INCONCLUSIVE, Outcome.NOT_MEASURED)


def annotations(run: Run, timeline: "pd.DataFrame", verdicts: Sequence[Verdict]) -> str:
    """An error for each reason the run is invalid and each gate that was missed or not measured.

    A warning for each target that only warns, and each gate that stayed open; the headline last.
    """
    digest = Digest(run, timeline, verdicts)
    lines = [command("error", f"run invalid: {one.reason}", one.detail) for one in run.invalid]
    lines += [line for one in verdicts for line in _of(one)]
    level = "notice" if digest.code == 0 else "warning"
    lines.append(command(level, f"load test: {digest.state}", digest.headline()))
    return "".join(f"{line}\n" for line in lines)


def _of(verdict: Verdict) -> Iterator[str]:
    told = row(verdict)
    if verdict.outcome is Outcome.MET or not (told.gate or told.warns):
        return
    text = f"{told.claim}: {told.measured} against {told.limit}; {told.reason}"
    unmeasured = verdict.outcome is Outcome.NOT_MEASURED
    level = "warning" if told.warns or (verdict.outcome in _OPEN and not unmeasured) else "error"
    yield command(level, f"{told.words}: {told.id}", text)


def command(level: str, title: str, text: str) -> str:
    """One annotation of the level `error`, `warning` or `notice`, in one line."""
    # the characters a workflow command takes for its own
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    name = title.replace("%", "%25").replace(":", "%3A").replace(",", "%2C").replace("\n", " ")
    return f"::{level} title={name}::{escaped}"
