"""Help that names values by what one types: `N`, `PATH`, `monitoring|local`.

Typer would name them by Python's types: `<int range>`, `<list[monitoring|local]>`.
"""

from pathlib import Path
from typing import Any

from typer.core import TyperCommand


class PlainCommand(TyperCommand):
    """A command with such help; a `metavar` given to an option stays."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        for one in self.params:
            if one.metavar is None:
                one.metavar = _value_of(one)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the rows of arguments and those of options."""
        for kind in ("argument", "option"):
            asked = [one for one in self.get_params(ctx) if one.param_type_name == kind]
            rows = [row for one in asked if (row := help_row(one, ctx)) is not None]
            if rows:
                with formatter.section(f"{kind.title()}s"):
                    formatter.write_dl(rows)


def help_row(asked: Any, context: Any) -> tuple[str, str] | None:
    """How an argument or option is written, and what it means; nothing of a hidden one."""
    row: tuple[str, str] | None = asked.get_help_record(context)
    if row is None or asked.param_type_name == "option":
        return row
    # of an argument Typer tells the type even beside a metavar
    return asked.metavar + ("" if asked.nargs == 1 else "..."), row[1]


def _value_of(asked: Any) -> str:
    if asked.param_type_name == "argument":
        return str(asked.name).upper()
    told = asked.type_descriptor
    if told.choices is not None:
        return "|".join(map(str, told.choices))
    if told.annotation in (int, float):
        return "N"
    if told.annotation is Path:
        return "PATH"
    return str(asked.opts[-1]).rpartition("-")[2].upper()
