"""`hmb history`: the figures of many runs, and where they changed."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capacity import figures
from capacity.errors import UsageError
from cli import completing
from cli.examples import register
from cli.options import runs_dir
from cli.stacking import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capacity.history import Kept
    from capacity.trend import Trend

PAGE = "trend.html"
_COLUMNS = "{:<48} {:>12} {:>12} {:>10}  {}"

app = typer.Typer(help="Keep the figures of runs, and tell where they changed for good.")
Store = Annotated[
    Path | None, typer.Option("--store", help="The history's file; else runs/history.sqlite here.")
]


@app.callback(invoke_without_command=True)
def alone(context: typer.Context) -> None:
    """Without a command, say which there are."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _path(store: Path | None) -> Path:
    return store or runs_dir() / "history.sqlite"


def add(
    runs: Annotated[
        list[str],
        typer.Argument(
            autocompletion=completing.runs,
            help="Runs: ids, folders, latest, or folders of several.",
        ),
    ],
    store: Store = None,
) -> None:
    """Keep the figures of these runs. Invalid ones are refused, known ones passed over."""
    from capacity import history
    from cli.comparing import runs_of, sample

    found = [sample(path, single=False) for words in runs for path in runs_of(words)]
    for one in found:
        if one.run.invalid:
            raise UsageError(
                f"{one.run.id} is invalid ({one.run.invalid[0].reason}): its figures would mislead"
            )
    new = sum(history.add(_path(store), one.run, one.readings) for one in found)
    say(f"new in {_path(store)}: {new} of {figures.plural(len(found), 'run')}")


def listed(
    store: Store = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """List the runs of the history, oldest first."""
    kept = _kept(store)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in kept], indent=2))
        return
    for one in kept:
        typer.echo(f"{one.id:<34} {(one.commit or '-')[:12]:<12} {one.scenario}  {one.machine}")


def trend(
    scenario: Annotated[
        str | None, typer.Option(help="Of which scenario; that of the latest run.")
    ] = None,
    endpoint: Annotated[str | None, typer.Option(help="Of one endpoint alone.")] = None,
    branch: Annotated[
        str | None, typer.Option(help="Of this branch's commits alone, in its order, e.g. main.")
    ] = None,
    store: Store = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Tell where the figures of the latest run's line changed, and draw them in trend.html.

    A line holds runs of one scenario, one load and one machine, oldest first.
    """
    from capacity import history
    from capacity.compare.statistic import statistics
    from capacity.store import write_text
    from capacity.trend import trends
    from reports import trend as told

    kept = [one for one in _kept(store) if scenario in (None, one.scenario)]
    if not kept:
        raise UsageError(f"no run of {scenario} is in {_path(store)}; see hmb history list")
    if branch is not None:
        kept = _along(branch, kept)
    series = kept[-1].series
    others = sum(one.series != series for one in kept)
    if others:
        say(f"left out, of another load or machine: {figures.plural(others, 'run')}")
    kept = [one for one in kept if one.series == series]
    lines = [
        line for line in history.lines(_path(store), kept) if endpoint in (None, line.key.endpoint)
    ]
    if not lines:
        raise UsageError(f"no figure of {endpoint} is in {_path(store)}")
    found = trends(lines, statistics())
    if as_json:
        sys.stdout.write(told.as_json(found, kept))
    else:
        _show(found, kept)
    sys.stdout.flush()
    page = _path(store).with_name(PAGE)
    write_text(page, told.html(found, kept))
    say(f"report: {page}")


def _kept(store: Path | None) -> "list[Kept]":
    from capacity import history

    path = _path(store)
    if not path.is_file():
        raise UsageError(f"there is no history {path}: keep a run with hmb history add latest")
    return history.runs(path)


def _along(branch: str, kept: "Sequence[Kept]") -> "list[Kept]":
    """The runs of the commits of `branch`, in its order; those of several of one by their time.

    Raises `UsageError` when there are none, and outside of a git checkout.
    """
    from stack import worktrees

    root = worktrees.root_of(Path.cwd())
    place: dict[str | None, int] = {
        commit: at for at, commit in enumerate(worktrees.commits_along(root, branch))
    }
    runs = [one for one in kept if one.commit in place]
    if not runs:
        raise UsageError(f"no run of a commit of {branch} is in the history; see hmb history list")
    say(f"{figures.plural(len(runs), 'run')} of {len(kept)} are of commits of {branch}")
    return sorted(runs, key=lambda one: (place[one.commit], one.started_at))


def _show(found: "Sequence[Trend]", kept: "Sequence[Kept]") -> None:
    from reports import trend as told

    rows = told.rows(found)
    if rows:
        typer.echo(_COLUMNS.format("figure", "before", "after", "change", "since").rstrip())
    for row in rows:
        mark = "✗" if row.worse else "+"
        typer.echo(
            _COLUMNS.format(f"{mark} {row.figure}", row.before, row.after, row.change, row.since)
        )
    typer.echo(told.headline(found, kept))


register(app, "history add", add)
register(app, "history list", listed)
register(app, "history trend", trend)
