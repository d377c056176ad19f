"""The master of several generator processes. Lives inside its Locust process.

Locust's own master starts, watches and ends the workers; beside that this one gives out the
shares, has all begin at one moment, and writes their lines of the spool into one file.
"""

import time
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.runners import MasterRunner

from capacity.spool import Closing, Lost, from_line, to_line
from scenarios import load_opening, messages
from scenarios.alone import End
from scenarios.crew import worker_orders
from scenarios.orders import Orders
from scenarios.recorder import Recorder
from scenarios.spool_file import SpoolFile

_POLL_S = 0.1
_LEAD_S = 0.25
"""How long before the load begins the workers are told."""
_CLOCK_ROUNDS = 8
_BETWEEN_ROUNDS_S = 0.02
_LAST_LINES_S = 2.0
"""How long workers told to end at once may take to send what they have counted."""


class Master:
    """Knows each worker by its share's name, from when it stands ready until it is done."""

    def __init__(self, orders: Orders, recorder: Recorder, spool: SpoolFile) -> None:
        self._orders = orders
        self._recorder = recorder
        self._spool = spool
        self._runner: MasterRunner
        self._joined: dict[str, int] = {}
        self._clients: dict[str, str] = {}
        self._ready: set[str] = set()
        self._clocks: dict[str, tuple[float, float]] = {}
        self._lines: dict[str, int] = {}
        self._done: set[str] = set()
        self._lost: set[str] = set()
        self._epoch = 0.0
        self._begun = Event()
        load_opening.decided_by(lambda: self._epoch)

    def attach(self, environment: Environment, _end_early: End) -> End:
        """Begin to listen to the workers of `environment`."""
        assert isinstance(environment.runner, MasterRunner)  # noqa: S101  # asked of Locust
        self._runner = environment.runner
        for name, heard in (
            (messages.JOIN, self._join),
            (messages.READY, self._stands_ready),
            (messages.CLOCK, self._clock_told),
            (messages.LINES, self._lines_came),
        ):
            self._runner.register_message(name, heard)
        events: Any = environment.events  # Locust has no types here
        # a share is its worker's: users of one that is lost are not made by others, by halves
        events.spawning_complete.add_listener(self._divide_no_more)
        events.quitting.add_listener(self._collect)
        gevent.spawn(self._watch)
        return lambda: self._end(at_once=False)

    def start(self) -> None:
        """Users begin when they are made: not before all workers know when."""
        self._begun.wait()

    def _end(self, *, at_once: bool) -> None:
        """Have the workers end their load before its time, with or without the last answers."""
        self._tell_all(messages.END, {"at_once": at_once})

    def _collect(self, **_unused: Any) -> None:
        """This process is to end: have the workers end, and take what they have counted."""
        if self._recorder.closed:
            return
        self._end(at_once=True)
        patience = time.monotonic() + _LAST_LINES_S
        while not self._all_done() and time.monotonic() < patience:
            gevent.sleep(_POLL_S)
        self._tell_all(messages.DONE, None)

    def complaint(self) -> str:
        """Why what was measured is no load test; empty when it is one."""
        self._look_for_missing()
        return "every worker was lost" if len(self._lost) == self._orders.share.of else ""

    def _join(self, msg: Any, **_unused: Any) -> None:
        """A worker asks for its part of the load."""
        orders, asked = self._orders, msg.data
        scenario = orders.scenario
        mine = messages.journeys_told(scenario.name if scenario else orders.locustfile)
        if asked["version"] != messages.version():
            answer = {"refusal": f"the master runs {messages.version()}, not {asked['version']}"}
        elif asked["journeys"] != mine:
            answer = {"refusal": f"the master loads by {mine}, not by {asked['journeys']}"}
        elif msg.node_id not in self._joined and len(self._joined) == orders.share.of:
            answer = {"refusal": f"the master has the {orders.share.of} workers it expects"}
        else:
            number = self._joined.setdefault(msg.node_id, len(self._joined))
            answer = {"orders": worker_orders(orders, number).model_dump_json()}
        self._runner.send_message(messages.JOIN, answer, client_id=msg.node_id)

    def _stands_ready(self, msg: Any, **_unused: Any) -> None:
        self._clients[_name(msg)] = msg.node_id
        self._ready.add(_name(msg))
        if len(self._ready) == self._orders.share.of and not self._begun.is_set():
            gevent.spawn(self._begin)

    def _begin(self) -> None:
        """Compare the clocks, then tell each worker when to begin by its own."""
        rounds = 0
        while rounds < _CLOCK_ROUNDS or self._clocks.keys() != self._ready - self._lost:
            self._tell_all(messages.CLOCK, time.time())
            gevent.sleep(_BETWEEN_ROUNDS_S)
            rounds += 1
        self._epoch = time.time() + _LEAD_S
        for name, (ahead_s, within_s) in self._clocks.items():
            go = {"epoch": self._epoch + ahead_s, "ahead_s": ahead_s, "within_s": within_s}
            self._runner.send_message(messages.GO, go, client_id=self._clients[name])
        load_opening.begin()
        self._begun.set()

    def _clock_told(self, msg: Any, **_unused: Any) -> None:
        """How far a worker's clock is ahead: by the quickest answer (Cristian, 1989).

        Its clock was read between asking and hearing, most likely in the middle; half of that
        time is as wrong as this can be.
        """
        within_s = (time.time() - msg.data["asked"]) / 2
        known = self._clocks.get(_name(msg))
        if known is None or within_s < known[1]:
            ahead_s = msg.data["here"] - (msg.data["asked"] + within_s)
            self._clocks[_name(msg)] = (ahead_s, within_s)

    def _lines_came(self, msg: Any, **_unused: Any) -> None:
        name, text = _name(msg), msg.data["text"]
        if msg.data["number"] != self._lines.get(name, 0):
            self._lose(name, "some of its counts were lost on the way")
        self._lines[name] = msg.data["number"] + 1
        self._spool.write(text)
        if text.startswith('{"kind":"closing"'):
            self._done.add(name)
            closing = from_line(text)
            if isinstance(closing, Closing) and closing.error:
                self._lose(name, closing.error)

    def _watch(self) -> None:
        """Look after the workers until the last is done, or the first lost before the load."""
        while not self._all_done() and not (self._lost and not self._begun.is_set()):
            gevent.sleep(_POLL_S)
            self._look_for_missing()
        if not self._recorder.closed:
            self._tell_all(messages.DONE, None)
            early = not self._begun.is_set()
            self._recorder.close(
                "a worker was lost before the load began" if early else self.complaint()
            )
            self._runner.quit()

    def _all_done(self) -> bool:
        return len(self._done | self._lost) == self._orders.share.of

    def _divide_no_more(self, **_unused: Any) -> None:
        self._runner._users_dispatcher = None

    def _look_for_missing(self) -> None:
        clients = self._runner.clients
        silent = {client.id for client in clients.missing}
        for name, client in self._clients.items():
            if name in self._done:
                continue
            if client in silent:
                self._lose(name, "it was heard no more")
            elif client not in clients:
                self._lose(name, "it left")

    def _lose(self, name: str, why: str) -> None:
        if name not in self._lost:
            self._lost.add(name)
            at_s = time.time() - self._epoch if self._begun.is_set() else 0.0
            self._spool.write(to_line(Lost(name, at_s, why)) + "\n")

    def _tell_all(self, name: str, data: Any) -> None:
        for client in self._clients.values():
            self._runner.send_message(name, data, client_id=client)


def _name(msg: Any) -> str:
    return messages.worker_name(messages.share_number(msg.node_id))
