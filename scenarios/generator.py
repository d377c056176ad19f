"""The generator process: Locust, with our recorder in it. Started by the runner as a script.

A person's locustfile may stand beside folders called `capacity`, `scenarios`,
`reports` or `cli`. So ours are imported first, from where this file lies, and
then forgotten by name: what the locustfile imports is found in its own folder,
and what we hold keeps working.
"""

import ctypes
import logging
import os
import resource
import signal
import sys
import time
from math import ceil
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

_ROOT = Path(__file__).resolve().parent.parent
_OURS = ("capacity", "cli", "reference_app", "reports", "scenarios", "stack")
_PR_SET_PDEATHSIG = 1
_FOREVER_S = 86_400
ENOUGH = signal.SIGUSR1
"""Ends the load before its time, in order."""
_POLL_S = 0.01
_MASTER_GONE_S = 10
_TOO_FEW = "Gave up waiting for workers"
"""How Locust says that not as many came as were expected."""
_LAST_MOMENT_S = 0.5
"""Even after all patience is used up, users may still run their `on_stop`."""

if TYPE_CHECKING:
    from locust.env import Environment

    from scenarios.alone import Part
    from scenarios.orders import Orders
    from scenarios.recorder import Recorder


class _LastError(logging.Handler):
    """Remembers the last error logged: Locust logs why it ends, then just ends."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = record.getMessage().strip().splitlines()[-1]


def main() -> None:
    """Run the load the orders describe. Ends the process."""
    _die_with_the_runner()
    sys.path.insert(0, str(_ROOT))
    # Locust patches the standard library on import, so it comes before everything else
    import locust.main
    import locust.runners

    from scenarios import load_opening
    from scenarios.messages import too_few
    from scenarios.orders import read_orders

    orders = read_orders()
    _open_files()
    last_error = _LastError()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    logging.getLogger().addHandler(last_error)
    # Locust looks up who stops a run, for a debug message, by reading sources for 0.3 s
    locust.runners.inspect = None  # type: ignore[attr-defined,assignment]
    recorder, part = _recording(orders)
    load_opening.listen(recorder.open)
    _listen(locust.events, orders, recorder, part)
    if orders.scenario is None:
        # only a locustfile's users count; without this a file that has none is run as a pytest
        locust.main.load_locustfile_pytest = lambda _path: {}  # type: ignore[attr-defined,assignment]
        _forget_ours()
    sys.argv = ["locust", *_arguments(orders)]
    try:
        locust.main.main()  # type: ignore[no-untyped-call]
    except SystemExit as end:
        if end.code not in (0, None):
            why = last_error.text or f"it ended with {end.code}"
            recorder.close(too_few(orders.post) if why.startswith(_TOO_FEW) else why)
        raise
    except Exception as error:
        recorder.close(f"{type(error).__name__}: {error}")
        raise


def _recording(orders: "Orders") -> "tuple[Recorder, Part]":
    """What counts the requests, and what part this process has in the load."""
    import locust.runners

    from scenarios.alone import Alone
    from scenarios.master import Master
    from scenarios.messages import client_prefix
    from scenarios.recorder import Recorder
    from scenarios.spool_file import SpoolFile
    from scenarios.worker import Worker

    if orders.role == "worker":
        # the name Locust gives a worker, and hands users out by, is to tell its share
        prefix = client_prefix(orders.share.number)
        locust.runners.socket = SimpleNamespace(gethostname=lambda: prefix)  # type: ignore[attr-defined,assignment]
        # Locust would let a worker go on for a minute after its master is gone
        locust.runners.MASTER_HEARTBEAT_TIMEOUT = _MASTER_GONE_S
        worker = Worker(orders)
        worker.recorder = Recorder(orders, worker.write)
        return worker.recorder, worker
    spool = SpoolFile(orders.spool)
    recorder = Recorder(orders, spool.write)
    if orders.role is None:
        return recorder, Alone()
    # a share belongs to its worker: users of one that is lost are not made elsewhere
    locust.runners.HEARTBEAT_DEAD_INTERNAL = -sys.maxsize
    return recorder, Master(orders, recorder, spool)


def _arguments(orders: "Orders") -> list[str]:
    # of an open load Locust makes but one user a process, who sends the others
    users = orders.share.of if orders.is_open else orders.load.users
    # a person's own journeys ramp up in the first half of the warm-up
    at_once = orders.scenario is not None or orders.warmup_s == 0
    rate = users if at_once else max(1.0, users / (orders.warmup_s / 2))
    return [
        *("--locustfile", str(orders.locustfile)),
        *("--host", orders.host),
        *("--users", str(users)),
        *("--spawn-rate", str(rate)),
        *("--stop-timeout", f"{ceil(orders.finish_s)}s"),
        "--headless",
        "--only-summary",
        "--skip-log-setup",
        *_place(orders),
    ]


def _place(orders: "Orders") -> list[str]:
    post = orders.post
    if post is None:
        return []
    if post.role == "worker":
        return ["--worker", "--master-host", post.host, "--master-port", str(post.port)]
    return [
        "--master",
        *("--master-bind-host", post.host),
        *("--master-bind-port", str(post.port)),
        *("--expect-workers", str(post.workers)),
        *("--expect-workers-max-wait", str(ceil(post.wait_s))),
    ]


def _listen(events: Any, orders: "Orders", recorder: "Recorder", part: "Part") -> None:
    """Attach the recorder, begin and end the load by Locust's own events."""
    import gevent
    from locust.runners import LocalRunner, MasterRunner, WorkerRunner

    from scenarios import load_opening
    from scenarios.conductor import conduct
    from scenarios.web_page import show

    runners = {None: LocalRunner, "master": MasterRunner, "worker": WorkerRunner}

    def on_init(environment: "Environment", **_unused: Any) -> None:
        if not isinstance(environment.runner, runners[orders.role]):
            logging.error("the configuration beside the locustfile asks for several processes")
            sys.exit(1)
        recorder.attach(environment)
        _send_no_more_once_over(recorder)
        if orders.web_port is not None:
            show(environment, orders.web_port)
        if orders.is_open:
            conduct(environment, orders, recorder)

        def end_on_time(epoch: float) -> None:
            lasts_s = epoch - time.time() + orders.lasts_s
            gevent.spawn_later(lasts_s, _end, environment, recorder, orders.finish_s)

        def end_early() -> None:
            recorder.stop_early()
            gevent.spawn(_end, environment, recorder, orders.finish_s)

        if orders.users:  # a master ends when its workers have
            load_opening.listen(end_on_time)
        gevent.signal_handler(ENOUGH, part.attach(environment, end_early))

    def on_start(**_unused: Any) -> None:
        if orders.scenario is None and not orders.is_open:
            part.start()

    events.init.add_listener(on_init)
    # before the listeners of a person's own, which may send what does count
    events.test_start.add_listener(lambda **_unused: recorder.statistics.drop())
    events.test_start.add_listener(on_start)
    events.test_stopping.add_listener(lambda **_unused: recorder.stop())
    events.test_stop.add_listener(lambda **_unused: recorder.close(part.complaint()))


def _send_no_more_once_over(recorder: "Recorder") -> None:
    """Whoever begins to wait when the load is over, or ends it then, waits until stopped.

    Users are stopped one after the other, and those whose turn comes late would send meanwhile
    what belongs to no step.
    """
    import gevent
    from locust.user.task import TaskSet

    def sleep(_tasks: TaskSet, seconds: float) -> None:
        if not recorder.is_over(time.time()):
            gevent.sleep(seconds)
        if recorder.is_over(time.time()):
            gevent.sleep(_FOREVER_S)

    # Locust has no other place that every kind of user passes between two requests
    TaskSet._sleep = sleep  # type: ignore[method-assign]


def _end(environment: "Environment", recorder: "Recorder", finish_s: float) -> None:
    """Let the requests under way come to their end, and only then stop the users.

    Stopping thousands of users keeps the process busy, and would delay the
    answers of exactly those requests.
    """
    import gevent
    from locust.runners import WorkerRunner

    patience = time.monotonic() + finish_s
    while (recorder.walking or recorder.in_flight) and time.monotonic() < patience:
        gevent.sleep(_POLL_S)
    environment.stop_timeout = max(_LAST_MOMENT_S, patience - time.monotonic())
    if isinstance(environment.runner, WorkerRunner):
        # and there it waits until the master lets it go
        environment.runner.stop()
    elif environment.runner is not None:
        environment.runner.quit()


def _forget_ours() -> None:
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != _ROOT]
    for name in list(sys.modules):
        if name.partition(".")[0] in _OURS:
            del sys.modules[name]


def _die_with_the_runner() -> None:
    """Have the kernel end this process when the runner ends, however that happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if str(os.getppid()) != sys.argv[1]:
        sys.exit("the runner is gone")


def _open_files() -> None:
    """Every virtual user holds a connection: allow as many as the system lets us."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    main()
