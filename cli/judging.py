"""From a record to what a person gets: verdicts on stdout, the report beside the record."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli.stacking import say

if TYPE_CHECKING:
    from capacity.run import Run
    from capacity.targets import Target


def targets_for(run: "Run", slo: Path | None) -> "list[Target]":
    """What to judge `run` by: this SLO file, or the one it ran with, else the blueprint.

    Most of the blueprint speaks of tiers: of a system that is not ours only the
    targets that gate are asked.
    """
    from capacity.slo import blueprint_targets, read_slo

    chosen = slo or (Path(run.what.slo_file) if run.what.slo_file else None)
    if chosen is not None:
        return read_slo(chosen)
    ours = run.where.topology is not None
    return [target for target in blueprint_targets() if ours or target.gate]


def tell(run_dir: Path, *, as_json: bool) -> int:
    """Judge the run in `run_dir`, print the verdicts, write its report. Returns the exit code."""
    from capacity.store import read_run, read_timeline
    from capacity.verdicts import exit_code, judge
    from cli.verdict_table import show
    from reports.digest import Digest
    from reports.render import as_json as told_as_json
    from reports.render import write_report

    run = read_run(run_dir)
    timeline = read_timeline(run_dir)
    verdicts = judge(run, timeline, targets_for(run, None))
    # told before it is written: a full disk must not swallow what was measured
    if as_json:
        typer.echo(told_as_json(run, timeline, verdicts))
    else:
        show(run, verdicts)
    sys.stdout.flush()
    disturbed = Digest(run, timeline, verdicts).disturbed
    if disturbed:
        say(disturbed)
    say(f"report: {write_report(run_dir, run, timeline, verdicts)}")
    return exit_code(run, verdicts)
