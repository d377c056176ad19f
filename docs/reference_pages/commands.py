"""The commands, their options and exit codes, as the Typer app itself has them."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from cli.examples import EXAMPLES
from cli.main import app
from cli.plain_help import help_row
from docs.reference_pages.tables import code, plain, table

_EXITS = Path(__file__).with_name("exits.toml")


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by the words it is called by, in the order of `hmb --help`."""
    yield from _below("hmb", typer.main.get_command(app))


def exits() -> dict[str, Any]:
    """`exits.toml`: what each code means, and which command gives which."""
    return tomllib.loads(_EXITS.read_text(encoding="utf-8"))


def page() -> str:
    """A section for each command."""
    return "\n".join(_section(name, command) for name, command in commands())


def exit_codes() -> str:
    """What each code means, and who gives it."""
    found = exits()
    own = found["own"]
    rows = []
    for number, words in found["codes"].items():
        givers = [f"`hmb {name}`" for name, codes in own.items() if int(number) in codes]
        rows.append((code(number), plain(words), ", ".join(givers) or "any"))
    return table(("code", "means", "given by"), rows)


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for word, one in inner.items():
        yield from _below(f"{name} {word}", one)


def _section(name: str, command: Any) -> str:
    context = command.make_context(name, [], resilient_parsing=True)
    told = [(one.param_type_name, help_row(one, context)) for one in command.params]
    parts = [f"## {name}", "", *(_paragraph(part) for part in (command.help or "").split("\n\n"))]
    for kind in ("argument", "option"):
        rows = [(code(row[0]), plain(row[1])) for sort, row in told if row and sort == kind]
        if rows:
            parts.append(table((kind, "means"), rows))
    words = name.removeprefix("hmb ")
    if words in EXAMPLES:
        parts.append("```sh\n" + "\n".join(EXAMPLES[words]) + "\n```\n")
    own = exits()["own"].get(words)
    if own:
        parts.append(f"Exit codes of its own: {', '.join(code(one) for one in own)}.\n")
    return "\n".join(parts)


def _paragraph(text: str) -> str:
    return plain(text) + "\n"
