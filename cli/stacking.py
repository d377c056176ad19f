"""`hmb up`, `down`, `status` and `seed`: the stack, started, stopped and filled."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from capacity.errors import HmbError
from cli.options import home


class Engine(StrEnum):
    """What runs the services."""

    NATIVE = "native"
    COMPOSE = "compose"


class Scale(StrEnum):
    """How much data the board holds."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Profile(StrEnum):
    """Optional services of the compose file."""

    MONITORING = "monitoring"
    LOCAL = "local"


def say(line: str) -> None:
    """A line of progress, for people: on stderr, so that stdout stays data."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def up(
    engine: Annotated[
        Engine, typer.Option(help="native: local processes; compose: Docker containers.")
    ] = Engine.NATIVE,
    pods: Annotated[
        int | None,
        typer.Option(min=2, max=10, help="Backend pods; as many as the compose file says (3)."),
    ] = None,
    replicas: Annotated[int, typer.Option(min=0, max=2, help="Postgres read replicas.")] = 2,
    profile: Annotated[
        list[Profile] | None,
        typer.Option(
            help="Optional services too, may be given twice. monitoring: Prometheus, the uptime "
            "probe and, in Docker, Grafana; local: stand-ins for mail, payment and files."
        ),
    ] = None,
) -> None:
    """Start the production stack on this machine and leave it running."""
    from stack import engine as stack_engine

    running = stack_engine.up(
        home(),
        engine=engine.value,
        pods=pods,
        replicas=replicas,
        profiles={one.value for one in profile or ()},
        progress=say,
    )
    typer.echo(running.base_url)


def down(
    purge: Annotated[
        bool, typer.Option("--purge", help="Also delete the stack's data and passwords.")
    ] = False,
) -> None:
    """Stop the stack. Nothing it started is left running."""
    from stack import engine as stack_engine

    for line in stack_engine.wipe(home()) if purge else stack_engine.down(home()):
        say(line)


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Show every service, its use, the pool budget and replication. Exits 1 unless all is up."""
    from cli.status_view import lines
    from stack import engine as stack_engine

    found = stack_engine.status(home())
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        for line in lines(found):
            typer.echo(line)
    if found.phase != "running":
        raise typer.Exit(1)


def seed(
    scale: Annotated[Scale, typer.Option(help="How much data.")] = Scale.SMALL,
    number: Annotated[int, typer.Option("--seed", help="Same number, same data.")] = 1,
) -> None:
    """Fill the running stack with deterministic data, replacing what seed put there before."""
    import json

    from stack import data
    from stack import engine as stack_engine

    with stack_engine.kept_for_one(home()):
        running = stack_engine.load_running(home())
        if running is None:
            raise HmbError("no stack is running here; start one with hmb up")
        typer.echo(json.dumps(data.seed_anew(running, scale.value, number, say)))
