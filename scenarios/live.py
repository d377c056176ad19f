"""A run as it stands: seconds of the spool made into what a person watches and the timeline."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from capacity.histogram import Histogram
from capacity.run import BESIDE, Phase
from capacity.slo_watch import Standing
from capacity.spool import Beat, Cell, Closing, Due, Entry, Lost, Opening, sort_of
from scenarios.messages import MASTER


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Latencies in milliseconds of successful requests."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Tick:
    """One second of a run. Rates are per second; counts and `so_far` are since the phase began.

    `offered_rate` is None for journeys that do not say; percentiles are from the intended start,
    as targets are judged, and None when nothing succeeded. `dropped` is None of a closed load,
    whose `users` are alive; of an open one they are those who wait for an answer. `readings` are
    the tiers' newest, by series; `standing` how the SLOs stood when last looked at.
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
    """Turns entries into seconds as the beats that complete them come in.

    Of `generators` processes all must have told of a second before it is whole, but for
    those that have ended or were lost.
    """

    def __init__(self, generators: int = 1) -> None:
        self._generators = generators
        self._openings: dict[str, Opening] = {}
        self._reached: dict[str, int] = {}
        self._gone: set[str] = set()
        self._told = -1
        self._beats: list[Beat] = []
        self._cells: list[Cell] = []
        self._due: list[Due] = []
        self._phase = Phase.WARMUP
        self._so_far = Histogram()
        self._requests = self._failures = self._refusals = self._dropped = 0

    def add(self, entry: Entry) -> list[Second]:
        """Take in an entry; the seconds it completes, in order.

        Seconds after the planned end give none: there, only stragglers come in.
        """
        match entry:
            case Opening():
                self._openings[entry.generator] = entry
            case Cell():
                self._cells.append(entry)
                return []
            case Due():
                self._due.append(entry)
                return []
            case Beat():
                self._beats.append(entry)
                # one held up for seconds covers them all
                reached = max(entry.second, int(entry.second + entry.length_s) - 1)
                self._reached[entry.generator] = reached
            case Closing() | Lost():
                self._gone.add(entry.generator)
        return self._whole_seconds()

    def _whole_seconds(self) -> list[Second]:
        if len(self._openings.keys() | self._gone) < self._generators:
            return []
        awaited = [name for name in self._openings if name not in self._gone]
        reached = [self._reached.get(name, -1) for name in awaited]
        whole = {beat.second for beat in self._beats}
        if reached:
            whole = {second for second in whole if second <= min(reached)}
        # what is told of a second that was thought whole comes too late to be shown
        seconds = [self._taken(second) for second in sorted(whole) if second > self._told]
        self._beats = [beat for beat in self._beats if beat.second not in whole]
        return [second for second in seconds if second is not None]

    def _taken(self, at: int) -> Second | None:
        self._told = at
        beats = [beat for beat in self._beats if beat.second == at]
        cells = [cell for cell in self._cells if cell.second == at]
        self._cells = [cell for cell in self._cells if cell.second > at]
        due = [one for one in self._due if one.second == at]
        self._due = [one for one in self._due if one.second > at]
        if at >= self._plan.steps[-1].end_s:
            return None
        return self._whole(beats, cells, due)

    @property
    def _plan(self) -> Opening:
        return next(iter(self._openings.values()))

    def _whole(self, beats: Sequence[Beat], cells: Sequence[Cell], due: Sequence[Due]) -> Second:
        at = beats[0].second
        lengths = {beat.generator: beat.length_s for beat in beats}
        self._enter(_phase(self._plan, at))
        cells = [cell for cell in cells if cell.method not in BESIDE]
        now = _merged(cells, "corrected")
        self._so_far.merge(now)
        self._requests += sum(cell.requests for cell in cells)
        self._failures += sum(cell.failures for cell in cells)
        self._refusals += sum(cell.refusals for cell in cells)
        self._dropped += sum(one.dropped for one in due)
        tick = Tick(
            elapsed_s=at + max(lengths.values()),
            total_s=self._plan.steps[-1].end_s,
            phase=self._phase,
            users=sum(beat.users for beat in beats),
            offered_rate=_rate(due, "offered", lengths) if due else self._offered_rate(),
            achieved_rate=_rate(cells, "requests", lengths),
            last_second=_percentiles(now),
            so_far=_percentiles(self._so_far),
            requests=self._requests,
            failures=self._failures,
            refusals=self._refusals,
            generator_cpu=max(beat.cpu for beat in beats),
            dropped=self._dropped if due else None,
        )
        series = {
            "load.requests": tick.achieved_rate,
            "load.failures": _rate(cells, "failures", lengths),
            "load.refusals": _rate(cells, "refusals", lengths),
            **_sorts(cells, lengths),
            "load.dropped": _rate(due, "dropped", lengths),
            "generator.cpu_total": sum(beat.cpu for beat in beats if self._is_here(beat)),
            "generator.memory": float(sum(beat.memory_bytes for beat in beats)),
            "generator.lateness": max(_latenesses(beats), default=0.0),
            **_series(tick, _percentiles(_merged(cells, "raw"))),
        }
        return Second(at, tick, series)

    def _offered_rate(self) -> float | None:
        rates = [opening.offered_rate for opening in self._openings.values()]
        return None if None in rates else sum(filter(None, rates))

    def _is_here(self, beat: Beat) -> bool:
        return not self._openings[beat.generator].elsewhere

    def _enter(self, phase: Phase) -> None:
        if phase is not self._phase:
            self._phase = phase
            self._so_far = Histogram()
            self._requests = self._failures = self._refusals = self._dropped = 0


def _latenesses(beats: Sequence[Beat]) -> Iterator[float]:
    """How late each process was, in ms; a master's own delays are in no latency."""
    return (beat.lateness_us / 1000 for beat in beats if beat.generator != MASTER)


def _phase(opening: Opening, second: int) -> Phase:
    for step in opening.steps:
        if second < step.end_s:
            return step.phase
    return opening.steps[-1].phase


def _series(tick: Tick, as_sent: Percentiles | None) -> dict[str, float]:
    series = {"load.users": float(tick.users), "generator.cpu": tick.generator_cpu}
    if tick.offered_rate is not None:
        series["load.offered"] = tick.offered_rate
    if as_sent is not None:
        series["load.p50"] = as_sent.p50
        series["load.p95"] = as_sent.p95
        series["load.p99"] = as_sent.p99
    if tick.last_second is not None:
        series["load.p95_corrected"] = tick.last_second.p95
    return series


def _sorts(cells: Sequence[Cell], lengths: Mapping[str, float]) -> dict[str, float]:
    """Requests and failures a second, of GETs and of writes."""
    series: dict[str, float] = {}
    for sort in ("get", "write"):
        mine = [cell for cell in cells if sort_of(cell.method) == sort]
        series[f"load.{sort}s"] = _rate(mine, "requests", lengths)
        series[f"load.{sort}_failures"] = _rate(mine, "failures", lengths)
    return series


def _rate(counted: Sequence[Cell | Due], what: str, lengths: Mapping[str, float]) -> float:
    """So many a second, each generator's by the length of its own second."""
    return float(sum(getattr(one, what) / lengths.get(one.generator, 1.0) for one in counted))


def _merged(cells: Sequence[Cell], which: str) -> Histogram:
    blobs = (getattr(cell, which) for cell in cells)
    return Histogram.merged(Histogram.decode(blob) for blob in blobs if blob)


def _percentiles(histogram: Histogram) -> Percentiles | None:
    if not histogram.count:
        return None
    return Percentiles(*(histogram.percentile(percent) / 1000 for percent in (50, 95, 99)))
