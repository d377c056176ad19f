"""A worker among several generator processes. Lives inside its Locust process."""

import time
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.runners import WorkerRunner

from scenarios import load_opening, messages
from scenarios.alone import End
from scenarios.orders import Orders
from scenarios.recorder import Recorder

_UNANSWERED_S = 1.0
"""How long users may take to stop when the load ends at once."""


class Worker:
    """Sends its share of the load when the master says so, and what it counts to the master."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self.recorder: Recorder
        """What counts here; it is told the master's clock before the load begins."""
        self._runner: WorkerRunner | None = None
        self._sent = 0
        self._is_ready = False
        self._go = Event()
        self._epoch = 0.0
        load_opening.decided_by(self._meet)

    def attach(self, environment: Environment, end_early: End) -> End:
        """Begin to listen to the master."""
        assert isinstance(environment.runner, WorkerRunner)  # noqa: S101  # asked of Locust
        self._runner = runner = environment.runner
        recorder, events = self.recorder, environment.events
        # until the master lets this process go, its end is a fault
        environment.process_exit_code = 1

        def go(msg: Any, **_unused: Any) -> None:
            recorder.clock = (msg.data["ahead_s"], msg.data["within_s"])
            self._epoch = msg.data["epoch"]
            self._go.set()

        def end(msg: Any, **_unused: Any) -> None:
            if msg.data["at_once"]:
                recorder.stop()
                environment.stop_timeout = _UNANSWERED_S
                gevent.spawn(runner.stop)
            else:
                end_early()

        def done(**_unused: Any) -> None:
            environment.process_exit_code = 0

        def leave(**_unused: Any) -> None:
            recorder.close("it was stopped")

        runner.register_message(messages.CLOCK, self._tell_clock)
        runner.register_message(messages.GO, go)
        runner.register_message(messages.END, end)
        runner.register_message(messages.DONE, done)
        events.quitting.add_listener(leave)  # type: ignore[no-untyped-call]  # Locust's
        if self._orders.scenario is None and not self._orders.is_open:
            # such users begin when they are made, which is after the master's word
            self._stand_ready()
        return end_early

    def start(self) -> None:
        """The master's word has come: no user is made before the moment it names."""
        gevent.sleep(max(0.0, load_opening.begin() - time.time()))

    def complaint(self) -> str:
        """None: what becomes of the whole is the master's to say."""
        return ""

    def write(self, lines: str) -> None:
        """Send lines of the spool to the master; before it is found there is nothing to tell."""
        if self._runner is not None:
            self._runner.send_message(messages.LINES, {"number": self._sent, "text": lines})
            self._sent += 1

    def _stand_ready(self) -> None:
        if self._runner is not None and not self._is_ready:
            self._is_ready = True
            self._runner.send_message(messages.READY)

    def _meet(self) -> float:
        """Wait for the other workers; when the load begins, by this machine's clock."""
        self._stand_ready()
        self._go.wait()
        return self._epoch

    def _tell_clock(self, msg: Any, **_unused: Any) -> None:
        if self._runner is not None:
            answer = {"asked": msg.data, "here": time.time()}
            self._runner.send_message(messages.CLOCK, answer)
