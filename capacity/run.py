"""The run record: everything between load and report, in one versioned document.

A run is one measured load test. Whoever made it writes a `Run`; everything
downstream (verdicts, reports, models) reads only this and its timeline, and
never asks which tool produced it.

Times inside a run are seconds since `started_at` unless a name says otherwise.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from capacity.evidence import Evidence
from capacity.load_model import LoadModel

RECORD_VERSION: Literal[2] = 2
"""2 since loads may be open: an hmb that knows only closed ones must not call them damaged."""
READABLE_VERSIONS = (1, RECORD_VERSION)
"""A record of version 1 is one of version 2 whose load is closed."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Status(StrEnum):
    """How far a run got."""

    RUNNING = "running"
    """Being written now, or its writer was killed: incomplete either way."""
    INTERRUPTED = "interrupted"
    """Stopped by a person; what was measured until then is kept."""
    STOPPED = "stopped"
    """Stopped early because an SLO stayed missed; complete up to there."""
    COMPLETE = "complete"


ANONYMOUS = "anonymous"
"""Of a population: people who are not signed in."""


class Population(_Part):
    """Whose accounts a load was sent with.

    `shares` of all its people: `anonymous`, then by tier, counted on the accounts that were
    picked. `evidence` and `why` say what the shares that were asked for rest on.
    """

    shares: dict[str, float]
    evidence: Evidence
    why: str


class What(_Part):
    """What ran."""

    scenario: str
    journeys: str = Field(description="built-in scenario or the file the journeys came from")
    load: LoadModel
    seed: int
    warmup_s: float
    duration_s: float
    host: str
    slo_file: str | None = None
    population: Population | None = Field(
        default=None, description="None for journeys that are not ours: they do not say"
    )
    imported: str | None = Field(
        default=None, description="another tool's results: whose, and what they cannot tell"
    )


class Machine(_Part):
    """The machine that ran generator and system, as far as it changes the figures."""

    cpu_model: str
    cores: int
    memory_bytes: int
    system: str
    python: str


class Where(_Part):
    """Where and from which source it ran."""

    commit: str | None
    dirty: bool | None
    machine: Machine
    versions: dict[str, str] = Field(description="server or library -> version")
    topology: dict[str, int | float | str | bool] | None = Field(
        description="pods, workers, replicas, pool sizes...; None for a system we do not run"
    )


class Phase(StrEnum):
    """Whether a step counts."""

    WARMUP = "warmup"
    MEASURED = "measured"


class Arrivals(_Part):
    """Arrivals of one step: what the load model called for and what became of it.

    An arrival is a request of a built-in scenario, or one task of a person's own
    locustfile; `achieved` counts requests that ended. `dropped` are arrivals of an open
    load that found nobody free to send them. `offered` is None for closed journeys that
    do not say when they meant to send.
    """

    offered: float | None
    achieved: int
    dropped: int = 0


class Step(_Part):
    """One load level inside a run, or its warm-up."""

    name: str
    phase: Phase
    start_s: float
    end_s: float
    users: int
    arrivals: Arrivals

    @property
    def seconds(self) -> float:
        """How long the step lasted."""
        return self.end_s - self.start_s


SOCKET = "SOCKET"
"""The method of what happens over sockets: opening, delivery."""
STORE = "STORE"
"""The method of files sent straight to the object store, past nginx and the pods."""
JOURNEY = "JOURNEY"
"""The method of several requests of one user, timed as one by its locustfile."""
BESIDE = frozenset({SOCKET, STORE, JOURNEY})
"""Methods of what happens beside the requests.

It has endpoints and targets of its own; it is no arrival, and no part of figures of the whole.
"""


class EndpointStats(_Part):
    """What one endpoint did in one step.

    `requests` counts every response and every request that got none;
    `failures` those whose status or body was wrong (`errors` by kind sums to
    it); `refusals` the 429 answers, which are neither success nor failure.
    Histograms are `capacity.histogram` blobs: `raw` as sent and `corrected`
    from the moment the request was meant to start, both of successful requests
    only; `failed` as sent, of the failures, so that fast errors flatter nothing.
    """

    step: str
    method: str
    endpoint: str
    requests: int
    failures: int
    refusals: int
    errors: dict[str, int]
    bytes_received: int
    raw: str
    corrected: str
    failed: str


class Invalidity(_Part):
    """One reason why the run's figures must not be trusted."""

    reason: Literal[
        "generator-saturated",
        "load-not-reached",
        "arrivals-dropped",
        "clock-jumped",
        "machine-robbed",
        "metric-missing",
        "drill-unfinished",
        "generator-lost",
    ]
    detail: str


class Sender(_Part):
    """One process that took part in sending the load; a master's own has no users.

    `cpu` is the most it used over five seconds in a row of the measured steps, in cores.
    Seconds of one among several are counted by its own clock, set by the first one's to
    within `clock_within_s`. `lost` says what became of one that did not stay to the end.
    """

    name: str
    users: int
    cpu: float
    memory_bytes: int
    elsewhere: bool = Field(default=False, description="on another machine")
    clock_ahead_s: float = 0.0
    clock_within_s: float = 0.0
    lost: str = ""


class Event(_Part):
    """Something done to the system on purpose while the load ran."""

    at_s: float
    kind: Literal["break", "repair", "note"]
    text: str


class Trouble(_Part):
    """Requests of one sort that failed in one way within one second."""

    second: int
    sort: Literal["get", "write"]
    kind: str
    count: int


class Ledger(_Part):
    """Writes that can be told apart, held against the database after the load.

    `acknowledged` were answered with success, `refused` with an error, `unanswered` not at
    all; `kept` of the last two are there anyway, which is no fault. `lost` and `doubled`
    are the keys of acknowledged writes that are not there, and of any that are there twice.
    """

    acknowledged: int
    refused: int
    unanswered: int
    kept: int
    lost: list[str]
    doubled: list[str]


class Drilled(_Part):
    """What was broken during a run, and what came of it.

    `ledger` is None until the database was asked. `checks` are what a drill looked at
    beyond that, each a sentence -> whether it holds.
    """

    name: str
    events: list[Event] = []
    trouble: list[Trouble] = []
    ledger: Ledger | None = None
    checks: dict[str, bool] = {}

    def first(self, kind: str) -> float | None:
        """When the first event of a kind was."""
        return next((event.at_s for event in self.events if event.kind == kind), None)

    def last(self, kind: str) -> float | None:
        """When the last event of a kind was."""
        return next((event.at_s for event in reversed(self.events) if event.kind == kind), None)


class Stopped(_Part):
    """Why a run was ended before its time: `target` is the id of the SLO that stayed missed."""

    at_s: float
    target: str
    reason: str


class Run(_Part):
    """One measured load test. See the module's text for units."""

    version: Literal[1, 2] = RECORD_VERSION
    id: str
    status: Status
    started_at: datetime
    ended_at: datetime | None
    what: What
    where: Where
    steps: list[Step]
    endpoints: list[EndpointStats]
    invalid: list[Invalidity] = []
    senders: list[Sender] = Field(
        default=[], description="the generator's processes; empty where nobody wrote them down"
    )
    drill: Drilled | None = None
    stopped: Stopped | None = None

    def measured_steps(self) -> list[Step]:
        """The steps that count, in order."""
        return [step for step in self.steps if step.phase is Phase.MEASURED]
