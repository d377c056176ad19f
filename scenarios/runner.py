"""Runs one load test: starts the generator, samples the probes, writes the record.

The load itself is made in a process of its own (`scenarios/generator.py`); this
side imports neither Locust nor gevent.
"""

import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from capacity.disturbance import Disturbance
from capacity.errors import UsageError
from capacity.probes import Probe
from capacity.run import Drilled, Run, Status, What
from capacity.slo_watch import SloWatch
from capacity.store import write_run
from capacity.targets import Target
from scenarios import population
from scenarios.attempt import Attempt
from scenarios.catalogue import Scenario
from scenarios.errors import ScenarioError
from scenarios.live import Tick
from scenarios.load_data import read_load_data, signed_in
from scenarios.messages import MASTER
from scenarios.orders import BUILT_IN, SPOOL, Orders, Post
from scenarios.request import RunRequest, Workers, sized
from scenarios.run_folder import abandon, new_folder
from scenarios.share import Share

__all__ = ["RunRequest", "Workers", "run"]

_FOREIGN_FINISH_S = 10.0
_REACH_S = 5.0


def run(
    request: RunRequest,
    *,
    probes: Sequence[Probe],
    runs_dir: Path,
    on_second: Callable[[Tick], None],
    disturbance: Disturbance | None = None,
    slos: Sequence[Target] = (),
    required: Sequence[str] = (),
) -> Run:
    """Run the load test and return its record, which then lies in `runs_dir/<id>/`.

    `on_second` is called from this thread for every second of the load. Probes are
    closed by whoever made them. Raises `ScenarioError` when the host cannot be
    reached, the journeys cannot be loaded or the generator breaks, and
    `capacity.store.RecordError` when the record cannot be written. After a Ctrl-C
    the record is kept as interrupted and `KeyboardInterrupt` raised again. A test
    that ends before its load began leaves nothing behind. A `disturbance` is told when the
    load begins; what kept it from its work ends the test and is raised. Of `slos` those
    with `abort_after_s` end the load once they are past their limit for that long. Without
    one of the `required` series in most seconds the run is invalid, unless it is a drill.
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
    workers = request.workers
    here = workers.count if workers is not None and workers.here else 0
    watching = SloWatch(slos) if slos else None
    attempt = Attempt(
        folder, record, orders, probes, on_second, disturbance, watching, here, required
    )
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
    load, warmup_s, duration_s = sized(request)
    people = None
    if isinstance(journeys, Scenario):
        if request.data_file is None:
            raise ScenarioError(f"scenario {journeys.name} needs load data from a seeded system")
        sessions = signed_in(read_load_data(request.data_file), journeys, load.users)
        people = population.seen(journeys.profile, load.users, [one.tier for one in sessions])
        name, origin = journeys.name, "built-in"
    else:
        if not journeys.is_file():
            raise ScenarioError(f"there is no locustfile {journeys}")
        name, origin = journeys.stem, str(journeys)
    return What(
        scenario=name,
        journeys=origin,
        load=load,
        seed=request.seed,
        warmup_s=warmup_s,
        duration_s=duration_s,
        host=request.host.rstrip("/"),
        slo_file=request.slo_file,
        population=people,
    )


def _orders(request: RunRequest, what: What, folder: Path) -> Orders:
    scenario = request.journeys if isinstance(request.journeys, Scenario) else None
    locustfile = BUILT_IN if isinstance(request.journeys, Scenario) else request.journeys
    workers = request.workers
    return Orders(
        generator="generator-1" if workers is None else MASTER,
        locustfile=locustfile.resolve(),
        spool=(folder / SPOOL).resolve(),
        host=what.host,
        load=what.load,
        warmup_s=what.warmup_s,
        duration_s=what.duration_s,
        finish_s=scenario.limits.finish_s if scenario else _FOREIGN_FINISH_S,
        seed=what.seed,
        scenario=scenario,
        data_file=request.data_file.resolve() if request.data_file else None,
        share=Share() if workers is None else Share(of=workers.count),
        post=None if workers is None else _post(workers),
        web_port=request.web_port,
    )


def _post(workers: Workers) -> Post:
    port = workers.port
    if not port:
        with socket.create_server((workers.host, 0)) as free:
            port = free.getsockname()[1]
    return Post(
        role="master", host=workers.host, port=port, workers=workers.count, wait_s=workers.wait_s
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
