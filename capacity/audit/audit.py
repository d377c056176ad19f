"""The audit itself: every claim with its verdicts, the tally, the before / after table."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from capacity import figures
from capacity.arithmetic import amount
from capacity.audit.blueprint import Blueprint
from capacity.audit.claims import Claim, Comparison
from capacity.audit.facts import Facts
from capacity.audit.judging import (
    Judged,
    Verdicts,
    by_check,
    by_facts,
    by_plan,
    by_steps,
    not_measured,
)
from capacity.audit.plan import PlanFigures
from capacity.audit.probing import by_probe
from capacity.audit.selection import Recorded, heaviest_of_each_scenario
from capacity.targets import Target
from capacity.tier_probe import TierProbe
from capacity.verdicts import ExitCode, Outcome


@dataclass(frozen=True, slots=True)
class Looked:
    """What an audit rests on: runs (newest first), facts of a project, a plan, probes of the
    tiers; each may lack."""

    recorded: Sequence[Recorded] = ()
    facts: Facts | None = None
    plan: PlanFigures | None = None
    probes: Sequence[TierProbe] = ()


@dataclass(frozen=True, slots=True)
class Audited:
    """One claim with the verdict of its fairest reading, and of the literal one if that differs."""

    claim: Claim
    fair: Judged
    literal: Judged | None


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the before / after table.

    `claimed_times` is what before and after come to, whatever they are; `now` what the
    claim's fairest reading found.
    """

    row: Comparison
    before: str
    after: str
    claimed_times: str
    alike: bool
    now: Judged


@dataclass(frozen=True, slots=True)
class Audit:
    """Every claim, judged."""

    blueprint: Blueprint
    looked: Looked
    rows: tuple[Audited, ...]
    changes: tuple[Change, ...]

    def tally(self, rows: Sequence[Audited] | None = None) -> dict[Outcome, int]:
        """How many claims (of `rows`, or all) came to each outcome, read fairly."""
        counted = Counter(row.fair.outcome for row in (self.rows if rows is None else rows))
        return {outcome: counted[outcome] for outcome in Outcome}

    def literal_tally(self) -> dict[Outcome, int]:
        """The same, read literally where the readings differ."""
        counted = Counter((row.literal or row.fair).outcome for row in self.rows)
        return {outcome: counted[outcome] for outcome in Outcome}

    def failing(self) -> list[Audited]:
        """Measurable claims (kind M) whose fairest reading is not met."""
        return [
            row
            for row in self.rows
            if "M" in row.claim.kind and row.fair.outcome is Outcome.NOT_MET
        ]

    def code(self, *, strict: bool) -> int:
        """3 when `strict` and a measurable claim is not met, else 0."""
        return ExitCode.SLO_FAILED if strict and self.failing() else ExitCode.PASSED

    def of(self, claim: str) -> Audited:
        """The row of that claim. Raises `KeyError` when there is none."""
        return {row.claim.id: row for row in self.rows}[claim]


def audit(blueprint: Blueprint, looked: Looked) -> Audit:
    """Judge every claim, the fairest reading first and the literal one beside it.

    Raises `UsageError` for a claim about a fact nobody looks for.
    """
    judge = _Judge(blueprint, looked)
    rows = tuple(
        Audited(claim, judge.fairly(claim), judge.literally(claim)) for claim in blueprint.claims
    )
    by_id = {row.claim.id: row.fair for row in rows}
    changes = tuple(_change(row, by_id[row.claim]) for row in blueprint.comparisons)
    return Audit(blueprint, looked, rows, changes)


class _Judge:
    def __init__(self, blueprint: Blueprint, looked: Looked) -> None:
        self._looked = looked
        self._gates = [claim for claim in blueprint.of_a_run() if claim.gate]
        self._verdicts = Verdicts(
            heaviest_of_each_scenario(looked.recorded), list(_targets(blueprint.claims))
        )

    def fairly(self, claim: Claim) -> Judged:
        """By the first way that can tell; where none can, why the first cannot."""
        found = list(self._fair_ways(claim))
        telling = [one for one in found if one.outcome is not Outcome.NOT_MEASURED]
        if telling:
            return telling[0]
        reasons = "; ".join(dict.fromkeys(one.reason for one in found))
        return replace(found[0], reason=reasons)

    def _fair_ways(self, claim: Claim) -> Iterator[Judged]:
        reading = claim.reading
        if claim.metric is not None:
            yield self._verdicts.judged(reading, _fair_target(claim), claim.scenarios)
        if claim.probe is not None:
            yield by_probe(claim, claim.probe, self._looked.probes)
        if claim.steps:
            yield by_steps(
                reading, claim.steps, self._looked.recorded, self._gates, self._looked.plan
            )
        if claim.expects:
            yield by_facts(reading, claim.expects, self._looked.facts)
        if claim.plan is not None:
            yield by_plan(reading, claim.plan, self._looked.plan)
        if claim.check is not None:
            yield by_check(reading, claim.check)
        if claim.not_measured:
            yield not_measured(reading, claim.not_measured)

    def literally(self, claim: Claim) -> Judged | None:
        """The literal reading, if it is another one."""
        target, said = claim.literal_target(), claim.literal
        reading = said.reading if said is not None else f"By {claim.also}, not {claim.statistic}"
        if target is not None:
            found = self._verdicts.judged(reading, target, claim.scenarios)
            untold = found.outcome is Outcome.NOT_MEASURED
            if not untold or said is None or said.plan is None:
                return found
            return by_plan(reading, said.plan, self._looked.plan)
        if said is None:
            return None
        if said.check is not None:
            return by_check(reading, said.check)
        if said.expects:
            return by_facts(reading, said.expects, self._looked.facts)
        if said.plan is not None:
            return by_plan(reading, said.plan, self._looked.plan)
        return not_measured(reading, said.not_measured)


def _fair_target(claim: Claim) -> Target:
    """The claim as a run judges it; the stricter statistic is the literal reading's."""
    return claim.model_copy(update={"also": None})


def _targets(claims: Sequence[Claim]) -> Iterator[Target]:
    for claim in claims:
        if claim.metric is None:
            continue
        yield _fair_target(claim)
        literal = claim.literal_target()
        if literal is not None:
            yield literal


def _change(row: Comparison, now: Judged) -> Change:
    times = sorted(max(row.before, one) / min(row.before, one) for one in row.after)
    numbers = [figures.number(one) for one in dict.fromkeys(times)]
    return Change(
        row,
        amount(row.before, row.unit),
        " to ".join(amount(one, row.unit) for one in row.after),
        f"{' to '.join(numbers)} times {row.better}",
        row.before_is == row.after_is,
        now,
    )
