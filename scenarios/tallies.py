"""Requests added up by step and endpoint, a batch at a time.

Between two answers a load generator does a great many other things, and what it comes back to
has left the processor's caches by then. So a request is only noted when it ends; counting is done
for many at once, in one loop. Nothing here gives way to another greenlet.
"""

import logging
from bisect import bisect
from collections.abc import Sequence

from capacity.spool import PlannedStep

_log = logging.getLogger(__name__)

BATCH = 256
"""So many are added up at once: few enough that nobody waits for it longer than for a request."""
REFUSED = 429
_MOST_KINDS = 50
"""Kinds of errors per endpoint and second; a journey whose messages all differ is cut here."""

Heard = tuple[str, str, float, float, int | None, int | None, int, str | None]
"""A request that ended: its method and endpoint, when it was meant to start and when it did (Unix
times in s), microseconds it took (None: never answered), bytes received, status, kind of failure
(None: it succeeded)."""


class Tally:
    """One endpoint in one step and second. Times in microseconds."""

    __slots__ = (
        "bytes",
        "corrected",
        "errors",
        "failed",
        "failures",
        "raw",
        "refusals",
        "requests",
    )
    corrected: list[int] | None
    """None as long as every request was sent when it was meant to: then it is as `raw`."""

    def __init__(self) -> None:
        self.requests = 0
        self.failures = 0
        self.refusals = 0
        self.bytes = 0
        self.errors: dict[str, int] = {}
        self.raw: list[int] = []
        self.corrected = None
        self.failed: list[int] = []

    def succeed(self, took_us: int, late_us: int) -> None:
        """One more success, sent `late_us` after it was meant to be."""
        if self.corrected is not None:
            self.corrected.append(took_us + late_us)
        elif late_us:
            self.corrected = [*self.raw, took_us + late_us]
        self.raw.append(took_us)

    def fail(self, kind: str, took_us: int | None) -> None:
        """One more failure of `kind`."""
        self.failures += 1
        if kind not in self.errors and len(self.errors) >= _MOST_KINDS:
            kind = "other"
        self.errors[kind] = self.errors.get(kind, 0) + 1
        if took_us is not None:
            self.failed.append(took_us)


Place = tuple[str, str, str]
"""A step, a method and an endpoint."""


class Tallies:
    """What was heard since last asked, of a load with these `steps`.

    Whoever appends to `heard` sees to `fold` when there are `BATCH` of them.
    """

    def __init__(self, steps: Sequence[PlannedStep]) -> None:
        self._starts = [step.start_s for step in steps]
        self._names = [step.name for step in steps]
        self._tallies: dict[Place, Tally] = {}
        self._late_us = 0
        self.heard: list[Heard] = []
        """Requests not yet added up."""
        self.epoch = 0.0
        """The Unix time of second 0."""

    def step_at(self, at_s: float) -> str:
        """The step that second `at_s` of the load belongs to."""
        return self._names[bisect(self._starts, at_s) - 1]

    def fold(self) -> None:
        """Add up what was heard. What cannot be added is logged, and keeps nothing else out."""
        batch = self.heard[:]
        # not cleared: a thread of a person's own may have told of one more
        del self.heard[: len(batch)]
        tallies, epoch, step_at = self._tallies, self.epoch, self.step_at
        failed: list[tuple[str, str, Exception]] = []
        for method, name, intended, sent, took_us, length, status, failure in batch:
            try:
                place = (step_at(intended - epoch), method, name)
                tally = tallies.get(place)
                if tally is None:
                    tally = tallies[place] = Tally()
                tally.bytes += length or 0
                tally.requests += 1
                if status == REFUSED:
                    tally.refusals += 1
                elif failure is not None:
                    tally.fail(failure, took_us)
                elif took_us is not None:
                    late_us = int((sent - intended) * 1_000_000) if sent > intended else 0
                    if late_us > self._late_us:
                        self._late_us = late_us
                    tally.succeed(took_us, late_us)
            except Exception as error:
                failed.append((method, name, error))
        # only now: whoever logs may have to wait, and another greenlet would count meanwhile
        for method, name, why in failed:
            _log.error("a request of %s %s cannot be counted", method, name, exc_info=why)

    def take(self) -> tuple[dict[Place, Tally], int]:
        """Everything heard since last asked, and how late the latest was sent, in microseconds."""
        self.fold()
        tallies, self._tallies = self._tallies, {}
        late_us, self._late_us = self._late_us, 0
        return tallies, late_us
