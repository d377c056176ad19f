"""What a load test is asked for, and what size that comes to."""

from dataclasses import dataclass
from math import ceil
from pathlib import Path

from capacity.errors import UsageError
from capacity.load_model import ClosedLoad, LoadModel
from capacity.run import Where
from scenarios.arrivals.kinds import planned
from scenarios.arrivals.model import OpenModel
from scenarios.catalogue import Scenario

_STALL_S = 10.0
"""How long a system may stall before a locustfile's arrivals find nobody free to send them."""
_MOST_STRANGERS = 5_000
"""More users of a locustfile are not made unasked, for memory's sake."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Several processes to send one load: started here, or expected at `host` and `port`.

    Port 0 stands for a free one. The run waits `wait_s` seconds for `count` of them.
    """

    count: int
    here: bool
    host: str = "127.0.0.1"
    port: int = 0
    wait_s: float = 60.0


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run. None stands for the scenario's own figure; times in seconds.

    `journeys` is a built-in scenario or the path of a person's locustfile, for which
    `users` or `load`, `warmup_s` and `duration_s` must be given. With `load` arrivals come
    on its schedule, each of one of `users` people; without, `users` think between requests.
    With `web_port` Locust's own page shows the load, on 127.0.0.1, until it ends.
    `data_file` is needed by built-in scenarios (see `scenarios.load_data`). Without `workers`
    one process sends the whole load.
    """

    journeys: Scenario | Path
    host: str
    where: Where
    users: int | None = None
    warmup_s: float | None = None
    duration_s: float | None = None
    seed: int = 1
    data_file: Path | None = None
    slo_file: str | None = None
    load: OpenModel | None = None
    workers: Workers | None = None
    web_port: int | None = None


def sized(request: RunRequest) -> tuple[LoadModel, float, float]:
    """The load model, warm-up and duration: as asked for, else as the scenario says.

    Raises `UsageError` for what cannot be, in one line.
    """
    load, warmup_s, duration_s = _sized(request)
    if request.workers is not None and load.users < request.workers.count:
        raise UsageError(
            f"{request.workers.count} processes cannot share {load.users} users: "
            f"give at least one user to each"
        )
    return load, warmup_s, duration_s


def _sized(request: RunRequest) -> tuple[LoadModel, float, float]:
    journeys = request.journeys
    warmup_s, duration_s = request.warmup_s, request.duration_s
    if isinstance(journeys, Scenario):
        warmup_s = journeys.warmup_s if warmup_s is None else warmup_s
    model = _model(request)
    if model is not None and model.lasts_s is not None:
        if duration_s is not None:
            raise UsageError(f"a load of kind {model.model} says how long it lasts: no duration")
        duration_s = model.lasts_s
    elif isinstance(journeys, Scenario):
        duration_s = journeys.duration_s if duration_s is None else duration_s
    if warmup_s is None or duration_s is None:
        raise UsageError(f"{journeys} says no times: give them")
    if warmup_s < 0 or duration_s <= 0 or (request.users is not None and request.users < 1):
        raise UsageError("a load test needs at least one user and some time")
    if model is None:
        return _closed(request), warmup_s, duration_s
    load = planned(model, request.users or 1, duration_s)
    people = request.users or _people(journeys, load.peak_rate)
    return load.model_copy(update={"users": people}), warmup_s, duration_s


def own_load(scenario: Scenario) -> LoadModel:
    """The load of a scenario that nobody asks to be another."""
    if scenario.load is None:
        return ClosedLoad(users=scenario.users, mean_think_s=scenario.think.mean_s)
    duration_s = scenario.load.lasts_s or scenario.duration_s
    return planned(scenario.load, scenario.users, duration_s)


def _model(request: RunRequest) -> OpenModel | None:
    """The schedule asked for, or else the scenario's own unless users are asked for."""
    if request.load is not None or request.users is not None:
        return request.load
    return request.journeys.load if isinstance(request.journeys, Scenario) else None


def _closed(request: RunRequest) -> ClosedLoad:
    if isinstance(request.journeys, Scenario):
        users = request.users or request.journeys.users
        return ClosedLoad(users=users, mean_think_s=request.journeys.think.mean_s)
    if request.users is None:
        raise UsageError(f"{request.journeys} says neither users nor a rate: give one")
    return ClosedLoad(users=request.users)


def _people(journeys: Scenario | Path, peak_rate: float) -> int:
    """As many people as send at that rate when each thinks as usual, up to the scenario's."""
    if isinstance(journeys, Scenario):
        return min(journeys.users, max(1, ceil(peak_rate * journeys.think.mean_s)))
    return min(_MOST_STRANGERS, max(1, ceil(peak_rate * _STALL_S)))
