"""`hmb loadtest` and `hmb scenarios`: from a command line to a verdict and a report."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from capacity.errors import HmbError, UsageError
from cli import completing, hosts, several
from cli.journeys import journeys_named
from cli.options import Spacing, arrival_rate, duration, home, positive_duration, runs_dir
from cli.stacking import Scale, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capacity.disturbance import Disturbance
    from capacity.probes import Probe
    from capacity.targets import Target
    from scenarios.arrivals.model import OpenModel
    from scenarios.catalogue import Scenario
    from scenarios.request import RunRequest
    from stack.state import Running

FOREIGN_USERS, FOREIGN_WARMUP_S, FOREIGN_DURATION_S = 10, 5.0, 30.0
"""What a person's own locustfile runs with unless told otherwise."""


def loadtest(
    context: typer.Context,
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
    users: Annotated[
        int | None,
        typer.Option(min=1, help="Virtual users, who wait for each answer; 10 for a locustfile."),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            parser=arrival_rate, metavar="RATE", help="Arrivals a second, whatever the answers do."
        ),
    ] = None,
    ramp: Annotated[
        float | None,
        typer.Option(
            parser=arrival_rate, metavar="RATE", help="Go from --rate to this many a second."
        ),
    ] = None,
    stages: Annotated[
        str | None,
        typer.Option(
            metavar="RATE@TIME,...", help="Arrivals a second level by level, e.g. 50@30s,100@1m."
        ),
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(help="Arrivals from a CSV of second,arrivals.")
    ] = None,
    spacing: Annotated[Spacing | None, typer.Option(help="How arrivals follow each other.")] = None,
    duration_s: Annotated[
        float | None,
        typer.Option(
            "--duration",
            parser=positive_duration,
            metavar="TIME",
            help="Measured time, e.g. 60s; else the scenario's, 30s for a locustfile.",
        ),
    ] = None,
    warmup_s: Annotated[
        float | None,
        typer.Option(
            "--warmup",
            parser=duration,
            metavar="TIME",
            help="Time before measuring, e.g. 10s; else the scenario's, longer before a steady "
            "load of ten minutes or more; 5s for a locustfile.",
        ),
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
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, help="Generator processes to share the load.")
    ] = None,
    master: Annotated[
        bool, typer.Option("--master", help="Let workers send the load; docs/guides/workers.md.")
    ] = False,
    expect_workers: Annotated[
        int | None, typer.Option(min=1, max=999, help="How many workers the master waits for: 1.")
    ] = None,
    wait_s: Annotated[
        float | None,
        typer.Option(
            "--expect-workers-max-wait",
            parser=positive_duration,
            metavar="TIME",
            help="How long the master waits for them: 60s.",
        ),
    ] = None,
    bind_host: Annotated[
        str | None,
        typer.Option("--master-bind-host", help="Address the master listens at: 127.0.0.1."),
    ] = None,
    bind_port: Annotated[
        int | None,
        typer.Option("--master-bind-port", min=1, max=65535, help="Port it listens on: 5557."),
    ] = None,
    worker: Annotated[
        bool, typer.Option("--worker", help="Send a share of a master's load, as it says.")
    ] = False,
    master_host: Annotated[
        str | None, typer.Option(help="Where a worker's master is: 127.0.0.1.")
    ] = None,
    master_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="And its port: 5557.")
    ] = None,
    web: Annotated[
        bool, typer.Option("--web", help="Show the load on Locust's own page while it lasts.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Verdicts as JSON on stdout.")] = False,
) -> None:
    """Run one load test: verdicts on stdout, record and report under runs/.

    Uses the stack if it runs; otherwise starts it, and stops it again afterwards.
    """
    from capacity.slo import read_slo
    from cli.judging import tell
    from cli.load_model import asked_for
    from scenarios.fingerprint import where
    from scenarios.request import RunRequest, sized

    if worker:
        several.leave_to_the_master(context)
        several.work(scenario, master_host, master_port, allow_remote)
        return
    several.refuse(
        {"--master-host": master_host, "--master-port": master_port},
        "says where a worker's master is: add --worker",
    )
    workers = several.asked_for(processes, master, expect_workers, bind_host, bind_port, wait_s)
    if web and workers is not None:
        raise UsageError("--web shows one process: leave out --processes and --master")
    load = asked_for(users, rate, ramp, stages, replay, spacing)
    journeys = journeys_named(scenario, population)
    if slo is not None:
        read_slo(slo)  # a mistyped file is better met before the load than after it
    foreign = isinstance(journeys, Path)
    request = RunRequest(
        journeys,
        host or "",
        where(home()),
        FOREIGN_USERS if foreign and users is None and load is None else users,
        FOREIGN_WARMUP_S if foreign and warmup_s is None else warmup_s,
        _foreign_duration(load) if foreign and duration_s is None else duration_s,
        seed,
        slo_file=str(slo.resolve()) if slo else None,
        load=load,
        workers=workers,
        web_port=hosts.free_port() if web else None,
    )
    # what cannot be is better told before a stack is started
    load_model, _, lasts_s = sized(request)
    if host:
        request = replace(request, host=host_of(host, allow_remote, journeys))
    if not isinstance(journeys, Path):
        journeys.accounts(load_model.users)
        if warmup_s is None and load_model.is_steady:
            request = replace(request, warmup_s=journeys.warmup_for(lasts_s))
        if lasts_s >= journeys.long.from_s:
            _announce(sized(request)[1], lasts_s)
    if host:
        several.announce(workers, scenario)
        run_dir = load_host(request)
    else:
        with own_stack(pods, scale) as running:
            several.announce(workers, scenario)
            run_dir = load_stack(request, running)
    raise typer.Exit(tell(run_dir, as_json=as_json))


def _announce(warmup_s: float, lasts_s: float) -> None:
    """Say how long a long run takes, and how much of that is measured."""
    from capacity import figures

    whole, warming, measured = map(figures.seconds, (warmup_s + lasts_s, warmup_s, lasts_s))
    say(f"{whole}: {warming} of warm-up (--warmup), {measured} measured")


def scenarios() -> None:
    """List the built-in scenarios: their load, what they do, and whose accounts they have."""
    from capacity import load_words
    from scenarios import catalogue
    from scenarios.population import rests_on
    from scenarios.request import own_load

    for name in catalogue.names():
        found = catalogue.load(name)
        typer.echo(f"{name:<15} {load_words.brief(own_load(found)):<24} {found.description}")
        people = load_words.people(found.people)
        if found.profile is not None or found.population.get("seeker"):
            # who is anonymous or employs is what the scenario is about, no more
            people += f" (tiers {rests_on(found.profile)[0].value})"
        typer.echo(f"{'':<15} {people}")


def _foreign_duration(load: "OpenModel | None") -> float | None:
    """How long a locustfile runs when nobody says; None when its load does."""
    return None if load is not None and load.lasts_s is not None else FOREIGN_DURATION_S


def host_of(host: str, allowed: str | None, journeys: "Scenario | Path") -> str:
    """The `host` that was asked for, if it may be loaded and these journeys can load it.

    Raises `UsageError` for one that may not (see `hosts.check`), and for a built-in scenario.
    """
    if not isinstance(journeys, Path):
        raise UsageError(
            f"scenario {journeys.name} signs in as people of the seeded job board, so it "
            f"loads only hmb's own stack: leave out --host, or name a locustfile of yours"
        )
    return hosts.check(host, allowed)


def load_host(request: "RunRequest") -> Path:
    """Load a system we neither run nor see into."""
    return run_load(request, [])


@contextmanager
def own_stack(pods: int, scale: Scale, *, exactly: bool = False) -> "Iterator[Running]":
    """The running stack, or one of our own that ends with us; either way with data in it.

    With `exactly`, data of another scale than `scale` is replaced.
    """
    from stack import data, engine

    with engine.kept_for_one(home()):
        running = engine.load_running(home())
        mine = running is None
        if running is None:
            running = engine.up(home(), pods=pods, bound=True, progress=say)
        try:
            seeded = data.ensure_seeded(running, scale.value, 1, say, exactly=exactly)
            # what the record says of the system: demands grow with what the database holds
            topology = running.topology | {"seeded_users": data.users_in(seeded)}
            yield running.model_copy(update={"topology": topology})
        finally:
            if mine:
                engine.down(home())


def load_stack(
    request: "RunRequest",
    running: "Running",
    disturbance: "Disturbance | None" = None,
    into: Path | None = None,
) -> Path:
    """Load the running stack while we look at every tier of it; the run's folder.

    It lies in `into`, or where the runs of this folder are.
    """
    from scenarios.fingerprint import where
    from scenarios.request import sized
    from stack import data
    from stack.probes import probes, required

    if running.base_url is None:
        raise HmbError("the stack that runs here has no nginx to load; stop it with hmb down")
    with TemporaryDirectory(prefix="hmb-") as folder:
        file = None
        if not isinstance(request.journeys, Path):
            file = Path(folder) / "load.json"
            wanted = request.journeys.accounts(sized(request)[0].users)
            data.export_load_data(running, wanted, request.seed, file, say)
        watching = probes(running)
        try:
            return run_load(
                replace(
                    request,
                    host=running.base_url,
                    where=where(running.home, topology=running.topology, servers=running.versions),
                    data_file=file,
                ),
                watching,
                disturbance,
                into,
                required(running),
            )
        finally:
            for probe in watching:
                probe.close()


def run_load(
    request: "RunRequest",
    watching: "Sequence[Probe]",
    disturbance: "Disturbance | None" = None,
    into: Path | None = None,
    required: "Sequence[str]" = (),
) -> Path:
    """Run the load with the live view on stderr; the run's folder, in `into` or `runs/` here.

    A run that lacks a `required` series is invalid.
    """
    from capacity.slo import blueprint_targets, read_slo
    from cli.progress import LiveView
    from scenarios import runner

    live = LiveView()
    folder = into or runs_dir()
    slos: list[Target] = []
    if request.slo_file:
        slos = read_slo(Path(request.slo_file))
    elif live.on_terminal and disturbance is None:
        slos = [one for one in blueprint_targets() if one.gate]
    if request.web_port is not None:
        say(f"Locust's page, until the load ends: http://127.0.0.1:{request.web_port}")
    try:
        run = runner.run(
            request,
            probes=watching,
            required=required,
            runs_dir=folder,
            on_second=live,
            disturbance=disturbance,
            slos=slos,
        )
    finally:
        live.end()
    return folder / run.id
