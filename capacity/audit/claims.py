"""Claims: what a blueprint says, how it is read, and what judges each reading."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from capacity.audit.facts import Expectation
from capacity.audit.plan import Planned
from capacity.targets import Check, Op, Target


class Literally(BaseModel):
    """The claim taken at its word, where that differs from the fairest reading.

    Judged by another statistic, limit or metric of a run than the fair reading's (`statistic`,
    `op`, `limit`; where no run can tell by a plan), by arithmetic, by facts, by a plan, or not
    at all (`not_measured`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    reading: str
    statistic: str | None = None
    op: Op | None = None
    limit: float | None = None
    check: Check | None = None
    expects: tuple[Expectation, ...] = ()
    plan: Planned | None = None
    not_measured: str = ""

    @model_validator(mode="after")
    def _judgeable(self) -> Self:
        of_a_run = self.statistic is not None or self.limit is not None
        if not (of_a_run or self.check or self.expects or self.plan or self.not_measured):
            raise ValueError(
                "needs a statistic or limit, check, expects, plan, or not_measured (why)"
            )
        return self


class Probed(BaseModel):
    """The figure of a probe (`capacity.tier_probe`) that the claim's limit is held against."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    figure: str


class Claim(Target):
    """One claim of a blueprint. What a `Target` says of judging is its fairest reading.

    `value` is the figure as the blueprint has it, `reading` how it is read, `note` what a
    reader should know of our choice. A run is asked first, where several could judge those of
    `scenarios` before others; then a `probe` of the tier alone, `steps` (loads whose runs must
    all pass), `expects` (facts of the project), `plan`, and `check`.
    """

    section: str = ""
    value: str
    reading: str = "As it stands"
    note: str = ""
    scenarios: tuple[str, ...] = ("mixed",)
    steps: tuple[int, ...] = ()
    expects: tuple[Expectation, ...] = ()
    plan: Planned | None = None
    probe: Probed | None = None
    literal: Literally | None = None

    @model_validator(mode="after")
    def _probe_fits(self) -> Self:
        if self.probe is not None and (self.op not in (">", ">=") or self.limit is None):
            raise ValueError("a probe needs an op, > or >=, and a limit: it measures a rate")
        return self

    def _another_way(self) -> None:
        if not (self.expects or self.plan or self.steps):
            super()._another_way()

    @model_validator(mode="after")
    def _literal_fits(self) -> Self:
        found = self.literal
        of_a_run = found is not None and (found.statistic is not None or found.limit is not None)
        if of_a_run and self.metric is None:
            raise ValueError("literal has a statistic or limit, but the claim has no metric")
        self.literal_target()
        return self

    def literal_target(self) -> Target | None:
        """The literal reading as a run judges it; the stricter `also` where none is written."""
        if self.literal is None:
            said: dict[str, object] = {"statistic": self.also}
        else:
            found = self.literal
            said = {"statistic": found.statistic, "op": found.op, "limit": found.limit}
        stated = {key: value for key, value in said.items() if value is not None}
        if self.metric is None or not stated:
            return None
        stricter = {"id": f"{self.id}.literal", "also": None, "gate": False}
        as_target = self.model_dump(include=set(Target.model_fields))
        return Target.model_validate(as_target | stricter | stated)


class Comparison(BaseModel):
    """A row of the before / after table: the blueprint's two figures and what each is.

    `claim` names the claim whose verdict stands for how it is now.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    what: str
    before: float
    after: tuple[float, ...] = Field(min_length=1, max_length=2)
    before_is: str
    after_is: str
    unit: str = ""
    better: str
    claim: str
