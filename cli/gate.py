"""`hmb gate`: is this version slower than that one? Measured by turns on this machine."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capacity.errors import UsageError
from cli import completing, gating
from cli.journeys import journeys_named
from cli.options import duration, effect, home, positive_duration, runs_dir
from cli.stacking import Scale, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capacity.compare.findings import Comparison
    from scenarios.runner import RunRequest

BASE, HEAD = "base", "head"
ROUNDS, WARMUP_S, DURATION_S = 16, 3.0, 10.0
FOREIGN_USERS = 10
_STACK_START_S = 90.0
_SERVICE_START_S = 2.0
"""What starting a side once takes, for the time budget; assumed."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One side as asked for: a commit, a command, or both."""

    name: str
    checkout: gating.Checkout
    command: str | None

    @property
    def title(self) -> str:
        """What a reader knows it by."""
        return self.checkout.ref or self.name


@dataclass(frozen=True, slots=True)
class _Services:
    """How services of a person's own are run."""

    port: int | None
    keep_running: bool


def _wanted(name: str, ref: str | None, command: str | None) -> _Wanted:
    """The side, its commit looked up and its command looked through before anything starts."""
    from stack import worktrees
    from stack.command import Command

    here = Path.cwd()
    if command is None:
        here, ref = home(), ref or "HEAD"
    else:
        _ = Command(name, command, here).words
    if ref is None:
        return _Wanted(name, gating.Checkout(here), command)
    root = worktrees.root_of(here)
    if ref == "HEAD" and worktrees.changed(root):
        say(f"{name} is the commit HEAD: the changes that are not committed are not in it")
    commit = worktrees.commit_of(root, ref)
    return _Wanted(
        name, gating.Checkout(root, ref, commit, here.resolve().relative_to(root)), command
    )


def gate(
    journeys: Annotated[
        str,
        typer.Argument(
            autocompletion=completing.scenarios,
            help="A built-in scenario, or a locustfile of yours.",
        ),
    ] = "mixed",
    base: Annotated[
        str | None, typer.Option(metavar="COMMIT", help="The commit to compare with.")
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(
            metavar="COMMIT",
            help="The commit in question; HEAD, for a command the folder as it lies.",
        ),
    ] = None,
    base_cmd: Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND", help="What starts your service, its port as {port} or $PORT."
        ),
    ] = None,
    head_cmd: Annotated[
        str | None, typer.Option(metavar="COMMAND", help="The same for the other version.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65_535, help="A port both insist on."),
    ] = None,
    keep_running: Annotated[
        bool,
        typer.Option(help="Start each service once, not for every run: quicker, less sure."),
    ] = False,
    against: Annotated[
        Path | None, typer.Option(help="A stored baseline, instead of a base measured now.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option(help="Measure the head alone and keep it as a baseline here.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, max=100, help="Pairs of runs.")] = ROUNDS,
    users: Annotated[int | None, typer.Option(min=1, help="Virtual users.")] = None,
    duration_s: Annotated[
        float | None,
        typer.Option(
            "--duration",
            parser=positive_duration,
            metavar="TIME",
            help="Measured time of each run: 10s.",
        ),
    ] = None,
    warmup_s: Annotated[
        float | None,
        typer.Option("--warmup", parser=duration, metavar="TIME", help="Warm-up of each run: 3s."),
    ] = None,
    minimum_effect: Annotated[
        float | None,
        typer.Option(
            "--min-effect", parser=effect, metavar="SHARE", help="The change that matters, e.g. 5%."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same number, same order and decisions.")] = 1,
    scale: Annotated[Scale, typer.Option(help="Data the stacks are filled with.")] = Scale.SMALL,
    pods: Annotated[int, typer.Option(min=2, max=10, help="Pods of each stack.")] = 2,
    folder: Annotated[
        Path | None, typer.Option(help="Where records and report go; else runs/ here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The findings as JSON.")] = False,
) -> None:
    """Run two versions by turns on this machine, and judge each endpoint of the head.

    Commits are checked out and started whole, or as --base-cmd and --head-cmd say. Who goes
    first is drawn for each pair, and the first pair is dropped. Exits 4 when something is
    worse, 5 when it stays open, 6 when runs are invalid.
    """
    from cli.comparing import Form, tell
    from reports.comparison import page

    sides = _sides(base, head, base_cmd, head_cmd, alone=bool(against or save))
    for option, given in (("--port", port is not None), ("--keep-running", keep_running)):
        if given and head_cmd is None:
            raise UsageError(f"{option} is for services of your own, not for hmb's stacks")
    if port is not None and keep_running:
        raise UsageError("--keep-running: two services cannot both stay up at one --port")
    warmup_s = WARMUP_S if warmup_s is None else warmup_s
    duration_s = DURATION_S if duration_s is None else duration_s
    request = _request(journeys, users, warmup_s, duration_s, commands=head_cmd is not None)
    if save is not None and save.exists():
        raise UsageError(f"--save {save}: it is there already; a baseline is not overwritten")
    stored = None if against is None else _stored(against, request)
    starting_s = len(sides) * _starting_s(rounds, head_cmd, keep_running)
    plan = gating.Plan(rounds, len(sides), warmup_s, duration_s, starting_s, seed)
    say(f"gate: {plan.words()}")
    into = _folder(folder, journeys)
    services = _Services(port, keep_running)
    _measure(sides, plan, request, into, services, pods, scale)
    if save is not None:
        save.parent.mkdir(parents=True, exist_ok=True)
        typer.echo((into / HEAD).rename(save))
        return
    found = _judged(into, stored, sides, minimum_effect)
    tell(found, Form.JSON if as_json else Form.TABLE)
    say(f"report: {page.write(into, found)}")
    raise typer.Exit(found.exit_code)


def _starting_s(rounds: int, head_cmd: str | None, keep_running: bool) -> float:
    """What all starts of one side take: a look, the warm-up round and each other one."""
    if head_cmd is None:
        return _STACK_START_S
    return _SERVICE_START_S * (1 if keep_running else rounds + 2)


def _sides(
    base: str | None, head: str | None, base_cmd: str | None, head_cmd: str | None, *, alone: bool
) -> list[_Wanted]:
    """What is to be measured; only the head where the base is stored, or is being stored."""
    if alone:
        if base is not None or base_cmd is not None:
            raise UsageError("--against and --save measure the head alone: leave out the base")
        return [_wanted(HEAD, head, head_cmd)]
    if (base_cmd is None) != (head_cmd is None):
        raise UsageError("give both --base-cmd and --head-cmd, or neither")
    if base is None and base_cmd is None:
        raise UsageError(
            "name what to compare with: --base COMMIT, --base-cmd COMMAND or --against FOLDER"
        )
    return [_wanted(BASE, base, base_cmd), _wanted(HEAD, head, head_cmd)]


def _request(
    journeys: str, users: int | None, warmup_s: float, duration_s: float, *, commands: bool
) -> "RunRequest":
    from scenarios.fingerprint import where
    from scenarios.runner import RunRequest

    chosen = journeys_named(journeys)
    own = isinstance(chosen, Path)
    if commands and not own:
        raise UsageError(
            f"scenario {journeys} loads only hmb's own stack: name a locustfile for your service"
        )
    if own and users is None:
        users = FOREIGN_USERS
    return RunRequest(chosen, "", where(Path.cwd()), users, warmup_s, duration_s)


def _stored(against: Path, request: "RunRequest") -> list[Path]:
    """The runs of a stored baseline. Refused before anything starts if it is another machine's."""
    from capacity.compare import likeness
    from capacity.store import read_run
    from cli.comparing import runs_of

    runs = runs_of(str(against))
    asked = request.journeys.stem if isinstance(request.journeys, Path) else request.journeys.name
    for path in runs:
        run = read_run(path)
        likeness.check_machine(run, request.where)
        if run.what.scenario != asked:
            raise UsageError(f"--against {against}: it ran {run.what.scenario}, not {asked}")
    return runs


def _folder(chosen: Path | None, journeys: str) -> Path:
    from scenarios.run_folder import new_folder

    if chosen is None:
        return new_folder(runs_dir(), f"gate-{Path(journeys).stem}")
    if chosen.exists() and any(chosen.iterdir()):
        raise UsageError(f"--folder {chosen}: it is not empty; records of two gates would mix")
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


def _measure(
    wanted: "Sequence[_Wanted]",
    plan: gating.Plan,
    request: "RunRequest",
    into: Path,
    services: _Services,
    pods: int,
    scale: Scale,
) -> None:
    """Start the sides, load them by turns, and leave nothing of them."""
    with gating.kept() as kept:
        scratch = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="hmb-gate-")))
        scratch.chmod(0o755)  # Postgres runs as a user of its own
        sides = []
        for one in wanted:
            if one.command is None:
                stack = gating.own_stack_at(one.name, one.checkout, scratch, pods, scale)
                sides.append(kept.enter_context(stack))
            else:
                place = kept.enter_context(gating.checked_out(one.name, one.checkout, scratch))
                service = gating.service(
                    one.name,
                    one.command,
                    place,
                    services.port,
                    into,
                    keep_running=services.keep_running,
                )
                sides.append(kept.enter_context(service))
        gating.measure(sides, plan, request, into)


def _judged(
    into: Path,
    stored: list[Path] | None,
    sides: "Sequence[_Wanted]",
    minimum_effect: float | None,
) -> "Comparison":
    from cli.comparing import compared, runs_of

    base = runs_of(str(into / BASE)) if stored is None else stored
    names = ("baseline" if stored is not None else sides[0].title, sides[-1].title)
    return compared(base, runs_of(str(into / HEAD)), minimum_effect, names=names, same_machine=True)
