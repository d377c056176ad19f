"""`hmb preflight`: a deployment held against the checklist."""

import json
import sys
from collections import Counter
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capacity.errors import UsageError
from cli.options import home, runs_dir
from cli.stacking import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capacity.checklist.steps import Step
    from stack.preflight.run import Deployment, Found

FOLDER = "preflight"
"""Under runs/: where ticks are kept; hmb down --purge leaves them alone."""
FAILED, INCONCLUSIVE = 3, 5


class Shape(StrEnum):
    """How the findings are told."""

    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"


def preflight(
    env_file: Annotated[Path | None, typer.Option(help="The environment file to check.")] = None,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The deployment, e.g. https://www.example.com."),
    ] = None,
    prometheus: Annotated[str | None, typer.Option(metavar="URL", help="Its Prometheus.")] = None,
    grafana: Annotated[str | None, typer.Option(metavar="URL", help="Its Grafana.")] = None,
    allow_remote: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST", help="A host that is not this machine and may be asked; again for more."
        ),
    ] = None,
    done: Annotated[
        list[str] | None,
        typer.Option(metavar="STEP", help="Tick this step done today; again for more."),
    ] = None,
    undone: Annotated[
        list[str] | None, typer.Option(metavar="STEP", help="Take a tick back.")
    ] = None,
    shape: Annotated[Shape, typer.Option("--format", help="How findings are told.")] = Shape.TABLE,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Check a deployment against the checklist, and list what people must do.

    What cannot be checked says so, with the reason. Ticks are kept in runs/preflight/.
    Exits 3 when a check failed, 5 when none did but not all could be made.
    """
    from capacity.checklist.steps import steps
    from stack.preflight import progress
    from stack.preflight.run import go_through

    if env_file is None and url is prometheus is grafana is None:
        say("no --env-file and no --url: only files of the checkout are checked")
    deployment = _deployment(env_file, url, prometheus, grafana, allow_remote or [])
    kept = runs_dir() / FOLDER / progress.FILE
    ticked = progress.read(kept)
    today = datetime.now(UTC).date()
    if done or undone:
        ticked |= {_by_hand(name, steps()): today for name in done or []}
        for name in undone or []:
            ticked.pop(_by_hand(name, steps()), None)
        progress.write(kept, ticked)
    found = list(go_through(steps(), deployment, ticked, today))
    _tell(found, Shape.JSON if as_json else shape)
    sys.stdout.flush()
    states = {one.outcome.state.value for one in found}
    code = FAILED if "failed" in states else INCONCLUSIVE if "not checked" in states else 0
    raise typer.Exit(code)


def _deployment(
    env_file: Path | None,
    url: str | None,
    prometheus: str | None,
    grafana: str | None,
    allowed: list[str],
) -> "Deployment":
    from cli import hosts
    from stack.preflight import env_file as env_files
    from stack.preflight.asking import Server
    from stack.preflight.run import Deployment

    servers = {}
    for option, text in (("--url", url), ("--prometheus", prometheus), ("--grafana", grafana)):
        if text is not None:
            named = next((one for one in allowed if f"//{one}" in text), None)
            servers[option] = Server(hosts.check(text, named, option))
    env = None if env_file is None else env_files.read(env_file, home())
    return Deployment(
        home(), env, *(servers.get(o) for o in ("--url", "--prometheus", "--grafana"))
    )


def _by_hand(name: str, known: "tuple[Step, ...]") -> str:
    """The id of a step that people tick. Raises `UsageError` for any other."""
    from capacity.nearest import nearest

    step = next((one for one in known if one.id == name), None)
    if step is None:
        raise UsageError(f'no step "{name}": {nearest(name, [one.id for one in known])}')
    if step.check is not None:
        raise UsageError(f"{name} is checked by hmb preflight itself and cannot be ticked")
    return name


def _tell(found: "list[Found]", shape: Shape) -> None:
    from reports import checklist

    rows = [(one.outcome.state.value, one.step.id, one.step.do, one.outcome.note) for one in found]
    if shape is Shape.JSON:
        names = ("state", "id", "do", "note")
        steps = [dict(zip(names, row, strict=True)) for row in rows]
        typer.echo(json.dumps({"counts": _counted(found), "steps": steps}, indent=1))
    elif shape is Shape.MARKDOWN:
        typer.echo(checklist.findings(rows, _tally(found)), nl=False)
    else:
        for line in _table(found):
            typer.echo(line)


def _table(found: "list[Found]") -> "Iterator[str]":
    """The steps by phase, each phase with its tally."""
    from capacity.checklist.steps import phases

    by_step = {one.step.id: one for one in found}
    for number, phase in enumerate(phases(), start=1):
        own = [by_step[step.id] for step in phase.steps]
        yield f"Phase {number}: {phase.title} ({_tally(own)})"
        yield from (_line(one) for one in own)
        yield ""
    yield f"All: {_tally(found)}"


def _line(one: "Found") -> str:
    """What to do where something is to be done, and what was seen where something was."""
    from stack.outcome import State

    state, note = one.outcome.state, one.outcome.note
    words = {State.TO_DO: one.step.do, State.FAILED: f"{one.step.do}: {note}"}.get(state, note)
    return f"{state.value:<12} {one.step.id:<26} {words}"


def _tally(found: "list[Found]") -> str:
    return ", ".join(f"{count} {state}" for state, count in _counted(found).items())


def _counted(found: "list[Found]") -> dict[str, int]:
    return dict(Counter(one.outcome.state.value for one in found))
