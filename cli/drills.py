"""`hmb drill`: breaks something under load, and tells what was lost."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capacity.errors import HmbError, UsageError
from cli import completing
from cli.load import load_stack, own_stack
from cli.options import home
from cli.stacking import Scale, say

if TYPE_CHECKING:
    from capacity.drill import Drill
    from reports.digest import Digest
    from scenarios.runner import RunRequest

ALL = "all"


def drill(
    name: Annotated[
        str,
        typer.Argument(
            autocompletion=completing.drills,
            help="A drill, or all of them one after the other.",
            show_default=False,
        ),
    ] = "",
    listing: Annotated[bool, typer.Option("--list", help="Tell which drills there are.")] = False,
    users: Annotated[int | None, typer.Option(min=1, help="Virtual users.")] = None,
    seed: Annotated[int, typer.Option(help="Same number, same decisions of the users.")] = 1,
    scale: Annotated[Scale, typer.Option(help="Data to fill an empty stack with.")] = Scale.SMALL,
    pods: Annotated[int, typer.Option(min=2, max=10, help="Pods of a stack started here.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Results as JSON on stdout.")] = False,
) -> None:
    """Break one thing under load: what failed, how long, and whether a write was lost.

    Uses the stack if it runs and leaves it whole; otherwise starts it, and stops it again.
    """
    from capacity import drill as plans
    from capacity.verdicts import worst
    from cli.judging import judged, tell, write_report

    if listing:
        for one in plans.drills():
            typer.echo(f"{one.name:<22} {one.text}")
        return
    if not name:
        raise UsageError("name a drill, or all of them: hmb drill all; hmb drill --list tells them")
    wanted = plans.drills() if name == ALL else [plans.drill(name)]
    requests = [_request(one, users, seed) for one in wanted]
    found: list[Digest] = []
    try:
        with own_stack(pods, scale):
            for one, request in zip(wanted, requests, strict=True):
                say(f"{one.name}: {one.text}")
                folder = _break(one, request)
                if name == ALL:
                    found.append(judged(folder))
                    write_report(folder, found[-1])
    finally:
        # what is known is told, also when a later drill broke off
        if found:
            _tell(found, as_json=as_json)
    if name == ALL:
        raise typer.Exit(worst(digest.code for digest in found))
    raise typer.Exit(tell(folder, as_json=as_json))


def _request(wanted: "Drill", users: int | None, seed: int) -> "RunRequest":
    """The load under which `wanted` happens; it ends when that has shown its effect."""
    from scenarios import catalogue
    from scenarios.fingerprint import where
    from scenarios.runner import RunRequest

    scenario = catalogue.load(wanted.scenario).model_copy(update={"name": wanted.name})
    most_s = wanted.most_s - scenario.warmup_s
    return RunRequest(scenario, "", where(home()), users, duration_s=most_s, seed=seed)


def _break(wanted: "Drill", request: "RunRequest") -> Path:
    """Load the stack, break it meanwhile, look for the writes; the run's folder."""
    from capacity.store import read_run, read_spool, write_run
    from stack import engine
    from stack.drills.disturber import Disturber

    running = engine.load_running(home())
    if running is None:
        raise HmbError("the stack is not whole any more; see hmb status")
    disturber = Disturber(wanted, running)
    try:
        folder = load_stack(request, running, disturber)
        run = read_run(folder)
        if run.drill is None:
            raise HmbError(f"{folder} is no record of a drill")
        ledger, checks = disturber.settle(read_spool(folder).written)
        drilled = run.drill.model_copy(update={"ledger": ledger, "checks": checks})
        write_run(folder, run.model_copy(update={"drill": drilled}))
    finally:
        disturber.close()
    return folder


def _tell(found: "list[Digest]", *, as_json: bool) -> None:
    """One table of all drills."""
    from cli.drill_table import show
    from reports.drill import summary

    told = [summary(digest) for digest in found]
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in told], indent=2))
    else:
        show(told)
