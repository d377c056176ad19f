"""From a record to what a person gets: verdicts on stdout, the report beside the record."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli.stacking import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capacity.run import Run
    from capacity.spool import Cell
    from capacity.targets import Target
    from reports.digest import Digest


def targets_for(run: "Run", slo: Path | None) -> "list[Target]":
    """What to judge `run` by: this SLO file, or the one it ran with, else the blueprint.

    Most of the blueprint speaks of tiers: of a system that is not ours only the
    targets that gate are asked. A drill is judged by what is promised of it.
    """
    from capacity.drill import drill, promises
    from capacity.slo import blueprint_targets, read_slo

    chosen = slo or (Path(run.what.slo_file) if run.what.slo_file else None)
    if chosen is not None:
        return read_slo(chosen)
    if run.drill is not None:
        return promises(drill(run.drill.name))
    ours = run.where.topology is not None
    return [target for target in blueprint_targets() if ours or target.gate]


def judged(run_dir: Path) -> "Digest":
    """The run in `run_dir` with its verdicts."""
    from capacity.store import read_run, read_timeline
    from capacity.verdicts import judge
    from reports.digest import Digest

    run = read_run(run_dir)
    timeline = read_timeline(run_dir)
    targets = targets_for(run, None)
    verdicts = judge(run, timeline, targets, cells_for(targets, run_dir))
    return Digest(run, timeline, verdicts)


def cells_for(targets: "Sequence[Target]", run_dir: Path) -> "list[Cell]":
    """The counts by second of the run in `run_dir`, if a target speaks of a time."""
    from capacity.store import read_cells

    return read_cells(run_dir) if any(one.for_s for one in targets) else []


def tell(run_dir: Path, *, as_json: bool) -> int:
    """Judge the run in `run_dir`, print the verdicts, write its report. Returns the exit code."""
    from cli.verdict_table import show
    from reports import soak
    from reports.render import as_json as told_as_json

    digest = judged(run_dir)
    # told before it is written: a full disk must not swallow what was measured
    if as_json:
        typer.echo(told_as_json(digest.run, digest.seen.timeline, digest.verdicts))
    else:
        show(digest.run, digest.verdicts)
    sys.stdout.flush()
    for told in (digest.stopped, digest.disturbed, soak.sentence(digest.trends)):
        if told:
            say(told)
    write_report(run_dir, digest)
    return digest.code


def write_report(run_dir: Path, digest: "Digest") -> None:
    """Write the report beside the record, and say where it is."""
    from reports import render

    path = render.write_report(run_dir, digest.run, digest.seen.timeline, digest.verdicts)
    say(f"report: {path}")
