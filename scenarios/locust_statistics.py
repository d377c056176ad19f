"""Locust's own statistics, which its page, its exit code and people's journeys read.

Locust adds every request up the moment it ends, twice over: for its endpoint and for all.
Here that is done for many at once, as in `scenarios.tallies` and for the same reason. What is
read there is as it would have been, by a second at most later.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import locust.stats
from locust.env import Environment
from locust.runners import Runner
from locust.stats import RequestStats, StatsEntry

_log = logging.getLogger(__name__)

Took = Any
"""Milliseconds, a float, or None: Locust's types say int."""
Told = tuple[str, str, Took, int | None]
"""A request that ended: its method and endpoint, how long it took, bytes received."""


class LocustStatistics:
    """What Locust was told of and has not added up yet.

    Whoever appends to `told` sees to `fold`.
    """

    def __init__(self) -> None:
        self.told: list[Told] = []
        self._environment: Environment | None = None

    def take_over(self, environment: Environment) -> None:
        """Add up for the runner of `environment` in place of its own listener.

        Where there is none, or not the one we know, nothing is taken over: what is told is
        forgotten, and Locust goes on by itself.
        """
        hook = environment.events.request
        for listener in hook._handlers:
            if (listener.__module__, listener.__qualname__) == (
                Runner.__module__,
                f"{Runner.__qualname__}.__init__.<locals>.on_request",
            ):
                # Locust has no types for this
                hook.remove_listener(listener)  # type: ignore[no-untyped-call]
                self._environment = environment
                return

    def fail(self, method: str, name: str, why: BaseException) -> None:
        """A request failed: added at once, after all before it, so that no share is ever off."""
        self.fold()
        if self._environment is not None:
            # Locust hands any BaseException on to this, and says Exception
            self._environment.stats.log_error(method, name, why)  # type: ignore[arg-type]

    def drop(self) -> None:
        """Forget what was told: Locust sets its statistics back when a load begins."""
        self.told.clear()

    def fold(self) -> None:
        """Add up what was told. What cannot be added is logged, and keeps nothing else out."""
        batch = self.told[:]
        # not cleared: a thread of a person's own may have told of one more
        del self.told[: len(batch)]
        if self._environment is None:
            return
        stats = self._environment.stats
        ended: defaultdict[tuple[str, str], list[tuple[Took, int | None]]] = defaultdict(list)
        for method, name, took_ms, length in batch:
            ended[name, method].append((took_ms, length))
        for (name, method), requests in ended.items():
            try:
                _add((stats.total, stats.entries[name, method]), requests)
            except Exception:
                _add_singly(stats, [(method, name, *request) for request in requests])


def _add_singly(stats: RequestStats, requests: Sequence[Told]) -> None:
    for method, name, took_ms, length in requests:
        try:
            stats.log_request(method, name, took_ms, length or 0)
        except Exception:
            _log.exception("Locust cannot count a request of %s %s", method, name)


def _add(entries: Sequence[StatsEntry], requests: Sequence[tuple[Took, int | None]]) -> None:
    """Add `requests` to each entry as Locust would: the last by its own means, with the clock.

    Raises before anything is added if one of them is none that can be.
    """
    rounded = [locust.stats.bucket_response_time(ms) for ms, _ in requests if ms is not None]
    *others, (last_ms, last_length) = requests
    if last_ms is not None:
        rounded.pop()  # it will be added with it
    took_ms = [ms for ms, _ in others if ms is not None]
    received = sum(length or 0 for _, length in others)
    for entry in entries:
        entry.log(last_ms, last_length or 0)
        entry.num_requests += len(others)
        entry.num_none_requests += len(others) - len(took_ms)
        entry.num_reqs_per_sec[int(entry.last_request_timestamp or 0)] += len(others)
        entry.total_content_length += received
        if took_ms:
            entry.total_response_time += sum(took_ms)
            least = entry.min_response_time
            entry.min_response_time = min(took_ms) if least is None else min(least, *took_ms)
            entry.max_response_time = max(entry.max_response_time, *took_ms)
        for one in rounded:
            entry.response_times[one] += 1
