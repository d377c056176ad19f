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
from typing import TYPE_CHECKING, Any

_ROOT = Path(__file__).resolve().parent.parent
_OURS = ("capacity", "cli", "reference_app", "reports", "scenarios", "stack")
_PR_SET_PDEATHSIG = 1
_FOREVER_S = 86_400
ENOUGH = signal.SIGUSR1
"""Ends the load before its time, in order."""
_POLL_S = 0.01
_LAST_MOMENT_S = 0.5
"""Even after all patience is used up, users may still run their `on_stop`."""

if TYPE_CHECKING:
    from locust.env import Environment

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
    from scenarios.orders import read_orders
    from scenarios.recorder import Recorder

    orders = read_orders()
    _open_files()
    last_error = _LastError()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    logging.getLogger().addHandler(last_error)
    # Locust looks up who stops a run, for a debug message, by reading sources for 0.3 s
    locust.runners.inspect = None  # type: ignore[attr-defined,assignment]
    recorder = Recorder(orders)
    load_opening.listen(recorder.open)
    _listen(locust.events, orders, recorder)
    if orders.scenario is None:
        # only a locustfile's users count; without this a file that has none is run as a pytest
        locust.main.load_locustfile_pytest = lambda _path: {}  # type: ignore[attr-defined,assignment]
        _forget_ours()
    sys.argv = ["locust", *_arguments(orders)]
    try:
        locust.main.main()  # type: ignore[no-untyped-call]
    except SystemExit as end:
        if end.code not in (0, None) and not recorder.closed:
            recorder.close(last_error.text or f"it ended with {end.code}")
        raise
    except Exception as error:
        recorder.close(f"{type(error).__name__}: {error}")
        raise


def _arguments(orders: "Orders") -> list[str]:
    # of an open load Locust makes but one user, who sends the others
    users = 1 if orders.is_open else orders.users
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
    ]


def _listen(events: Any, orders: "Orders", recorder: "Recorder") -> None:
    """Attach the recorder, begin and end the load by Locust's own events."""
    import gevent
    from locust.runners import LocalRunner

    from scenarios import load_opening
    from scenarios.conductor import conduct
    from scenarios.web_page import show

    def on_init(environment: "Environment", **_unused: Any) -> None:
        if not isinstance(environment.runner, LocalRunner):
            logging.error("the configuration beside the locustfile asks for several processes")
            sys.exit(1)
        recorder.attach(environment)
        if orders.web_port is not None:
            show(environment, orders.web_port)
        if orders.is_open:
            conduct(environment, orders, recorder)
        load_opening.listen(
            lambda _epoch: gevent.spawn_later(
                orders.lasts_s, _end, environment, recorder, orders.finish_s
            )
        )

        def end_early() -> None:
            recorder.stop_early()
            gevent.spawn(_end, environment, recorder, orders.finish_s)

        gevent.signal_handler(ENOUGH, end_early)

    def on_start(**_unused: Any) -> None:
        if orders.scenario is None and not orders.is_open:
            load_opening.announce(time.time())

    events.init.add_listener(on_init)
    events.test_start.add_listener(on_start)
    events.test_stopping.add_listener(lambda **_unused: recorder.stop())
    events.test_stop.add_listener(lambda **_unused: recorder.close())


def _end(environment: "Environment", recorder: "Recorder", finish_s: float) -> None:
    """Let the requests under way come to their end, and only then stop the users.

    Stopping thousands of users keeps the process busy, and would delay the
    answers of exactly those requests.
    """
    import gevent
    from locust.user.task import TaskSet

    patience = time.monotonic() + finish_s
    # who begins to wait now waits until stopped, instead of sending more
    TaskSet._sleep = lambda _self, _seconds: gevent.sleep(_FOREVER_S)  # type: ignore[method-assign]
    while (recorder.walking or recorder.in_flight) and time.monotonic() < patience:
        gevent.sleep(_POLL_S)
    environment.stop_timeout = max(_LAST_MOMENT_S, patience - time.monotonic())
    if environment.runner is not None:
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
