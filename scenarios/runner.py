"""Runs one load test: starts the generator, samples the probes, writes the record.

The load itself is made in a process of its own (`scenarios/generator.py`); this
side imports neither Locust nor gevent.
"""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from capacity.disturbance import Disturbance
from capacity.errors import UsageError
from capacity.probes import Probe
from capacity.run import Drilled, LoadModel, Run, Status, What, Where
from capacity.store import write_run
from scenarios.attempt import Attempt
from scenarios.catalogue import Scenario
from scenarios.errors import ScenarioError
from scenarios.live import Tick
from scenarios.load_data import check_sessions, read_load_data
from scenarios.orders import SPOOL, Orders
from scenarios.run_folder import abandon, new_folder

_BUILT_IN = Path(__file__).with_name("locustfile.py")
_FOREIGN_FINISH_S = 10.0
_REACH_S = 5.0


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run. None stands for the scenario's own figure; times in seconds.

    `journeys` is a built-in scenario or the path of a person's locustfile, for
    which `users`, `warmup_s` and `duration_s` must be given. `data_file` is
    needed by built-in scenarios (see `scenarios.load_data`).
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


def run(
    request: RunRequest,
    *,
    probes: Sequence[Probe],
    runs_dir: Path,
    on_second: Callable[[Tick], None],
    disturbance: Disturbance | None = None,
) -> Run:
    """Run the load test and return its record, which then lies in `runs_dir/<id>/`.

    `on_second` is called from this thread for every second of the load. Probes are
    closed by whoever made them. Raises `ScenarioError` when the host cannot be
    reached, the journeys cannot be loaded or the generator breaks, and
    `capacity.store.RecordError` when the record cannot be written. After a Ctrl-C
    the record is kept as interrupted and `KeyboardInterrupt` raised again. A test
    that ends before its load began leaves nothing behind. A `disturbance` is told when the
    load begins; what kept it from its work ends the test and is raised.
    """
    what = _what(request)
    _reach(what.host)
    folder = new_folder(runs_dir, what.scenario)
    record = Run(
        id=folder.name,
        status=Status.RUNNING,
        started_at=datetime.now(UTC),
        ended_at=None,
        what=what,
        where=request.where,
        steps=[],
        endpoints=[],
        drill=None if disturbance is None else Drilled(name=disturbance.name),
    )
    orders = _orders(request, what, folder)
    attempt = Attempt(folder, record, orders, probes, on_second, disturbance)
    try:
        # before any load: a full disk is better met now
        write_run(folder, record)
        return attempt.run()
    except BaseException:
        if not attempt.began:
            abandon(folder)
        raise


def _what(request: RunRequest) -> What:
    journeys = request.journeys
    if isinstance(journeys, Scenario):
        if request.data_file is None:
            raise ScenarioError(f"scenario {journeys.name} needs load data from a seeded system")
        name, origin, mean_think_s = journeys.name, "built-in", journeys.think.mean_s
    else:
        if not journeys.is_file():
            raise ScenarioError(f"there is no locustfile {journeys}")
        name, origin, mean_think_s = journeys.stem, str(journeys), None
    users, warmup_s, duration_s = _size(request)
    if isinstance(journeys, Scenario) and request.data_file is not None:
        check_sessions(read_load_data(request.data_file), journeys, users)
    return What(
        scenario=name,
        journeys=origin,
        load=LoadModel(kind="closed", users=users, mean_think_s=mean_think_s),
        seed=request.seed,
        warmup_s=warmup_s,
        duration_s=duration_s,
        host=request.host.rstrip("/"),
        slo_file=request.slo_file,
    )


def _size(request: RunRequest) -> tuple[int, float, float]:
    """Users, warm-up and duration: as asked for, else as the scenario says."""
    users, warmup_s, duration_s = request.users, request.warmup_s, request.duration_s
    if isinstance(request.journeys, Scenario):
        users = request.journeys.users if users is None else users
        warmup_s = request.journeys.warmup_s if warmup_s is None else warmup_s
        duration_s = request.journeys.duration_s if duration_s is None else duration_s
    if users is None or warmup_s is None or duration_s is None:
        raise UsageError(f"{request.journeys} says neither users nor times: give them")
    if users < 1 or warmup_s < 0 or duration_s <= 0:
        raise UsageError("a load test needs at least one user and some time")
    return users, warmup_s, duration_s


def _orders(request: RunRequest, what: What, folder: Path) -> Orders:
    scenario = request.journeys if isinstance(request.journeys, Scenario) else None
    locustfile = _BUILT_IN if isinstance(request.journeys, Scenario) else request.journeys
    return Orders(
        generator="generator-1",
        locustfile=locustfile.resolve(),
        spool=(folder / SPOOL).resolve(),
        host=what.host,
        users=what.load.users,
        warmup_s=what.warmup_s,
        duration_s=what.duration_s,
        finish_s=scenario.limits.finish_s if scenario else _FOREIGN_FINISH_S,
        seed=what.seed,
        scenario=scenario,
        data_file=request.data_file.resolve() if request.data_file else None,
    )


def _reach(host: str) -> None:
    """`ScenarioError` unless something accepts connections at `host`."""
    try:
        socket.create_connection(_address(host), timeout=_REACH_S).close()
    except OSError as error:
        raise ScenarioError(f"cannot reach {host}: {error.strerror or error}") from error


def _address(host: str) -> tuple[str, int]:
    wrong = UsageError(f"{host} is no address to load; give one as http://HOST:PORT")
    parts = urlsplit(host)
    try:
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:  # a port that is no number
        raise wrong from None
    if not parts.hostname or parts.scheme not in ("http", "https") or port is None:
        raise wrong
    return parts.hostname, port
