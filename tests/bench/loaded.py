"""A scenario sent to the whole stack by the generator, for benches that look at what it did."""

from collections.abc import Callable
from pathlib import Path

from capacity.observation import Observation
from capacity.store import read_timeline
from scenarios import catalogue, runner
from scenarios.fingerprint import where
from scenarios.live import Tick
from stack import data
from stack.probes import probes
from stack.state import Running
from tests.bench.serving import HOME


def loaded(
    running: Running,
    name: str,
    folder: Path,
    *,
    users: int,
    warmup_s: float,
    duration_s: float,
    on_second: Callable[[Tick], None] = lambda tick: None,
) -> Observation:
    """What was seen of `users` in the scenario `name`; the record lies in `folder`."""
    assert running.base_url is not None, "the stack has no balancer"
    scenario = catalogue.load(name)
    file = folder / "load.json"
    data.export_load_data(running, scenario.accounts(users), 1, file)
    watching = probes(running)
    try:
        record = runner.run(
            runner.RunRequest(
                scenario,
                running.base_url,
                where(HOME, topology=running.topology),
                users,
                warmup_s,
                duration_s,
                data_file=file,
            ),
            probes=watching,
            runs_dir=folder,
            on_second=on_second,
        )
    finally:
        for probe in watching:
            probe.close()
    return Observation(record, read_timeline(folder / record.id))
