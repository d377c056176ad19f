"""`hmb audit`: every claim of a blueprint held against what there is to hold it against."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capacity.errors import HmbError, UsageError
from cli import completing
from cli.options import home, runs_dir
from cli.probing import read_probes
from cli.records import find_run
from cli.stacking import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capacity.audit.plan import PlanFigures
    from capacity.audit.selection import Recorded
    from capacity.plan.kept import Kept

FOLDER = "audit"
"""Under runs/: where the reports go."""
KEPT = Path("plan") / "plan.json"
"""Under runs/: what `hmb plan` kept of its last plan."""


class InvalidRunError(HmbError):
    """A run that was asked for and from which nothing may be concluded."""

    exit_code = 6


def audit(
    run: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RUN",
            autocompletion=completing.runs,
            help="A run to judge by; again for more. Else the newest of each load.",
        ),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(help="A plan to judge by, its folder or JSON. Else the last of hmb plan."),
    ] = None,
    blueprint: Annotated[
        Path | None, typer.Option(help="Another blueprint: a TOML file, or a folder of them.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 3 when a measurable claim is not met.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Verdicts as JSON on stdout.")] = False,
) -> None:
    """Judge every claim of the blueprint: by runs, files, a plan and its own numbers.

    The fairest reading first, the literal one beside it. Nothing is started or measured.
    """
    from capacity.audit.audit import Looked
    from capacity.audit.audit import audit as judge
    from capacity.audit.blueprint import read_blueprint
    from cli import audit_table
    from reports.audit import render
    from stack.inventory import gather

    claims = read_blueprint(blueprint)  # a mistyped file is better met before the work than after
    planned, kept = _planned(plan)
    probes = read_probes(runs_dir())
    found = judge(claims, Looked(recorded(run or []), gather(home()), planned, probes))
    code = found.code(strict=strict)
    if as_json:
        typer.echo(render.as_json(found, code), nl=False)
    else:
        audit_table.show(found)
    sys.stdout.flush()
    for path in render.write_reports(runs_dir() / FOLDER, found, kept):
        say(f"report: {path}")
    raise typer.Exit(code)


def recorded(names: "Sequence[str]") -> "list[Recorded]":
    """The runs named, all of which must be usable; without names the newest of each load."""
    from capacity.audit.selection import Recorded, newest_of_each_load, unusable
    from capacity.store import list_runs, read_run, read_timeline

    if names:
        folders = [find_run(name) for name in names]
        runs = [read_run(folder) for folder in folders]
        for one in runs:
            if why := unusable(one):
                raise InvalidRunError(f"run {one.id} cannot be judged by: {why}")
        chosen = dict(zip((one.id for one in runs), folders, strict=True))
        told = sorted(runs, key=lambda one: one.started_at, reverse=True)
    else:
        listed = list_runs(runs_dir())
        chosen = {one.id: one.path for one in listed}
        told = newest_of_each_load(one.run for one in listed if one.run is not None)
        left_out = sum(one.run is None or bool(unusable(one.run)) for one in listed)
        if left_out:
            say(f"left out: {left_out} of {len(listed)} runs, incomplete, invalid or not of ours")
    return [Recorded(one, read_timeline(chosen[one.id])) for one in told]


def _planned(named: Path | None) -> "tuple[PlanFigures | None, Kept | None]":
    """The figures of the plan named, or of the last that was kept; and what its pages need.

    The latter is None for a plan's figures alone, which have no pages.
    """
    import json

    from capacity.audit.plan_document import figures_of
    from capacity.plan.kept import kept_of

    path = runs_dir() / KEPT if named is None else named
    if path.is_dir():
        path /= KEPT.name
    if named is None and not path.is_file():
        return None, None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"no plan at {path}: hmb plan --users N makes one") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is not a plan's JSON: {error}") from error
    try:
        return figures_of(document), kept_of(document)
    except ValueError as error:
        raise UsageError(f"{path} is not a plan: {error}") from error
