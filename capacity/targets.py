"""Targets: claims with a limit, as data.

The claims of `capacity/blueprint/` that a run can judge (`capacity.audit.claims`) are
targets; a person's SLO file (`capacity.slo`) gives others of the same shape.
"""

from inspect import signature
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from capacity import arithmetic
from capacity.metrics import known_metric
from capacity.nearest import nearest

Op = Literal["<", "<=", ">", ">="]
Kind = Literal["M", "D", "P", "A", "I"]

KINDS: dict[Kind, str] = {
    "M": "measured by a load test or a probe",
    "D": "derived from measurements by a model",
    "P": "priced from a catalogue",
    "A": "arithmetic on the promises' own numbers",
    "I": "inventory: it exists or not",
}


class Check(BaseModel):
    """A check of `capacity.arithmetic` and the numbers the claim states for it.

    `source` says where prices among them are from, and of what date.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    numbers: dict[str, arithmetic.Number]
    source: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.name not in arithmetic.CHECKS:
            hint = nearest(self.name, list(arithmetic.CHECKS))
            raise ValueError(f'unknown check "{self.name}": {hint}')
        wanted = set(signature(arithmetic.CHECKS[self.name]).parameters)
        if wanted != set(self.numbers):
            raise ValueError(f"check {self.name} wants the numbers {', '.join(sorted(wanted))}")
        return self


class Target(BaseModel):
    """One claim, and how it is judged.

    A claim is judged by a metric (`metric`, `statistic`, `op`, `limit`), by
    arithmetic (`check`), or not by a run at all (`not_measured` says why and
    what would). `also` is a stricter statistic shown beside the judged one;
    `at_pods` the number of pods the claim speaks of. A `gate` decides the exit code; a
    `warn` is told as a warning when missed; the others only inform. With `for_s` it is
    missed only when second by second its figure is past the limit for that long; a run
    is stopped once that has gone on for `abort_after_s`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    kind: tuple[Kind, ...] = ("M",)
    text: str
    section: str = "slo"
    metric: str | None = None
    statistic: str | None = None
    also: str | None = None
    endpoints: tuple[str, ...] = ()
    op: Op | None = None
    limit: float | None = None
    unit: str | None = None
    gate: bool = False
    warn: bool = False
    for_s: int | None = Field(default=None, ge=1)
    abort_after_s: int | None = Field(default=None, ge=1)
    minimum_samples: int = Field(default=1, ge=1)
    at_pods: int | None = Field(default=None, ge=1)
    not_measured: str = ""
    check: Check | None = None

    @property
    def level(self) -> Literal["fail", "warn", "report"]:
        """What a miss comes to: it fails the run, is a warning, or is only told."""
        return "fail" if self.gate else "warn" if self.warn else "report"

    @model_validator(mode="after")
    def _judgeable(self) -> Self:
        if self.metric is not None:
            self._fits_metric(self.metric)
            self._fits_time()
            return self
        if self.gate:
            raise ValueError("a target without a metric cannot gate")
        self._another_way()
        return self

    def _fits_time(self) -> None:
        """Raise `ValueError` for a level or times that contradict each other."""
        if self.warn and self.gate:
            raise ValueError("a target that warns cannot gate")
        if self.abort_after_s is None:
            return
        if not self.gate:
            raise ValueError("only a target that gates can stop a run: no abort_after")
        if self.for_s is not None and self.abort_after_s < self.for_s:
            raise ValueError("abort_after must be no shorter than for")

    def _another_way(self) -> None:
        """Raise `ValueError` when nothing else judges a target without a metric."""
        if not (self.not_measured or self.check):
            raise ValueError("needs a metric, a check, or not_measured (why)")

    def _fits_metric(self, name: str) -> None:
        metric = known_metric(name)
        for statistic in filter(None, (self.statistic or "(none)", self.also)):
            if not metric.knows(statistic):
                hint = nearest(statistic, metric.statistics)
                raise ValueError(f'{name} has no statistic "{statistic}": {hint}')
        if self.op is None or self.limit is None:
            raise ValueError("needs op and limit")
        if self.unit != metric.unit:
            raise ValueError(f'{name} is in "{metric.unit}", not "{self.unit}"')
        if self.endpoints and not metric.per_endpoint:
            raise ValueError(f"{name} cannot be asked for single endpoints")
