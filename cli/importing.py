"""`hmb import`: another tool's results, as a record like any other."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capacity.errors import UsageError
from cli.options import duration, runs_dir
from cli.stacking import say

if TYPE_CHECKING:
    from capacity.imports.foreign import Imported, Named

_LOCUST = "_stats.csv"
_LOCUST_HISTORY = "_stats_history.csv"


def import_(
    file: Annotated[
        Path, typer.Argument(help="Locust's PREFIX_stats.csv, or k6's --out json (.json, .gz).")
    ],
    scenario: Annotated[
        str | None,
        typer.Option(help="What ran, as only runs of one name are compared; else the tool's name."),
    ] = None,
    commit: Annotated[str | None, typer.Option(help="The commit of the system under test.")] = None,
    warmup_s: Annotated[
        float | None,
        typer.Option(
            "--warmup", parser=duration, metavar="TIME", help="Leave the first seconds out (k6)."
        ),
    ] = None,
) -> None:
    """Read another tool's results into a record, for hmb report, compare and history."""
    from capacity.imports.foreign import ForeignError, Named
    from capacity.store import write_import
    from scenarios.run_folder import abandon, new_folder

    locust = file.name.endswith(_LOCUST)
    if not locust and file.suffix not in (".json", ".jsonl", ".gz"):
        raise UsageError(
            f"{file} is neither Locust's PREFIX{_LOCUST} nor k6's JSON lines (.json, .gz)"
        )
    name = scenario or ("locust" if locust else "k6")
    folder = new_folder(runs_dir(), name)
    try:
        named = Named(folder.name, name, commit, warmup_s or 0.0)
        found = _locust(file, named) if locust else _k6(file, named)
        write_import(folder, found)
    except ForeignError as error:
        abandon(folder)
        raise ForeignError(f"{file}: {error}") from error
    except BaseException:
        abandon(folder)
        raise
    say(f"imported with these limits: {found.run.what.imported}")
    typer.echo(folder)


def _k6(file: Path, named: "Named") -> "Imported":
    from capacity.imports import k6
    from capacity.store import opened_text

    with opened_text(file) as lines:
        return k6.read(lines, named)


def _locust(file: Path, named: "Named") -> "Imported":
    from capacity.imports import locust_csv
    from capacity.store import opened_text

    beside = file.with_name(file.name.removesuffix(_LOCUST) + _LOCUST_HISTORY)
    with opened_text(file) as stats:
        written = file.stat().st_mtime
        if not beside.is_file():
            say(f"no {beside.name} beside it: the record has no timeline, and no number of users")
            return locust_csv.read(stats, [], named, written)
        with opened_text(beside) as history:
            return locust_csv.read(stats, history, named, written)
