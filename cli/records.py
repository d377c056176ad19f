"""`hmb report` and `hmb runs`: what was measured, told again."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capacity.errors import UsageError
from cli import completing
from cli.options import runs_dir

if TYPE_CHECKING:
    from capacity.store import Listed


SWEEP = "sweep.json"


class Format(StrEnum):
    """How a report is written: html beside the record, the others to stdout."""

    HTML = "html"
    MARKDOWN = "markdown"
    JUNIT = "junit"
    JSON = "json"
    ANNOTATIONS = "annotations"


def report(
    run: Annotated[
        str,
        typer.Argument(autocompletion=completing.runs, help="A run's id, its folder, or latest."),
    ] = "latest",
    form: Annotated[
        Format,
        typer.Option("--format", help="html is written beside the record; annotations: GitHub's."),
    ] = Format.HTML,
    slo: Annotated[
        Path | None, typer.Option(help="Judge by this SLO file, not by what it ran with.")
    ] = None,
) -> None:
    """Judge a recorded run again and write its report. Works for a run that was cut short."""
    from capacity.store import read_run, read_timeline
    from capacity.verdicts import judge
    from cli.judging import cells_for, targets_for

    folder = find_run(run)
    record = read_run(folder)
    timeline = read_timeline(folder)
    targets = targets_for(record, slo)
    verdicts = judge(record, timeline, targets, cells_for(targets, folder))
    if form is Format.HTML:
        from reports.render import write_report

        typer.echo(write_report(folder, record, timeline, verdicts))
        return
    from reports import render

    if form is Format.MARKDOWN:
        typer.echo(render.markdown(record, timeline, verdicts))
    elif form is Format.ANNOTATIONS:
        typer.echo(render.annotations(record, timeline, verdicts), nl=False)
    elif form is Format.JUNIT:
        typer.echo(render.junit(record, verdicts))
    else:
        typer.echo(render.as_json(record, timeline, verdicts))


def runs(
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """List the recorded runs, oldest first."""
    from capacity.store import list_runs

    known = list_runs(runs_dir())
    if as_json:
        typer.echo(json.dumps([_summary(one) for one in known], indent=2))
        return
    for one in known:
        typer.echo(_line(one))
    if not known:
        typer.echo(f"no run in {runs_dir()}: make one with hmb loadtest", err=True)


def _summary(one: "Listed") -> dict[str, str | int | None]:
    if one.run is None:
        return {"id": one.id, "problem": one.problem}
    return {
        "id": one.id,
        "status": one.run.status.value,
        "scenario": one.run.what.scenario,
        "users": one.run.what.load.users,
        "load": one.run.what.load.kind,
        "started_at": one.run.started_at.isoformat(),
        "commit": one.run.where.commit,
        "invalid": len(one.run.invalid),
    }


def _line(one: "Listed") -> str:
    from capacity import load_words

    run = one.run
    if run is None:
        return f"{one.id:<34} unreadable: {one.problem}"
    counted = sum(step.arrivals.achieved for step in run.steps)
    state = "invalid" if run.invalid else run.status.value
    size = load_words.brief(run.what.load)
    return f"{one.id:<34} {state:<12} {size:>24} {counted:>9,} requests"


def find_run(name: str) -> Path:
    """The folder of a run: a path, an id under `runs/`, or `latest`.

    Raises `UsageError` for a sweep: that is many runs, each of another load.
    """
    from capacity.store import RecordError, list_runs

    if name == "latest":
        readable = [one.path for one in list_runs(runs_dir()) if one.run is not None]
        if not readable:
            raise RecordError(f"no run in {runs_dir()}: make one with hmb loadtest")
        return readable[-1]
    path = Path(name)
    if path.name == "run.json":
        return path.parent
    found = path if path.is_dir() else runs_dir() / name
    if (found / SWEEP).is_file():
        raise _many_runs(found)
    return found


def _many_runs(folder: Path) -> UsageError:
    """What to name in place of a sweep."""
    from pydantic import ValidationError

    from capacity import figures
    from capacity.sweep import Sweep

    many = f"{folder} is a sweep, each level of which is a run with a load of its own"
    try:
        levels = Sweep.model_validate_json((folder / SWEEP).read_bytes()).by_rate()
    except (OSError, ValidationError):
        return UsageError(f"{many}: its report.html names them")
    named = ", ".join(f"{one.run} ({figures.exact(one.rate)} arrivals/s)" for one in levels)
    return UsageError(f"{many}: name one of {named}")
