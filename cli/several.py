"""Several processes for one load: which a person asked for, and a worker's own part in it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

from capacity import figures
from capacity.errors import UsageError
from cli import hosts
from cli.journeys import journeys_named
from cli.stacking import say

if TYPE_CHECKING:
    from scenarios.request import Workers

HERE, PORT = "127.0.0.1", 5557
"""Where a master listens unless told otherwise; the port is Locust's."""
WAIT_S = 60.0
_A_WORKERS = ("scenario", "worker", "master_host", "master_port", "allow_remote")


def asked_for(
    processes: int | None,
    master: bool,
    expect_workers: int | None,
    bind_host: str | None,
    bind_port: int | None,
    wait_s: float | None,
) -> "Workers | None":
    """The workers these options name; None for one process that sends the whole load.

    Raises `UsageError` for options that do not go together, in one line.
    """
    from scenarios.request import Workers

    if processes is not None and master:
        raise UsageError(
            "--processes starts its own master: leave out --master, or start each worker with "
            "--worker"
        )
    if not master:
        refuse(
            {
                "--expect-workers": expect_workers,
                "--master-bind-host": bind_host,
                "--master-bind-port": bind_port,
                "--expect-workers-max-wait": wait_s,
            },
            "says what a master waits for: add --master",
        )
        # one process needs nobody to divide its load
        return None if processes in (None, 1) else Workers(processes or 1, here=True)
    return Workers(
        count=expect_workers or 1,
        here=False,
        host=bind_host or HERE,
        port=bind_port or PORT,
        wait_s=WAIT_S if wait_s is None else wait_s,
    )


def refuse(given: Mapping[str, object], why: str) -> None:
    """`UsageError` naming the first of `given` that has a value, and why it must have none."""
    for name, value in given.items():
        if value is not None:
            raise UsageError(f"{name} {why}")


def leave_to_the_master(context: typer.Context) -> None:
    """`UsageError` for any option of a worker but those that say where its master is."""
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if option.name not in _A_WORKERS and source is not None and source.name == "COMMANDLINE":
            raise UsageError(f"{option.opts[0]} is not a worker's to say: its master does")


def announce(workers: "Workers | None", scenario: str) -> None:
    """Say what a master waits for, and how to start it."""
    if workers is None or workers.here:
        return
    say(
        f"waiting up to {figures.seconds(workers.wait_s)} for "
        f"{figures.plural(workers.count, 'worker')} at {workers.host}:{workers.port}: "
        f"hmb loadtest {scenario} --worker --master-host HOST --master-port {workers.port}"
    )


def work(
    scenario: str, master_host: str | None, master_port: int | None, allow_remote: str | None
) -> None:
    """Be a worker of the master there until it lets go. See `scenarios.joining.join`."""
    from scenarios.catalogue import Scenario
    from scenarios.joining import Place, join

    journeys = journeys_named(scenario)
    join(
        journeys.name if isinstance(journeys, Scenario) else journeys,
        Place(master_host or HERE, master_port or PORT, WAIT_S),
        lambda host: hosts.check(host, allow_remote),
        say,
    )
