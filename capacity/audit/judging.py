"""One reading of a claim, judged by each of the ways there are.

A way gives a `Judged`, also when it cannot tell: the outcome is then NOT_MEASURED and the
reason says what would.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from capacity import arithmetic, figures
from capacity.audit.facts import (
    OPEN,
    Expectation,
    Fact,
    Facts,
    Value,
    missed,
    shown,
    told,
)
from capacity.audit.plan import PlanFigures, Planned
from capacity.audit.selection import Recorded, closed
from capacity.errors import UsageError
from capacity.evidence import Evidence, Span
from capacity.intervals import Interval
from capacity.metrics import known_metric
from capacity.nearest import nearest
from capacity.observation import Observation
from capacity.run import Run
from capacity.targets import Check, Target
from capacity.verdicts import ExitCode, Outcome, Verdict, decide, exit_code, judge


@dataclass(frozen=True, slots=True)
class Judged:
    """One reading with its verdict.

    `value` with `unit` is ours, None where the answer is no number (`shown` may then have it
    in words); `low` and `high` its interval. `source` is a run's id, a file or a plan.
    `reason` is a sentence without its full stop.
    """

    reading: str
    outcome: Outcome
    reason: str
    value: float | None = None
    unit: str = ""
    evidence: Evidence | None = None
    interval: Interval | None = None
    source: str = ""
    shown: str = ""

    @property
    def ours(self) -> str:
        """Our value as people read it."""
        if self.value is None:
            return self.shown or figures.MISSING
        if self.unit == "$":
            return arithmetic.dollars(self.value)
        return figures.figure(self.value, self.unit)


def not_measured(reading: str, reason: str) -> Judged:
    """What nothing here can judge."""
    return Judged(reading, Outcome.NOT_MEASURED, reason)


def by_check(reading: str, check: Check) -> Judged:
    """By arithmetic. Numbers that contradict each other are inconsistent; a claim that does
    not fit public prices or stated assumptions is not met."""
    found = arithmetic.check(check.name, check.numbers)
    if found.consistent is None:
        outcome = Outcome.INCONCLUSIVE
    elif found.consistent:
        outcome = Outcome.MET
    else:
        own = found.evidence is Evidence.CLAIMED
        outcome = Outcome.INCONSISTENT if own else Outcome.NOT_MET
    return Judged(
        reading,
        outcome,
        found.sentence,
        found.value,
        found.unit,
        found.evidence,
        source=check.source,
    )


def by_facts(reading: str, expected: Sequence[Expectation], facts: Facts | None) -> Judged:
    """By what the project holds: met when every expectation holds.

    Raises `UsageError` for a fact that was never looked for.
    """
    if facts is None:
        return not_measured(reading, "the project's files were not looked at")
    found = {one.fact: _looked_up(one.fact, facts) for one in expected}
    wrong = [one for one in expected if not one.holds(found[one.fact].value)]
    decisive = wrong or list(expected)
    where = ", ".join(dict.fromkeys(found[one.fact].where for one in decisive))
    if wrong:
        reason = "; ".join(missed(one, found[one.fact].value) for one in wrong)
    else:
        reason = "; ".join(shown(one, found[one.fact].value) for one in expected)
    return Judged(
        reading,
        Outcome.NOT_MET if wrong else Outcome.MET,
        f"{reason} ({where})",
        evidence=Evidence.MEASURED,
        source=where,
        shown=_in_short(decisive, found),
    )


def _looked_up(name: str, facts: Facts) -> Fact:
    if name in facts:
        return facts[name]
    family = name.partition(".")[0]
    if family in OPEN:
        where = (one.where for key, one in facts.items() if key.startswith(family))
        return Fact(None, next(where, family))
    raise UsageError(
        f'the blueprint asks for the unknown fact "{name}": {nearest(name, list(facts))}'
    )


_SHORT = 36


def _in_short(decisive: Sequence[Expectation], found: Facts) -> str:
    """Our values in a few words: those that are wrong, or all."""
    telling = [one for one in decisive if not one.lacks] or decisive
    parts = [_part(one, found[one.fact].value) for one in telling]
    words = parts[0] if len(set(parts)) == 1 else " / ".join(parts)
    if len(words) <= _SHORT:
        return words
    right = all(one.holds(found[one.fact].value) for one in decisive)
    return f"{figures.plural(len(decisive), 'fact')} {'as said' if right else 'otherwise'}"


def _part(one: Expectation, value: Value | None) -> str:
    if not (one.has or one.lacks):
        return told(value)
    if value is None or not isinstance(value, tuple):
        return told(None)
    there = [word for word in (one.has or one.lacks) if word in value]
    if one.lacks:
        return ", ".join(there) or "none of them"
    if len(there) == len(one.has):
        return ", ".join(there) if len(", ".join(there)) <= _SHORT else f"all {len(there)}"
    return f"{len(there)} of {len(one.has)}" if there else told(None)


def by_plan(reading: str, planned: Planned, plan: PlanFigures | None) -> Judged:
    """By a plan for the population the claim speaks of."""
    need = f"it takes a plan: hmb plan --users {planned.users:.0f}, then hmb audit"
    if plan is None:
        return not_measured(reading, need)
    if plan.users != planned.users:
        return not_measured(reading, f"the plan is for {figures.count(plan.users)} users; {need}")
    found = plan.figure(planned.figure)
    what = planned.figure.replace("_per_s", " per second").replace("_", " ").replace(".", " of ")
    what = what.replace(" mean", ", mean").replace(" peak", ", peak")
    if found is None:
        return not_measured(reading, f"the plan given does not say its {what}")
    bounds = Interval(found.low, found.high, "the plan's interval")
    outcome = decide(planned.op, found.mid, bounds, planned.limit)
    return Judged(
        reading,
        outcome,
        f"planned for {figures.count(plan.users)} users: {what} {_between(found, planned.unit)}, "
        f"where {_promised(planned)} is said",
        found.mid,
        planned.unit,
        plan.rests_on(planned.figure),
        bounds,
        "the plan",
    )


def _between(found: Span, unit: str) -> str:
    if unit == "$":
        ends = dict.fromkeys(arithmetic.dollars(end) for end in (found.low, found.high))
        return " to ".join(ends)
    return figures.interval(Interval(found.low, found.high, ""), unit)


def _promised(planned: Planned) -> str:
    words = figures.promise(planned.op, planned.limit, planned.unit)
    if planned.unit != "$":
        return words
    return f"{words.rsplit(' ', 2)[0]} {arithmetic.amount(planned.limit, '$')}"


class Verdicts:
    """What every usable run says of every target, judged once per run."""

    def __init__(self, recorded: Sequence[Recorded], targets: Sequence[Target]) -> None:
        """`recorded`: one run of each scenario, the first to be asked first."""
        self._of: dict[str, list[tuple[Recorded, Verdict]]] = {one.id: [] for one in targets}
        for one in recorded:
            for verdict in judge(one.run, one.timeline, targets):
                self._of[verdict.target.id].append((one, verdict))

    def judged(self, reading: str, target: Target, scenarios: Sequence[str]) -> Judged:
        """The verdict of the run that counts, and how many others say otherwise.

        A rate is only bounded by what a load asked for, so any run that reaches it will do;
        else it is the newest run of one of `scenarios`, else the newest that can tell.
        """
        found = self._of[target.id]
        if not found:
            return not_measured(reading, "no complete, valid run was given; hmb loadtest makes one")
        ordered = sorted(found, key=lambda pair: pair[0].run.what.scenario not in scenarios)
        telling = [pair for pair in ordered if pair[1].outcome is not Outcome.NOT_MEASURED]
        if known_metric(target.metric or "").bound_by_load:
            telling.sort(key=lambda pair: pair[1].outcome is not Outcome.MET)
        chosen = (telling or ordered)[0][1]
        others = [one for _, one in telling if one is not chosen and one.outcome != chosen.outcome]
        reason = chosen.reason
        if others:
            told_otherwise = ", ".join(f"{one.run} {one.outcome.words}" for one in others)
            reason = f"{reason}; other runs say otherwise: {told_otherwise}"
        return Judged(
            reading,
            chosen.outcome,
            reason,
            chosen.value,
            chosen.unit,
            None if chosen.value is None else Evidence.MEASURED,
            chosen.interval,
            chosen.run,
        )


def _of_people(run: Run, users: int) -> bool:
    return closed(run) and run.what.load.users == users


def by_steps(
    reading: str,
    steps: Sequence[int],
    recorded: Sequence[Recorded],
    gates: Sequence[Target],
    plan: PlanFigures | None = None,
) -> Judged:
    """By a run at each of several loads, all of which must meet the targets that gate.

    Where only the last has no run, as one machine may not hold it, a plan's ten pods stand in.
    """
    passed: list[str] = []
    failed: list[str] = []
    missing: list[str] = []
    last: Recorded | None = None
    for users in steps:
        run = next((one for one in recorded if _of_people(one.run, users)), None)
        if run is None:
            missing.append(figures.count(users))
            continue
        last = run
        code = exit_code(run.run, judge(run.run, run.timeline, gates))
        (passed if code == ExitCode.PASSED else failed).append(
            f"{figures.count(users)} ({run.run.id})"
        )
    told_ = "; ".join(
        f"{words} with {', '.join(which)} users"
        for words, which in (("passed", passed), ("did not pass", failed), ("no run", missing))
        if which
    )
    untold = Outcome.NOT_MEASURED if missing else Outcome.MET
    outcome = Outcome.NOT_MET if failed else untold
    if not (passed or failed):
        return not_measured(reading, told_)
    shown_ = f"{len(passed)} of {len(steps)} passed"
    if last is not None and len(passed) == len(steps) - 1 and missing == [figures.count(steps[-1])]:
        modelled = _by_ten_pods(steps[-1], last, plan)
        if modelled is not None:
            outcome, words = modelled
            return Judged(
                reading, outcome, f"{told_}; {words}", evidence=Evidence.MODELLED, shown=shown_
            )
    return Judged(reading, outcome, told_, evidence=Evidence.MEASURED, shown=shown_)


def _by_ten_pods(
    users: int, known: Recorded, plan: PlanFigures | None
) -> tuple[Outcome, str] | None:
    """Whether ten pods carry `users` who each ask as often as those of a run; None untold."""
    carried = plan.requests_per_s_carried if plan is not None else None
    if carried is None:
        return None
    seen = Observation(known.run, known.timeline)
    asked = sum(one.requests for one in seen.endpoints()) / seen.seconds
    rate = users * asked / known.run.what.load.users
    bounds = Interval(carried.low, carried.high, "the plan's interval")
    return decide(">=", carried.mid, bounds, rate), (
        f"by the model {figures.count(users)} who ask as often send "
        f"{figures.figure(rate, 'req/s')}, where ten pods carry "
        f"{figures.interval(bounds, 'req/s')} within the targets"
    )
