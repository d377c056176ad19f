"""One load test from the start of the generator to the record, whatever happens between."""

import logging
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from capacity.disturbance import Disturbance
from capacity.probes import Probe
from capacity.run import Drilled, EndpointStats, Invalidity, Phase, Run, Status, Step, Stopped
from capacity.senders import missing, senders
from capacity.slo_watch import SloWatch, Standing
from capacity.spool import Cell, Closing, Entry, Fold, Opening, SpoolError, fold
from capacity.store import RecordError, TimelineWriter, write_run
from capacity.validity import assess, unfinished, waiting
from scenarios.crew import Crew
from scenarios.errors import ScenarioError
from scenarios.follow import Follower
from scenarios.live import Live, Second, Tick
from scenarios.messages import MASTER
from scenarios.orders import Orders
from scenarios.sampler import Sampler
from scenarios.sources import can_bind

_log = logging.getLogger(__name__)

_NOT_THEIRS = "site-packages/"
"""Part of every path of an installed package, wherever a person keeps the environment."""
_POLL_S = 0.05
_START_S = 60.0
"""How long the generator may take to load the journeys and begin."""
_STOP_S = 3.0
"""How long it may take to stop when a person wants to leave."""
_STANDING_EVERY_S = 5
"""How often the SLOs are judged meanwhile: it takes a tenth of a second of this process."""
_OVERRUN_S = 15.0
"""How long after the last request could have ended it may take to say so."""
_A_USER_S = 0.005
"""What each user adds to both: thousands are a while to make and to stop where CPU is scarce."""


class Attempt:
    """Drives one generator and keeps the record up to date.

    `began` tells whether the load has begun, and so whether there is anything to keep.
    """

    def __init__(
        self,
        folder: Path,
        record: Run,
        orders: Orders,
        probes: Sequence[Probe],
        on_second: Callable[[Tick], None],
        disturbance: Disturbance | None,
        slos: SloWatch | None,
        workers_here: int = 0,
        required: Sequence[str] = (),
    ) -> None:
        self._folder = folder
        self._record = record
        self._orders = orders
        self._probes = probes
        self._on_second = on_second
        self._disturbance = disturbance
        self._slos = slos
        self._readings: dict[str, float] = {}
        self._standing: list[Standing] = []
        self._workers_here = workers_here
        self._required = required
        self._follower = Follower(orders.spool)
        self._fold = Fold()
        # a master keeps the same book of itself as its workers
        self._live = Live(1 if orders.post is None else 1 + orders.post.workers)
        self._sampler: Sampler | None = None
        self._timeline: TimelineWriter | None = None
        self._finished = False
        self._ends_s = orders.steps[-1].end_s
        self.began = False

    def run(self) -> Run:
        """Run the load to its end; the final record, written. See `scenarios.runner.run`."""
        _say_when_sharing_an_address(self._orders)
        generator = Crew(self._orders, self._workers_here)
        try:
            self._watch(generator)
            self._sample_to_the_end()
            if self._disturbance is not None:
                self._disturbance.end()
            return self._keep(Status.STOPPED if self._stopped else Status.COMPLETE)
        except BaseException:
            generator.stop(_STOP_S)
            if self._disturbance is not None:
                self._disturbance.abandon()
            if self.began:
                self._keep_what_there_is()
            raise
        finally:
            generator.kill()
            if self._sampler is not None:
                self._sampler.stop()
            if self._timeline is not None:
                with suppress(RecordError):  # the run's own error is the one to tell
                    self._timeline.close()

    def _watch(self, generator: Crew) -> None:
        """Follow the spool until the generator's last word. Raises `ScenarioError` without one."""
        post = self._orders.post
        crowd_s = _A_USER_S * self._orders.load.users
        patience = time.monotonic() + _START_S + crowd_s
        patience += post.wait_s if post is not None else 0.0
        while True:
            # asked before reading: what it wrote before it ended is read then
            ended = generator.ended
            for entry in self._follower.read():
                self._take(entry)
                if isinstance(entry, Opening):
                    planned_s = entry.steps[-1].end_s + self._orders.finish_s
                    patience = time.monotonic() + planned_s + _OVERRUN_S + crowd_s
            self._write_samples()
            self._heed(generator)
            closing = self._fold.closings.get(self._orders.generator)
            if closing is not None:
                self._judge(closing, generator)
                return
            if ended:
                raise _broken("the load generator broke off", generator)
            if time.monotonic() > patience:
                raise _broken("the load generator does not answer", generator)
            time.sleep(_POLL_S)

    def _heed(self, generator: Crew) -> None:
        """End the load when an SLO stays missed, or what was done has shown itself or failed."""
        if self._stopped is not None:
            self._finish(generator)
        what = self._disturbance
        if what is None or not self.began:
            return
        if what.error is not None:
            raise what.error
        if what.enough:
            self._finish(generator)

    def _finish(self, generator: Crew) -> None:
        if not self._finished:
            self._finished = True
            self._ends_s = time.time() - self._record.started_at.timestamp()
            generator.finish()

    @property
    def _stopped(self) -> Stopped | None:
        """Which SLO ended the load, and why."""
        return None if self._slos is None else self._slos.stopped

    def _judge(self, closing: Closing, generator: Crew) -> None:
        generator.wait(_STOP_S)
        built_in = self._orders.scenario
        journeys = f"scenario {built_in.name}" if built_in else self._orders.locustfile.name
        if closing.error:
            raise self._told(f"{journeys} cannot be run: {closing.error}", generator.last_words())
        if not any(step.arrivals.achieved for step in self._fold.steps()):
            words = generator.last_words()
            raise self._told(f"{journeys} sent no request: {_last_of(words)}", words)

    def _told(self, what: str, words: str) -> ScenarioError:
        """The error with its place in a person's own file; all that was said only without one."""
        if self._orders.scenario is None:
            file = self._orders.locustfile
            own = rf'File "{re.escape(str(file.parent))}/([^"]+)", line (\d+)'
            places = [place for place in re.findall(own, words) if _NOT_THEIRS not in place[0]]
            if places and file.name + ", line" not in what:
                return ScenarioError(f"{what} ({places[-1][0]}, line {places[-1][1]})")
            if places:
                return ScenarioError(what)
        return ScenarioError(what, details=words)

    def _take(self, entry: Entry) -> None:
        self._fold.add(entry)
        if self._slos is not None and isinstance(entry, Cell):
            self._slos.take(entry)
        if isinstance(entry, Opening) and not self.began:
            self._begin(entry)
        for second in self._live.add(entry):
            self._keep_second(second)

    def _keep_second(self, second: Second) -> None:
        if self._timeline is None:
            return
        self._timeline.append(second.second, second.series)
        if self._slos is not None:
            self._slos.sample(second.second, second.series)
            if not self._finished:
                self._slos.look(self._record, second.second, second.tick.phase)
        if second.second % _STANDING_EVERY_S == 0:
            self._standing = self._stands()
        self._on_second(replace(second.tick, readings=self._readings, standing=self._standing))

    def _stands(self) -> list[Standing]:
        """How the SLOs stand by what was counted until now."""
        if self._slos is None:
            return []
        counted = {"steps": self._fold.steps(), "endpoints": self._fold.endpoints()}
        return self._slos.standing(self._record.model_copy(update=counted))

    def _begin(self, opening: Opening) -> None:
        self.began = True
        started_at = datetime.fromtimestamp(opening.epoch, UTC)
        self._record = self._record.model_copy(update={"started_at": started_at})
        write_run(self._folder, self._record)
        self._timeline = TimelineWriter(self._folder)
        self._sampler = Sampler(self._probes, opening.epoch)
        self._sampler.start()
        if self._disturbance is not None:
            self._disturbance.begin(opening.epoch)

    def _write_samples(self) -> None:
        if self._sampler is None or self._timeline is None:
            return
        for second, values in self._sampler.drain():
            # what the system does after the load has ended is no part of the run
            if second < self._ends_s:
                self._timeline.append(second, values)
                self._readings = self._readings | values
                if self._slos is not None:
                    self._slos.sample(second, values)

    def _sample_to_the_end(self) -> None:
        if self._sampler is not None:
            self._sampler.stop()
        self._write_samples()

    def _keep_what_there_is(self) -> None:
        """Save what was measured before the run broke off, if that is still possible."""
        # a disk that is full or a spool that is damaged is what broke the run, and is told
        with suppress(RecordError, SpoolError):
            # read anew: a Ctrl-C may have come between reading a line and adding it up
            text = self._orders.spool.read_text(encoding="utf-8")
            self._fold = fold(text.splitlines())
            self._keep(Status.INTERRUPTED)

    def _keep(self, status: Status) -> Run:
        steps, endpoints = self._fold.steps(), self._fold.endpoints()
        what = self._record.what
        early = self._disturbance is not None or status is Status.STOPPED
        if early and steps and steps[-1].phase is Phase.MEASURED:
            # it went on for as long as it took, not for as long as it might have
            what = what.model_copy(update={"duration_s": round(steps[-1].seconds, 1)})
        lasted = timedelta(seconds=self._fold.elapsed_s)
        self._record = self._record.model_copy(
            update={
                "status": status,
                "what": what,
                "ended_at": self._record.started_at + lasted,
                "steps": steps,
                "endpoints": endpoints,
                "invalid": [
                    *missing(self._fold.lost.values()),
                    *self._invalid(steps, endpoints),
                ],
                "senders": senders(self._fold),
                "drill": self._drilled(),
                "stopped": self._stopped,
            }
        )
        write_run(self._folder, self._record)
        return self._record

    def _invalid(self, steps: list[Step], endpoints: list[EndpointStats]) -> list[Invalidity]:
        # nobody waits before sending an open load's next arrival
        waited = {} if self._orders.is_open else waiting(endpoints)
        # a master's own delays are in no latency
        beats = [one for one in self._fold.beats if one.generator != MASTER]
        if self._disturbance is not None:
            # what is broken on purpose gives no reading, and that is no gap
            late = unfinished(self._disturbance.events, steps[-1].end_s if steps else 0.0)
            return [*late, *assess(steps, beats, {}, waited)]
        unread = {} if self._sampler is None else self._sampler.unread
        read = {} if self._sampler is None else self._sampler.read
        seconds = {series: read.get(series, set()) for series in self._required}
        return assess(steps, beats, unread, waited, seconds)

    def _drilled(self) -> Drilled | None:
        found, what = self._record.drill, self._disturbance
        if found is None or what is None:
            return None
        return found.model_copy(update={"events": what.events, "trouble": self._fold.trouble()})


def _broken(what: str, generator: Crew) -> ScenarioError:
    words = generator.last_words()
    return ScenarioError(f"{what}: {_last_of(words)}", details=words)


def _last_of(words: str) -> str:
    """The last line that tells a person something: not which greenlet it was."""
    lines = [line for line in words.splitlines() if line.strip() and "<Greenlet" not in line]
    return lines[-1].strip() if lines else "it said nothing"


def _say_when_sharing_an_address(orders: Orders) -> None:
    host = urlsplit(orders.host).hostname or ""
    if orders.scenario is not None and not can_bind(host):
        _log.warning(
            "all virtual users share one address here: rate limits by address will refuse many"
        )
