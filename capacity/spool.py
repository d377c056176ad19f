"""The spool: what a load generator writes down, second by second, while it runs.

`load.jsonl` in a run's folder holds one JSON object a line, of seven kinds: an
`Opening` when the load begins, every second one `Beat` (the generator itself),
one `Cell` per endpoint and step that saw requests and, of an open load, a `Due` per
step that had arrivals; a `Written` for every write that can be found again, a
`Closing`, and a `Lost` for a generator that is heard no more. A run that was killed
leaves its spool behind: `fold` gives the steps and endpoint statistics of whatever was
written, so that the record can still be opened.
Every line names its generator: the spools of several can be read as one.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal

from capacity.histogram import Histogram
from capacity.run import BESIDE, Arrivals, EndpointStats, Phase, Step, Trouble


class SpoolError(ValueError):
    """A line that is not a spool line, other than a torn last one."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step as planned, in seconds since the opening; it holds requests meant for [start, end)."""

    name: str
    phase: Phase
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Opening:
    """The load begins: `epoch` is second 0 of everything that follows, as a Unix time.

    `offered_rate` is requests per second of a closed load, None when the journeys do not
    say; what an open load offers is told by each `Due`. Of several generators each counts
    seconds by its own clock, which was `ahead_s` of the first one's at the opening, known to
    `within_s`; `epoch` is by the first one's. One that runs `elsewhere` takes nothing of the
    machine where the run is kept.
    """

    kind: ClassVar[str] = "opening"
    generator: str
    epoch: float
    users: int
    offered_rate: float | None
    steps: tuple[PlannedStep, ...]
    ahead_s: float = 0.0
    within_s: float = 0.0
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Beat:
    """One second of the generator itself.

    The interval is [`second`, `second` + `length_s`); `cpu` is in cores,
    `memory_bytes` resident, `lateness_us` how late the worst timer or request
    of the interval was, which is the generator's own share in any latency.
    `steal` is the share of the machine's CPU time that its host gave to others,
    `jump_s` how far the wall clock was set forward (or back, below 0) meanwhile.
    """

    kind: ClassVar[str] = "beat"
    generator: str
    second: int
    length_s: float
    users: int
    cpu: float
    memory_bytes: int
    lateness_us: int
    steal: float = 0.0
    jump_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Cell:
    """The requests of one endpoint that ended in one second and belong to one step.

    Histograms are `capacity.histogram` blobs, an empty text standing for an
    empty histogram; the other fields mean what they do in `EndpointStats`.
    """

    kind: ClassVar[str] = "cell"
    generator: str
    second: int
    step: str
    method: str
    endpoint: str
    requests: int
    failures: int = 0
    refusals: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    bytes_received: int = 0
    raw: str = ""
    corrected: str = ""
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """Arrivals of an open load that came due within one second and belong to one step.

    `dropped` of the `offered` ones found nobody free to send them.
    """

    kind: ClassVar[str] = "due"
    generator: str
    second: int
    step: str
    offered: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Written:
    """A write with a `key` of its own, sent at `at_s` and answered `taken_s` later.

    `status` is the answer's, 0 when none came.
    """

    kind: ClassVar[str] = "written"
    generator: str
    key: str
    at_s: float
    taken_s: float
    status: int

    @property
    def acknowledged(self) -> bool:
        """Whether the system said that it has it."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Closing:
    """The generator's last word: `error` is empty unless it gave up, and then says why.

    `ended_s` is when the load ended, if that was before its plan.
    """

    kind: ClassVar[str] = "closing"
    generator: str
    at_s: float
    error: str = ""
    ended_s: float | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """A generator of several that is heard no more, or not whole, from second `at_s` on."""

    kind: ClassVar[str] = "lost"
    generator: str
    at_s: float
    why: str


Entry = Opening | Beat | Cell | Due | Written | Closing | Lost
_KINDS: dict[str, type[Entry]] = {
    kind.kind: kind for kind in (Opening, Beat, Cell, Due, Written, Closing, Lost)
}


def to_line(entry: Entry) -> str:
    """One line of the spool, without its line end."""
    values = {name.name: getattr(entry, name.name) for name in fields(entry)}
    if isinstance(entry, Opening):
        values["steps"] = [
            [step.name, step.phase, step.start_s, step.end_s] for step in entry.steps
        ]
    return json.dumps({"kind": entry.kind, **values}, separators=(",", ":"))


def from_line(line: str) -> Entry:
    """The entry that `to_line` wrote. Raises `SpoolError` on anything else."""
    try:
        values: dict[str, Any] = json.loads(line)
        kind = _KINDS[values.pop("kind")]
        if kind is Opening:
            values["steps"] = tuple(
                PlannedStep(name, Phase(phase), start, end)
                for name, phase, start, end in values["steps"]
            )
        return kind(**values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SpoolError(f"not a spool line: {line[:80]!r}") from error


def entries(lines: Iterable[str]) -> Iterator[Entry]:
    """The entries of `lines`; a torn last line, as a killed writer leaves it, is passed over.

    Raises `SpoolError` when any other line cannot be read.
    """
    broken: SpoolError | None = None
    for line in lines:
        if not line.strip():
            continue
        if broken is not None:
            raise broken
        try:
            yield from_line(line)
        except SpoolError as error:
            broken = error


@dataclass(slots=True)
class _Total:
    """One endpoint in one step, growing."""

    requests: int = 0
    failures: int = 0
    refusals: int = 0
    bytes_received: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    raw: Histogram = field(default_factory=Histogram)
    corrected: Histogram = field(default_factory=Histogram)
    failed: Histogram = field(default_factory=Histogram)

    def add(self, cell: Cell) -> None:
        self.requests += cell.requests
        self.failures += cell.failures
        self.refusals += cell.refusals
        self.bytes_received += cell.bytes_received
        for kind, count in cell.errors.items():
            self.errors[kind] = self.errors.get(kind, 0) + count
        for total, blob in (
            (self.raw, cell.raw),
            (self.corrected, cell.corrected),
            (self.failed, cell.failed),
        ):
            if blob:
                total.merge(Histogram.decode(blob))


class Fold:
    """Adds spool entries up to steps and endpoint statistics.

    Fed entry by entry while a run goes on, or with a whole spool by `fold`.
    """

    def __init__(self) -> None:
        self.openings: dict[str, Opening] = {}
        self.beats: list[Beat] = []
        self.closings: dict[str, Closing] = {}
        self.lost: dict[str, Lost] = {}
        self.written: list[Written] = []
        self._due: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._trouble: Counter[tuple[int, Literal["get", "write"], str]] = Counter()
        self._totals: dict[tuple[str, str, str], _Total] = {}

    def add(self, entry: Entry) -> None:
        """Take in one more entry."""
        match entry:
            case Opening():
                self.openings[entry.generator] = entry
            case Beat():
                self.beats.append(entry)
            case Cell():
                key = (entry.step, entry.method, entry.endpoint)
                self._totals.setdefault(key, _Total()).add(entry)
                if entry.method not in BESIDE:
                    for kind, count in entry.errors.items():
                        self._trouble[entry.second, sort_of(entry.method), kind] += count
            case Due():
                self._due[entry.step].update(offered=entry.offered, dropped=entry.dropped)
            case Written():
                self.written.append(entry)
            case Closing():
                self.closings[entry.generator] = entry
            case Lost():
                self.lost.setdefault(entry.generator, entry)

    @property
    def elapsed_s(self) -> float:
        """Seconds from the opening to the end of the last beat written."""
        return max((beat.second + beat.length_s for beat in self.beats), default=0.0)

    def steps(self) -> list[Step]:
        """The steps that began, each as long as it lasted, in order."""
        if not self.openings:
            return []
        achieved: dict[str, int] = {}
        for (step, method, _), total in self._totals.items():
            if method in BESIDE:
                continue
            achieved[step] = achieved.get(step, 0) + total.requests
        plan = next(iter(self.openings.values())).steps
        rates = [opening.offered_rate for opening in self.openings.values()]
        rate = None if None in rates else sum(filter(None, rates))
        users = sum(opening.users for opening in self.openings.values())
        return [
            self._step(planned, achieved.get(planned.name, 0), rate, users)
            for planned in plan
            if planned.start_s < self.elapsed_s and planned.end_s > planned.start_s
        ]

    def _step(self, planned: PlannedStep, achieved: int, rate: float | None, users: int) -> Step:
        early = [one.ended_s for one in self.closings.values() if one.ended_s is not None]
        end = min(planned.end_s, self.elapsed_s, *early)
        offered = None if rate is None else rate * (end - planned.start_s)
        due = self._due.get(planned.name, Counter())
        if self._due:
            offered = float(due["offered"])
        return Step(
            name=planned.name,
            phase=planned.phase,
            start_s=planned.start_s,
            end_s=end,
            users=users,
            arrivals=Arrivals(offered=offered, achieved=achieved, dropped=due["dropped"]),
        )

    def trouble(self) -> list[Trouble]:
        """Failed requests by second, sort and kind, in order."""
        return [
            Trouble(second=second, sort=sort, kind=kind, count=count)
            for (second, sort, kind), count in sorted(self._trouble.items())
        ]

    def endpoints(self) -> list[EndpointStats]:
        """The statistics of every endpoint in every step, sorted by step, endpoint and method."""
        order = {step.name: number for number, step in enumerate(self.steps())}
        keys = sorted(self._totals, key=lambda key: (order.get(key[0], len(order)), key[2], key[1]))
        return [self._endpoint(key) for key in keys]

    def _endpoint(self, key: tuple[str, str, str]) -> EndpointStats:
        step, method, endpoint = key
        total = self._totals[key]
        return EndpointStats(
            step=step,
            method=method,
            endpoint=endpoint,
            requests=total.requests,
            failures=total.failures,
            refusals=total.refusals,
            errors=dict(sorted(total.errors.items())),
            bytes_received=total.bytes_received,
            raw=total.raw.encode(),
            corrected=total.corrected.encode(),
            failed=total.failed.encode(),
        )


def sort_of(method: str) -> Literal["get", "write"]:
    """Whether a request only reads or may change something."""
    return "get" if method in ("GET", "HEAD") else "write"


def fold(lines: Iterable[str]) -> Fold:
    """Everything in a spool, added up. Raises `SpoolError` on a line that is not one."""
    whole = Fold()
    for entry in entries(lines):
        whole.add(entry)
    return whole
