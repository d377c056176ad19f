"""Hears of every request inside the Locust process and writes them down once a second.

A request is only noted when it ends and counted with many others (`scenarios.tallies`);
histograms are made once a second, endpoint by endpoint, giving way to the virtual users
in between.

A request belongs to the step in which it was meant to start. One still in flight
at the end counts when it ends; if it never does, as an error of kind
`unfinished`. Requests started after the end belong to no step.

A journey, several requests timed as one (`scenarios.journey_marks`), that the end cut off
is not counted at all: it neither failed nor took as long as it had lasted by then.
"""

import functools
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import gevent
import psutil
from gevent import Greenlet, GreenletExit
from gevent.lock import RLock
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment

from capacity.histogram import Histogram
from capacity.run import JOURNEY
from capacity.spool import Beat, Cell, Closing, Due, Entry, Opening, Written, to_line
from scenarios.conditions import Conditions
from scenarios.error_kinds import kind_of
from scenarios.journey_marks import JourneyMarks
from scenarios.locust_statistics import LocustStatistics
from scenarios.orders import Orders
from scenarios.readable import taken_us
from scenarios.tallies import BATCH, REFUSED, Tallies, Tally

_TICK_S = 0.1


class Recorder:
    """Listens to Locust's request event and spools what it hears.

    `write` takes whole lines of the spool to where they are kept.
    """

    def __init__(self, orders: Orders, write: Callable[[str], None]) -> None:
        self._orders = orders
        self._keep = write
        self._steps = orders.steps
        self._tallies = Tallies(orders.steps)
        self.statistics = LocustStatistics()
        self._written: list[Written] = []
        self._offered: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._epoch = self.until = float("inf")
        self._ended_s: float | None = None
        self._lateness_us = 0
        self._second = 0
        self._flushed_at = self._cpu_s = 0.0
        self._writing = RLock()
        self._loops: list[Greenlet] = []
        self._marks = JourneyMarks()
        self._histogram = Histogram()
        self._process = psutil.Process()
        self._conditions = Conditions()
        self._environment: Environment | None = None
        self.clock = (0.0, 0.0)
        """How far this clock is ahead of the master's, and within what that is known, in s."""
        self.closed = False
        self.in_flight = 0
        """Requests under way that were started before the end."""
        self.walking = False
        """Whether arrivals that were due before the end are still being sent, or under way."""

    def attach(self, environment: Environment) -> None:
        """Begin to listen to `environment`; nothing is counted before `open`."""
        self._environment = environment
        environment.events.request.add_listener(self.on_request)  # type: ignore[no-untyped-call]
        self.statistics.take_over(environment)
        watch(FastHttpSession, self)
        watch(HttpSession, self)

    def open(self, epoch: float) -> None:
        """The load begins at the Unix time `epoch`."""
        self._epoch = self._flushed_at = self._tallies.epoch = epoch
        self.until = epoch + self._steps[-1].end_s
        self._cpu_s = time.process_time()
        self._conditions = Conditions()
        orders, (ahead_s, within_s) = self._orders, self.clock
        self._write(
            [
                Opening(
                    generator=orders.generator,
                    epoch=epoch - ahead_s,
                    users=orders.users,
                    offered_rate=orders.offered_rate,
                    steps=self._steps,
                    ahead_s=ahead_s,
                    within_s=within_s,
                    elsewhere=orders.post is not None and orders.post.elsewhere,
                )
            ]
        )
        self._loops = [gevent.spawn(self._flush_each_second), gevent.spawn(self._watch_lateness)]

    def on_request(
        self,
        request_type: str,
        name: str,
        response_time: float | None,
        response_length: int | None,
        exception: BaseException | None = None,
        response: Any = None,
        context: Mapping[str, Any] | None = None,
        start_time: float | None = None,
        url: str = "",  # named here, as a mapping made for the rest costs more than all the others
        **_unused: Any,
    ) -> None:
        """Count one request. Locust calls this; times in ms, `start_time` a Unix time in s."""
        told = self.statistics.told
        told.append((request_type, name, response_time, response_length))
        if exception:
            self.statistics.fail(request_type, name, exception)
        elif len(told) >= BATCH or self.closed:
            self.statistics.fold()
        if start_time is None:
            start_time = time.time() - (response_time or 0.0) / 1000
        status = getattr(response, "status_code", 0) or 0
        if request_type == JOURNEY:
            if isinstance(sys.exception(), GreenletExit):
                return
            intended = self._marks.due(start_time)
            exception = exception or self._marks.failure(start_time)
        else:
            intended = context.get("intended", start_time) if context else start_time
            if exception is not None or intended < start_time:
                self._marks.note(start_time, intended, exception)
        if context:
            self._remember(context, start_time, (response_time or 0.0) / 1000, status)
        if not self._epoch <= intended < self.until:
            return
        took_us = None if response_time is None else taken_us(start_time, response_time, response)
        failure = None if exception is None or status == REFUSED else kind_of(exception, status)
        heard = self._tallies.heard
        heard.append(
            (request_type, name, intended, start_time, took_us, response_length, status, failure)
        )
        if len(heard) >= BATCH:
            self._tallies.fold()

    def on_arrival(self, intended: float, sent: bool) -> None:
        """Count an arrival of an open load that was due at the Unix time `intended`."""
        step = self._tallies.step_at(intended - self._epoch)
        self._offered[step] += 1
        if not sent:
            self._dropped[step] += 1

    def is_over(self, now: float) -> bool:
        """Whether requests started at the Unix time `now` no longer count."""
        return now >= self.until

    def stop(self) -> None:
        """Users are being stopped: what starts from now on no longer counts."""
        self.until = min(self.until, time.time())

    def stop_early(self) -> None:
        """The load has shown what it was to show: it ends now."""
        self.stop()
        self._ended_s = self.until - self._epoch

    def unfinished(self, method: str, name: str, context: Mapping[str, Any], sent: float) -> None:
        """A request, sent at `sent`, whose user was stopped before any answer came."""
        self._remember(context, sent, time.time() - sent, 0)
        intended = context.get("intended", sent)
        if self._epoch <= intended < self.until:
            heard = self._tallies.heard
            heard.append((method, name, intended, sent, None, 0, 0, "unfinished"))
            if len(heard) >= BATCH:
                self._tallies.fold()

    def close(self, error: str = "") -> None:
        """All users have stopped: write the rest, and the last word. There is but one."""
        if self.closed:
            return
        self.closed = True
        # not while a second is being written: its counts would go with the greenlet
        with self._writing:
            gevent.killall(self._loops)
        self.statistics.fold()
        if self._epoch != float("inf"):
            self._flush()
        at = time.time() - self._epoch if self._epoch != float("inf") else 0.0
        self._write([Closing(self._orders.generator, at, error, self._ended_s)])

    def _remember(
        self, context: Mapping[str, Any], sent: float, taken_s: float, status: int
    ) -> None:
        """Note what became of a write that can be found again."""
        key = context.get("key")
        if key is not None:
            at_s = sent - self._epoch
            self._written.append(Written(self._orders.generator, key, at_s, taken_s, status))

    def _flush_each_second(self) -> None:
        while True:
            due = self._epoch + self._second + 1
            gevent.sleep(max(0.0, due - time.time()))
            self._flush()

    def _watch_lateness(self) -> None:
        """A timer of our own: what delays it delays every virtual user too."""
        while True:
            due = time.perf_counter() + _TICK_S
            gevent.sleep(_TICK_S)
            late_us = int((time.perf_counter() - due) * 1_000_000)
            self._lateness_us = max(self._lateness_us, late_us)

    def _flush(self) -> None:
        with self._writing:
            self.statistics.fold()
            tallies, late_us = self._tallies.take()
            self._lateness_us = max(self._lateness_us, late_us)
            written, self._written = self._written, []
            beat = self._beat()
            cells: list[Entry] = [*written, *self._due(beat)]
            for (step, method, name), tally in tallies.items():
                cells.append(self._cell(beat.second, step, method, name, tally))
                gevent.sleep(0)
            # the beat last: whoever reads along knows then that the second is whole
            self._write([*cells, beat])

    def _due(self, beat: Beat) -> list[Due]:
        """What an open load offered since last asked; a second without arrivals says so too."""
        if not self._orders.is_open or not self._orders.users:
            return []
        offered, self._offered = self._offered, Counter()
        dropped, self._dropped = self._dropped, Counter()
        steps = list(offered) or [self._tallies.step_at(beat.second)]
        generator, second = beat.generator, beat.second
        return [Due(generator, second, step, offered[step], dropped[step]) for step in steps]

    def _beat(self) -> Beat:
        now, cpu_s = time.time(), time.process_time()
        length = max(now - self._flushed_at, 1e-6)
        steal, jump_s = self._conditions.since_last()
        beat = Beat(
            generator=self._orders.generator,
            second=self._second,
            length_s=length,
            users=self._users(),
            cpu=(cpu_s - self._cpu_s) / length,
            memory_bytes=self._process.memory_info().rss,
            lateness_us=self._lateness_us,
            steal=steal,
            jump_s=jump_s,
        )
        self._flushed_at, self._cpu_s, self._lateness_us = now, cpu_s, 0
        # a flush that comes seconds late covers them all: none is made up for
        self._second = max(self._second + 1, int(now - self._epoch))
        return beat

    def _users(self) -> int:
        """Virtual users alive, or of an open load those who wait for an answer."""
        if self._orders.is_open:
            return self.in_flight
        if self._environment is None or self._environment.runner is None or not self._orders.users:
            return 0
        return self._environment.runner.user_count

    def _cell(self, second: int, step: str, method: str, name: str, tally: Tally) -> Cell:
        raw = self._encoded(tally.raw)
        return Cell(
            generator=self._orders.generator,
            second=second,
            step=step,
            method=method,
            endpoint=name,
            requests=tally.requests,
            failures=tally.failures,
            refusals=tally.refusals,
            errors=tally.errors,
            bytes_received=tally.bytes,
            raw=raw,
            corrected=raw if tally.corrected is None else self._encoded(tally.corrected),
            failed=self._encoded(tally.failed),
        )

    def _encoded(self, times_us: list[int]) -> str:
        if not times_us:
            return ""
        self._histogram.clear()
        self._histogram.record_all(times_us)
        return self._histogram.encode()

    def _write(self, entries: list[Entry]) -> None:
        self._keep("".join(f"{to_line(entry)}\n" for entry in entries))


def watch(client: type[Any], recorder: Recorder) -> None:
    """Have `recorder` know of requests of `client` under way, and of those cut off.

    Locust stops users that do not finish in time by killing their greenlets, and
    fires no event for the request they were in: the slowest requests would be
    missing from the count.
    """
    send: Callable[..., Any] = client.request

    # on the way of every request: arguments go through as they come
    @functools.wraps(send)
    def watched(*call: Any, **options: Any) -> Any:
        started = time.time()
        if started >= recorder.until and not recorder.walking:
            return send(*call, **options)
        recorder.in_flight += 1
        try:
            return send(*call, **options)
        except GreenletExit:
            _cut_off(recorder, started, *call, **options)
            raise
        finally:
            recorder.in_flight -= 1

    client.request = watched


def _cut_off(
    recorder: Recorder,
    started: float,
    session: Any,
    method: str,
    url: str,
    name: str | None = None,
    *_rest: Any,
    context: Mapping[str, Any] | None = None,
    **_options: Any,
) -> None:
    """The request that `session` was asked for at `started` will never end."""
    recorder.unfinished(method, name or session.request_name or url, context or {}, started)
