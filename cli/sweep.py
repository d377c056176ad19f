"""`hmb sweep`: load level after load level, until the system gives way."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capacity.errors import UsageError
from cli import completing
from cli.journeys import journeys_named
from cli.load import FOREIGN_WARMUP_S, host_of, load_host, load_stack, own_stack
from cli.options import arrival_rate, duration, home, positive_duration, runs_dir
from cli.records import SWEEP
from cli.stacking import Scale, say

if TYPE_CHECKING:
    from capacity.sweep import Bounds, Level
    from scenarios.request import RunRequest

    Load = Callable[[RunRequest], Path]

FIRST_RATE, LAST_RATE = 20.0, 2_000.0
MOST_CONFIRMATIONS = 2
CACHE_SETTING = "CACHE_TTL_"
"""How the app's settings of its cached answers' lives begin."""


def sweep(
    scenario: Annotated[
        str,
        typer.Argument(
            autocompletion=completing.scenarios,
            help="A built-in scenario (see hmb scenarios) or a locustfile.",
        ),
    ] = "mixed",
    host: Annotated[
        str | None, typer.Option(help="Where a locustfile sends its load; our own stack if absent.")
    ] = None,
    first: Annotated[
        float | None,
        typer.Option(
            "--from",
            parser=arrival_rate,
            metavar="RATE",
            help="Arrivals a second to begin with: 20.",
        ),
    ] = None,
    last: Annotated[
        float | None,
        typer.Option(
            "--to", parser=arrival_rate, metavar="RATE", help="Most arrivals a second to try: 2000."
        ),
    ] = None,
    level_s: Annotated[
        float | None,
        typer.Option(
            "--duration",
            parser=positive_duration,
            metavar="TIME",
            help="Time of a level; without, at least 60s and long enough to judge it.",
        ),
    ] = None,
    confirm_s: Annotated[
        float | None,
        typer.Option(
            "--confirm",
            parser=duration,
            metavar="TIME",
            help="Time to confirm the answer, or 0s; without, longer than cached answers live.",
        ),
    ] = None,
    warmup_s: Annotated[
        float | None,
        typer.Option("--warmup", parser=duration, metavar="TIME", help="Time before each level."),
    ] = None,
    slo: Annotated[
        Path | None, typer.Option(help="Judge by this SLO file instead of the blueprint.")
    ] = None,
    population: Annotated[
        Path | None,
        typer.Option(help="TOML with shares of anonymous, free, pro, business, enterprise."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same number, same decisions of the users.")] = 1,
    scale: Annotated[Scale, typer.Option(help="Data to fill an empty stack with.")] = Scale.SMALL,
    pods: Annotated[int, typer.Option(min=2, max=10, help="Pods of a stack started here.")] = 3,
    allow_remote: Annotated[
        str | None,
        typer.Option(metavar="HOST", help="Name of a host elsewhere that may be loaded."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The sweep as JSON on stdout.")] = False,
) -> None:
    """Find the largest load within all targets, the knee, and what gives way first.

    Every level is a load test of its own with a record; the sweep's report puts them together.
    """
    from capacity.slo import read_slo
    from capacity.sweep import Bounds
    from capacity.sweep_level import confirm_seconds
    from scenarios.fingerprint import where
    from scenarios.request import RunRequest

    if slo is not None:
        read_slo(slo)
    first, last = first or FIRST_RATE, last or LAST_RATE
    if first > last:
        raise UsageError(f"--from {first:g} is above --to {last:g}")
    journeys = journeys_named(scenario, population)
    request = RunRequest(
        journeys,
        host_of(host, allow_remote, journeys) if host else "",
        where(home()),
        warmup_s=FOREIGN_WARMUP_S if warmup_s is None and isinstance(journeys, Path) else warmup_s,
        seed=seed,
        slo_file=str(slo.resolve()) if slo else None,
    )
    if not isinstance(journeys, Path):
        journeys.accounts(journeys.users)
    levels: list[Level] = []
    with _system(request, pods, scale) as (load, lives):
        try:
            confirm_s = confirm_seconds(lives.values()) if confirm_s is None else confirm_s
            _walk(request, load, Bounds(first, last), level_s, confirm_s, levels)
        finally:
            # what is known is told, also when a later level broke off
            code = _tell(request, levels, lives, as_json=as_json) if levels else 1
    raise typer.Exit(code)


@contextmanager
def _system(
    request: "RunRequest", pods: int, scale: Scale
) -> "Iterator[tuple[Load, Mapping[str, float]]]":
    """What is loaded, as a function that runs one load test and gives its folder.

    And how long its caches keep each sort of answer, in seconds; empty when that is not known.
    """
    if request.host:
        yield load_host, {}
        return
    with own_stack(pods, scale) as running:
        yield (lambda one: load_stack(one, running)), cache_lives(running.environment)


def cache_lives(environment: "Mapping[str, str]") -> dict[str, float]:
    """Sort of cached answer -> how long it lives at most, by the app's settings."""
    return {
        name.removeprefix(CACHE_SETTING).lower(): float(seconds)
        for name, seconds in environment.items()
        if name.startswith(CACHE_SETTING)
    }


def _walk(
    request: "RunRequest",
    load: "Load",
    bounds: "Bounds",
    level_s: float | None,
    confirm_s: float,
    levels: "list[Level]",
) -> None:
    """Measure level after level, then the answer once more for longer; each goes to `levels`."""
    from capacity.sweep import largest, next_rate
    from capacity.sweep_level import level_seconds

    while (rate := next_rate(levels, bounds)) is not None:
        levels.append(_measured(request, load, rate, level_s or level_seconds(rate)))
    for _ in range(MOST_CONFIRMATIONS if confirm_s else 0):
        answer = largest(levels).low
        if answer is None or any(one.confirms and one.rate == answer for one in levels):
            return
        levels.append(_measured(request, load, answer, confirm_s, confirms=True))


def _measured(
    request: "RunRequest", load: "Load", rate: float, seconds: float, *, confirms: bool = False
) -> "Level":
    from capacity import figures
    from capacity.sweep_level import level_of
    from cli.judging import judged, write_report
    from scenarios.arrivals.constant import Constant

    what = "to confirm" if confirms else "level"
    say(f"{what}: {figures.exact(rate)} arrivals/s for {figures.seconds(seconds)}")
    folder = load(replace(request, load=Constant(rate=rate), duration_s=seconds))
    digest = judged(folder)
    write_report(folder, digest)
    level = level_of(digest.seen, digest.verdicts, rate, confirms=confirms)
    say(f"{level.state.value}: {level.why}")
    return level


def _tell(
    request: "RunRequest",
    levels: "list[Level]",
    lives: "Mapping[str, float]",
    *,
    as_json: bool,
) -> int:
    """Print the sweep, write it and its report beside the runs. Returns the exit code."""
    from capacity.store import write_text
    from capacity.sweep import Sweep
    from reports import sweep as telling

    journeys = request.journeys
    found = Sweep(
        id=f"sweep-{levels[0].run}",
        scenario=journeys.stem if isinstance(journeys, Path) else journeys.name,
        machine=request.where.machine,
        targets=request.slo_file or "the blueprint",
        levels=tuple(levels),
        cache_lives_s=dict(lives),
    )
    folder = runs_dir() / found.id
    if as_json:
        typer.echo(json.dumps(telling.document(found), indent=2))
    else:
        typer.echo(telling.text(found))
    write_text(folder / SWEEP, found.model_dump_json(indent=1) + "\n")
    write_text(folder / "report.html", telling.html(found))
    say(f"report: {folder / 'report.html'}")
    return telling.exit_code(found)
