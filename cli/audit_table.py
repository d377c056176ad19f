"""The audit as a table on the terminal, by section, and its tally."""

import sys
from typing import TYPE_CHECKING

from cli.verdict_table import ONE_LINE, STYLES

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from capacity.audit.audit import Audit, Audited
    from capacity.audit.judging import Judged
    from reports.audit.digest import Group


def show(audit: "Audit") -> None:
    """Print every claim to stdout, then before and after, then how many came to what."""
    from rich.console import Console
    from rich.text import Text

    from reports.audit.digest import AuditDigest

    digest = AuditDigest(audit)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = ONE_LINE
    with console.capture() as told:
        for group in digest.groups:
            console.print(Text(f"\n{group.section.title}: {group.summary}", style="bold"))
            console.print(_claims(group))
        if audit.changes:
            console.print(Text("\nBefore and after", style="bold"))
            console.print(_changes(audit))
        console.print()
        for count in digest.counts():
            words = f"{count.symbol} {count.fair:>4} {count.words} ({count.literal} at their word)"
            console.print(Text(words, style=STYLES[count.outcome]))
        console.print(Text(f"\n{digest.headline()} {digest.rests_on()}"))
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in told.get().splitlines())


def _claims(group: "Group") -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("verdict", no_wrap=True)
    table.add_column("claim", no_wrap=True)
    table.add_column("blueprint", max_width=30)
    table.add_column("ours", max_width=30)
    table.add_column("why")
    for row in group.rows:
        _add(table, row)
    return table


def _add(table: "Table", row: "Audited") -> None:
    from rich.text import Text

    fair, literal = row.fair, row.literal
    table.add_row(
        _verdict(fair),
        Text(row.claim.id),
        Text(row.claim.value),
        Text(_ours(fair)),
        Text(fair.reason),
    )
    if literal is not None and literal.outcome is not fair.outcome:
        table.add_row(
            _verdict(literal),
            Text("  at its word", style="dim"),
            Text(literal.reading, style="dim"),
            Text(_ours(literal), style="dim"),
            Text(literal.reason, style="dim"),
        )


def _verdict(one: "Judged") -> "Text":
    from rich.text import Text

    from reports.digest import SYMBOLS

    return Text(f"{SYMBOLS[one.outcome]} {one.outcome.words}", style=STYLES[one.outcome])


def _ours(one: "Judged") -> str:
    return f"{one.ours} ({one.evidence})" if one.evidence else one.ours


def _changes(audit: "Audit") -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for head in ("", "before", "promised", "that is", "now"):
        table.add_column(head)
    for one in audit.changes:
        unlike = "" if one.alike else f", but {one.row.before_is} over {one.row.after_is}"
        table.add_row(
            Text(one.row.what),
            Text(one.before),
            Text(one.after),
            Text(one.claimed_times + unlike),
            Text(f"{_ours(one.now)}, {one.now.outcome.words}"),
        )
    return table
