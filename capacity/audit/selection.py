"""Which runs an audit may rest on: complete, valid, of our own system, with nothing broken."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from capacity.run import Run, Status

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run with its timeline."""

    run: Run
    timeline: "pd.DataFrame"


def unusable(run: Run) -> str:
    """Why nothing may be concluded from `run`; empty when it may."""
    if run.status is not Status.COMPLETE:
        return "it did not end by itself"
    if run.invalid:
        return f"it is invalid: {run.invalid[0].detail}"
    if run.drill is not None:
        return "it is a drill, in which something was broken on purpose"
    if run.where.topology is None:
        return "it is of a system hmb does not run"
    return ""


def newest_of_each_load(runs: Iterable[Run]) -> list[Run]:
    """Of the usable `runs` the newest of every scenario, load and number of users, newest first."""
    found: dict[tuple[str, str, int], Run] = {}
    for run in sorted(runs, key=lambda run: run.started_at):
        if not unusable(run):
            found[run.what.scenario, run.what.load.kind, run.what.load.users] = run
    return sorted(found.values(), key=lambda run: run.started_at, reverse=True)


def heaviest_of_each_scenario(recorded: Sequence[Recorded]) -> list[Recorded]:
    """Of every scenario the run of the heaviest load, of equals the newest; newest first.

    A light load keeps promises that the load they were made for breaks: a calibration or a
    first try must not stand for it. One of people who wait for answers goes before one on a
    schedule: such are the levels of a sweep, which goes on until something gives way.
    """
    found: dict[str, Recorded] = {}
    for one in recorded:
        known = found.get(one.run.what.scenario)
        if known is None or _weight(one.run) > _weight(known.run):
            found[one.run.what.scenario] = one
    return sorted(found.values(), key=lambda one: one.run.started_at, reverse=True)


def _weight(run: Run) -> tuple[bool, float, datetime]:
    return closed(run), run.what.load.offered_rate or 0.0, run.started_at


def closed(run: Run) -> bool:
    """Whether its load was of people, each waiting for an answer before the next request."""
    return run.what.load.kind == "closed"
