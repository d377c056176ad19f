"""`hmb compare`: two records, or two sets of them, held against each other."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capacity.errors import UsageError
from cli import completing
from cli.options import effect

if TYPE_CHECKING:
    from capacity.compare.findings import Comparison
    from capacity.compare.judge import Sample


class Form(StrEnum):
    """How a comparison is told: on stdout; html into a file of that name here."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"
    ANNOTATIONS = "annotations"
    JUNIT = "junit"
    HTML = "html"


def compare(
    base: Annotated[
        str,
        typer.Argument(
            autocompletion=completing.runs,
            help="A run's id or folder, several with commas, or a folder of runs.",
        ),
    ],
    head: Annotated[
        str,
        typer.Argument(
            autocompletion=completing.runs, help="What is held against it, named in the same ways."
        ),
    ],
    minimum_effect: Annotated[
        float | None,
        typer.Option(
            "--min-effect", parser=effect, metavar="SHARE", help="The change that matters, e.g. 5%."
        ),
    ] = None,
    form: Annotated[
        Form, typer.Option("--format", help="annotations: GitHub's workflow commands.")
    ] = Form.TABLE,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Judge each endpoint of HEAD against BASE: better, same, worse or inconclusive.

    Runs that were interleaved are compared pair by pair. Exits 4 when something is worse, 5
    when it stays open, 6 when a run is invalid.
    """
    found = compared(runs_of(base), runs_of(head), minimum_effect)
    tell(found, Form.JSON if as_json else form)
    raise typer.Exit(found.exit_code)


def compared(
    base: Sequence[Path],
    head: Sequence[Path],
    minimum_effect: float | None,
    *,
    names: tuple[str, str] = ("base", "head"),
    same_machine: bool = False,
) -> "Comparison":
    """The comparison of the runs in these folders."""
    from capacity.compare.judge import compare as judge
    from capacity.compare.statistic import statistics, with_minimum_effect

    known = with_minimum_effect(statistics(), minimum_effect)
    single = len(base) == len(head) == 1
    before, after = ([sample(path, single=single) for path in side] for side in (base, head))
    return judge(before, after, known, names=names, same_machine=same_machine)


def sample(folder: Path, *, single: bool) -> "Sample":
    """A run with its figures; where it stands alone, with their errors."""
    from capacity.compare import readings
    from capacity.compare.judge import Sample
    from capacity.compare.statistic import statistics
    from capacity.observation import Observation
    from capacity.store import read_cells, read_run, read_timeline

    run = read_run(folder)
    seen = Observation(run, read_timeline(folder))
    cells = read_cells(folder) if single else None
    return Sample(run, readings.read(seen, statistics(), cells), seen.others_cpu())


def runs_of(words: str) -> list[Path]:
    """The folders of the runs that `words` names.

    Raises `UsageError` for a folder that holds no run.
    """
    from capacity.store import RECORD
    from cli.records import find_run

    found: list[Path] = []
    for word in filter(None, words.split(",")):
        folder = find_run(word)
        within = sorted(file.parent for file in folder.glob(f"*/{RECORD}"))
        if (folder / RECORD).is_file() or not folder.is_dir():
            found.append(folder)
        elif within:
            found += within
        else:
            raise UsageError(f"{folder} holds no run: name a run's folder, or a folder of several")
    if not found:
        raise UsageError("name a run: its id, its folder, several with commas between")
    return found


def tell(found: "Comparison", form: Form) -> None:
    """Print the comparison to stdout; as HTML, write it here and print where."""
    from reports.comparison import forms, page

    if form is Form.TABLE:
        from cli.comparison_table import show

        show(found)
    elif form is Form.HTML:
        typer.echo(page.write(Path.cwd(), found))
    else:
        told = {
            Form.JSON: forms.as_json,
            Form.MARKDOWN: forms.markdown,
            Form.ANNOTATIONS: forms.annotations,
            Form.JUNIT: forms.junit,
        }[form]
        sys.stdout.write(told(found))
    sys.stdout.flush()
