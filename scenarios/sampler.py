"""Asks the probes for readings once a second, on schedule, in a thread of its own."""

import logging
import queue
import threading
import time
from collections.abc import Sequence

from capacity.probes import Kind, Probe

_log = logging.getLogger(__name__)


class Sampler:
    """Samples `probes` every second from the Unix time `epoch` on.

    The first sample, at `epoch`, is what counters are counted from. The sample
    at second n describes the second before it, so it is handed out as second
    n - 1. Rates use the time that really passed between two samples of a series.
    """

    def __init__(self, probes: Sequence[Probe], epoch: float) -> None:
        self._probes = probes
        self._epoch = epoch
        self._counters: dict[str, tuple[float, float]] = {}
        self._rows: queue.SimpleQueue[tuple[int, dict[str, float]]] = queue.SimpleQueue()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self.unread: dict[str, list[int]] = {probe.name: [] for probe in probes}
        """For each probe the seconds in which it gave no reading."""
        self.read: dict[str, set[int]] = {}
        """For each series the seconds of which it has a value."""

    def start(self) -> None:
        """Begin to sample."""
        self._thread.start()

    def stop(self) -> None:
        """Stop sampling; a sample under way is finished first, for at most 5 s."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def drain(self) -> list[tuple[int, dict[str, float]]]:
        """The seconds sampled since last asked, with their values by series."""
        rows = []
        while not self._rows.empty():
            rows.append(self._rows.get())
        return rows

    def _run(self) -> None:
        self._sample()
        second = 0
        while not self._end.wait(max(0.0, self._epoch + second + 1 - time.time())):
            values = self._sample(second)
            for series in values:
                self.read.setdefault(series, set()).add(second)
            if values:
                self._rows.put((second, values))
            second = self._next(second)

    def _next(self, second: int) -> int:
        """The second to sample next: those a slow probe made us miss are gaps for all."""
        following = max(second + 1, int(time.time() - self._epoch))
        for missed in range(second + 1, following):
            for gaps in self.unread.values():
                gaps.append(missed)
        return following

    def _sample(self, second: int | None = None) -> dict[str, float]:
        values: dict[str, float] = {}
        for probe in self._probes:
            try:
                self._read(probe, values)
            except Exception as error:  # one part that does not answer must not blind us to all
                if second is None:
                    continue
                if not self.unread[probe.name]:
                    _log.warning("%s gives no reading: %s", probe.name, error)
                self.unread[probe.name].append(second)
        return values

    def _read(self, probe: Probe, values: dict[str, float]) -> None:
        for reading in probe.sample():
            now = time.perf_counter()
            if reading.kind is Kind.GAUGE:
                values[reading.series] = reading.value
                continue
            before = self._counters.get(reading.series)
            self._counters[reading.series] = (now, reading.value)
            # a counter that fell began anew with its process: no rate is known this time
            if before is not None and reading.value >= before[1] and now > before[0]:
                values[reading.series] = (reading.value - before[1]) / (now - before[0])
