"""A run as it stands: seconds of the spool made into what a person watches and the timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from capacity.histogram import Histogram
from capacity.run import BESIDE, Phase
from capacity.slo_watch import Standing
from capacity.spool import Beat, Cell, Due, Entry, Opening, sort_of


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Latencies in milliseconds, as sent, of successful requests."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Tick:
    """One second of a run. Rates are per second; counts and `so_far` are since the phase began.

    `offered_rate` is None for journeys that do not say; percentiles are None
    when nothing succeeded. `dropped` is None of a closed load, whose `users` are alive;
    of an open one they are those who wait for an answer. `readings` are the tiers' newest,
    by series; `standing` how the SLOs stood when last looked at.
    """

    elapsed_s: float
    total_s: float
    phase: Phase
    users: int
    offered_rate: float | None
    achieved_rate: float
    last_second: Percentiles | None
    so_far: Percentiles | None
    requests: int
    failures: int
    refusals: int
    generator_cpu: float
    dropped: int | None = None
    readings: Mapping[str, float] = field(default_factory=dict)
    standing: Sequence[Standing] = ()


@dataclass(frozen=True, slots=True)
class Second:
    """A whole second: what to show, and the `load` and `generator` series of the timeline."""

    second: int
    tick: Tick
    series: dict[str, float]


class Live:
    """Turns entries into seconds as the beats that complete them come in."""

    def __init__(self) -> None:
        self._opening: Opening | None = None
        self._cells: list[Cell] = []
        self._due: list[Due] = []
        self._phase = Phase.WARMUP
        self._so_far = Histogram()
        self._requests = self._failures = self._refusals = self._dropped = 0

    def add(self, entry: Entry) -> Second | None:
        """Take in an entry; the second it completes, if it does.

        Seconds after the planned end give none: there, only stragglers come in.
        """
        match entry:
            case Opening():
                self._opening = entry
            case Cell():
                self._cells.append(entry)
            case Due():
                self._due.append(entry)
            case Beat() if self._opening is not None:
                cells = [cell for cell in self._cells if cell.second == entry.second]
                self._cells = [cell for cell in self._cells if cell.second != entry.second]
                due = [one for one in self._due if one.second == entry.second]
                self._due = [one for one in self._due if one.second != entry.second]
                if entry.second < self._opening.steps[-1].end_s:
                    return self._whole(self._opening, entry, cells, due)
        return None

    def _whole(
        self, opening: Opening, beat: Beat, cells: Sequence[Cell], due: Sequence[Due]
    ) -> Second:
        self._enter(_phase(opening, beat.second))
        cells = [cell for cell in cells if cell.method not in BESIDE]
        now = _merged(cells, "raw")
        self._so_far.merge(now)
        requests = sum(cell.requests for cell in cells)
        failures = sum(cell.failures for cell in cells)
        refusals = sum(cell.refusals for cell in cells)
        self._requests += requests
        self._failures += failures
        self._refusals += refusals
        dropped = sum(one.dropped for one in due)
        self._dropped += dropped
        offered_rate = opening.offered_rate
        if due:
            offered_rate = sum(one.offered for one in due) / beat.length_s
        tick = Tick(
            elapsed_s=beat.second + beat.length_s,
            total_s=opening.steps[-1].end_s,
            phase=self._phase,
            users=beat.users,
            offered_rate=offered_rate,
            achieved_rate=requests / beat.length_s,
            last_second=_percentiles(now),
            so_far=_percentiles(self._so_far),
            requests=self._requests,
            failures=self._failures,
            refusals=self._refusals,
            generator_cpu=beat.cpu,
            dropped=self._dropped if due else None,
        )
        series = {
            "load.requests": tick.achieved_rate,
            "load.failures": failures / beat.length_s,
            "load.refusals": refusals / beat.length_s,
            **_sorts(cells, beat.length_s),
            "load.dropped": dropped / beat.length_s,
            **_series(beat, tick),
        }
        corrected = _merged(cells, "corrected")
        if corrected.count:
            series["load.p95_corrected"] = corrected.percentile(95) / 1000
        return Second(beat.second, tick, series)

    def _enter(self, phase: Phase) -> None:
        if phase is not self._phase:
            self._phase = phase
            self._so_far = Histogram()
            self._requests = self._failures = self._refusals = self._dropped = 0


def _phase(opening: Opening, second: int) -> Phase:
    for step in opening.steps:
        if second < step.end_s:
            return step.phase
    return opening.steps[-1].phase


def _series(beat: Beat, tick: Tick) -> dict[str, float]:
    series = {
        "load.users": float(beat.users),
        "generator.cpu": beat.cpu,
        "generator.cpu_total": beat.cpu,
        "generator.memory": float(beat.memory_bytes),
    }
    if tick.offered_rate is not None:
        series["load.offered"] = tick.offered_rate
    if tick.last_second is not None:
        series["load.p50"] = tick.last_second.p50
        series["load.p95"] = tick.last_second.p95
        series["load.p99"] = tick.last_second.p99
    return series


def _sorts(cells: Sequence[Cell], length_s: float) -> dict[str, float]:
    """Requests and failures a second, of GETs and of writes."""
    series: dict[str, float] = {}
    for sort in ("get", "write"):
        mine = [cell for cell in cells if sort_of(cell.method) == sort]
        series[f"load.{sort}s"] = sum(cell.requests for cell in mine) / length_s
        series[f"load.{sort}_failures"] = sum(cell.failures for cell in mine) / length_s
    return series


def _merged(cells: Sequence[Cell], which: str) -> Histogram:
    blobs = (getattr(cell, which) for cell in cells)
    return Histogram.merged(Histogram.decode(blob) for blob in blobs if blob)


def _percentiles(histogram: Histogram) -> Percentiles | None:
    if not histogram.count:
        return None
    return Percentiles(*(histogram.percentile(percent) / 1000 for percent in (50, 95, 99)))
