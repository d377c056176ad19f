"""The verdicts as a table on the terminal: what decides the exit code first."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from capacity import figures, load_words
from capacity.verdicts import Outcome

if TYPE_CHECKING:
    from rich.table import Table

    from capacity.run import Run
    from capacity.verdicts import Verdict
    from reports.table import Row

ONE_LINE = 500
"""Columns where nobody looks at a terminal: each verdict stays on one line, for grep."""

_MORE = 1.05
"""Above this many requests for each that was offered, what was offered are no requests."""
STYLES = {
    Outcome.MET: "green",
    Outcome.NOT_MET: "bold red",
    Outcome.INCONSISTENT: "red",
    Outcome.INCONCLUSIVE: "yellow",
    Outcome.NOT_MEASURED: "dim",
}


def style(outcome: Outcome, *, warns: bool) -> str:
    """The colours of an outcome; a miss that only `warns` has those of what stays open."""
    return STYLES[Outcome.INCONCLUSIVE if warns else outcome]


def show(run: "Run", verdicts: "Sequence[Verdict]") -> None:
    """Print the table to stdout, then what was loaded, and why the run is invalid if it is."""
    from rich.console import Console
    from rich.text import Text

    from reports.table import rows

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = ONE_LINE
    with console.capture() as told:
        console.print(_table(sorted(rows(verdicts), key=lambda row: not row.gate)))
        console.print(Text(_loaded(run)))
        for problem in run.invalid:
            words = f"run invalid, {problem.reason}: {problem.detail}"
            console.print(Text(words, style="bold red"))
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in told.get().splitlines())


def _table(rows: "Sequence[Row]") -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("verdict", no_wrap=True)
    table.add_column("target", no_wrap=True)
    table.add_column("measured", justify="right", no_wrap=True)
    table.add_column("limit", justify="right", no_wrap=True)
    table.add_column("why")
    for row in rows:
        outcome = Text(f"{row.symbol} {row.words}", style=style(row.outcome, warns=row.warns))
        name = Text(row.id, style="bold" if row.gate else "")
        claimed = " (claimed)" if row.evidence == "claimed" else ""
        table.add_row(
            outcome, name, Text(row.measured + claimed), Text(row.limit), Text(row.reason)
        )
    return table


def _loaded(run: "Run") -> str:
    steps = run.measured_steps()
    achieved = sum(step.arrivals.achieved for step in steps)
    seconds = sum(step.seconds for step in steps) or 1.0
    offered = [step.arrivals.offered for step in steps]
    known = sum(filter(None, offered)) / seconds
    rate = _rate(achieved / seconds, known if steps and None not in offered else None)
    return (
        f"{run.id}: {load_words.brief(run.what.load)}, {figures.count(achieved)} requests "
        f"in {figures.number(seconds)} s, {rate}. Bold targets decide the exit code."
    )


def _rate(achieved: float, offered: float | None) -> str:
    """Requests a second, and what was offered: an arrival of a locustfile may send several."""
    told = f"{figures.number(achieved)} req/s"
    if offered is None:
        return told
    if achieved > _MORE * offered:
        return f"{told} from {figures.number(offered)} arrivals/s"
    return f"{told} of {figures.number(offered)} offered"
