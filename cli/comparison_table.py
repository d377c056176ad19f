"""A comparison as a table on the terminal: what is worse first."""

import sys
from typing import TYPE_CHECKING

from capacity.compare.findings import Outcome

if TYPE_CHECKING:
    from rich.table import Table

    from capacity.compare.findings import Comparison

_ONE_LINE = 500
"""Columns where nobody looks at a terminal: each finding stays on one line, for grep."""
_STYLES = {
    Outcome.BETTER: "green",
    Outcome.SAME: "",
    Outcome.WORSE: "bold red",
    Outcome.INCONCLUSIVE: "yellow",
}


def show(found: "Comparison") -> None:
    """Print the table to stdout, then the outcome and what a reader must know of it."""
    from rich.console import Console
    from rich.text import Text

    from reports.comparison import words

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _ONE_LINE
    with console.capture() as told:
        if found.told:
            console.print(_table(found))
        console.print(Text(f"{words.made_of(found)}; {words.counts(found)}."))
        for note in found.notes:
            console.print(Text(f"note: {note}", style="yellow"))
        for reason in found.invalid:
            console.print(Text(f"invalid: {reason}", style="bold red"))
        console.print(Text(words.headline(found), style="bold"))
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in told.get().splitlines())


def _table(found: "Comparison") -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from reports.comparison import words

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("outcome", no_wrap=True)
    table.add_column("figure", no_wrap=True)
    for name in ("base", "head", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("95 % interval", no_wrap=True)
    table.add_column("why")
    for row in words.rows(found):
        table.add_row(
            Text(f"{row.symbol} {row.outcome.value}", style=_STYLES[row.outcome]),
            *(
                Text(text)
                for text in (row.figure, row.base, row.head, row.change, row.interval, row.reason)
            ),
        )
    return table
