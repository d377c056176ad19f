"""Markdown tables and code, as the pages want them."""

import re
from collections.abc import Iterable, Sequence


def code(text: object) -> str:
    """`text` as code that may stand in a cell."""
    return f"`{cell(str(text))}`" if str(text) else ""


def cell(text: str) -> str:
    """One line, its bars kept from ending the cell."""
    return re.sub(r"\s+", " ", text).strip().replace("|", r"\|")


def plain(text: str) -> str:
    """Words that Markdown must leave as they are."""
    return re.sub(r"([<>*_\[\]`{}])", r"\\\1", cell(text))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"
