"""Verdicts: each target held against what a run measured.

A figure with an interval meets a limit only if the interval's worse end does,
and misses it only if even the better end does; between the two the run cannot
tell. Less load than a target speaks of never counts against it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil, isfinite, log
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING, Literal

from capacity import arithmetic, figures, seconds
from capacity.intervals import CONFIDENCE, Interval, clean_trials_needed
from capacity.load_metrics import offered_rate
from capacity.measured import Measured, Unavailable
from capacity.metrics import METRICS, Scope, known_metric, measure, percentile_of
from capacity.observation import Observation
from capacity.run import Run
from capacity.spool import Cell
from capacity.stretches import Reading, held, longest
from capacity.targets import Check, Op, Target

if TYPE_CHECKING:
    import pandas as pd

_HOLDS = {"<": lt, "<=": le, ">": gt, ">=": ge}


class Outcome(StrEnum):
    """What became of a target."""

    MET = "met"
    NOT_MET = "not_met"
    INCONCLUSIVE = "inconclusive"
    """The interval straddles the limit, or too few samples."""
    INCONSISTENT = "inconsistent"
    """Arithmetic on the claim's own numbers says no."""
    NOT_MEASURED = "not_measured"
    """This run cannot say; the reason tells why, and what could."""

    @property
    def words(self) -> str:
        """As people read it."""
        return self.value.replace("_", " ")


Evidence = Literal["measured", "claimed"]
"""Where a verdict's figure comes from: this run, or the claim's own numbers."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target's verdict.

    `value` and `interval` are in `unit`; `samples` counts `of`. `reason` is a
    sentence without its full stop, always given. `run` is the id of the run
    that was measured.
    """

    target: Target
    outcome: Outcome
    reason: str
    evidence: Evidence = "measured"
    value: float | None = None
    unit: str = ""
    interval: Interval | None = None
    samples: int | None = None
    of: str = ""
    run: str = ""

    @property
    def is_warning(self) -> bool:
        """Whether it is a missed target that warns."""
        return self.target.warn and self.outcome in (Outcome.NOT_MET, Outcome.INCONSISTENT)

    @property
    def words(self) -> str:
        """The outcome as people read it."""
        return f"warning: {self.outcome.words}" if self.is_warning else self.outcome.words


class ExitCode:
    """How a judged run ends the command; the larger matter outranks."""

    PASSED = 0
    SLO_FAILED = 3
    REGRESSED = 4
    INCONCLUSIVE = 5
    INVALID = 6


def judge(
    run: Run, timeline: "pd.DataFrame", targets: Sequence[Target], cells: Sequence[Cell] = ()
) -> list[Verdict]:
    """A verdict for every target, in their order.

    `timeline` has the index second and a column per series (`capacity.series`);
    it may be empty. `cells` are needed by targets that speak of a time (`for_s`).
    """
    seen = Observation(run, timeline, cells)
    return [_stopped_by(run, _judge(seen, target)) for target in targets]


def _stopped_by(run: Run, verdict: Verdict) -> Verdict:
    """The verdict, not met in any case when it is what stopped the run."""
    stopped = run.stopped
    if stopped is None or stopped.target != verdict.target.id:
        return verdict
    if verdict.outcome is Outcome.NOT_MET:
        return verdict
    # the figure of the whole may be within the limit, and would belie the reason
    return replace(
        verdict, outcome=Outcome.NOT_MET, reason=stopped.reason, value=None, interval=None
    )


def exit_code(run: Run, verdicts: Iterable[Verdict]) -> int:
    """6 for a run not to be trusted or a gate without a figure, 3 for a gate missed,
    5 for one undecided, else 0. What does not gate decides nothing.
    """
    gates = {verdict.outcome for verdict in verdicts if verdict.target.gate}
    if run.invalid or Outcome.NOT_MEASURED in gates:
        return ExitCode.INVALID
    if gates & {Outcome.NOT_MET, Outcome.INCONSISTENT}:
        return ExitCode.SLO_FAILED
    if Outcome.INCONCLUSIVE in gates:
        return ExitCode.INCONCLUSIVE
    return ExitCode.PASSED


def worst(codes: Iterable[int]) -> int:
    """The exit code of several judged runs together: 6 outranks 3, 3 outranks 5."""
    ranks = (ExitCode.INVALID, ExitCode.SLO_FAILED, ExitCode.INCONCLUSIVE)
    found = set(codes)
    return next((code for code in ranks if code in found), ExitCode.PASSED)


def holds(op: Op, value: float, limit: float) -> bool:
    """Whether `value` satisfies `op` `limit`."""
    return bool(_HOLDS[op](value, limit))


def decide(op: Op, value: float, interval: Interval | None, limit: float) -> Outcome:
    """Met, not met or inconclusive, by the ends of the interval (or the bare value)."""
    if interval is None:
        return Outcome.MET if holds(op, value, limit) else Outcome.NOT_MET
    better, worse = (
        (interval.low, interval.high) if op in ("<", "<=") else (interval.high, interval.low)
    )
    if worse is not None and holds(op, worse, limit):
        return Outcome.MET
    if better is not None and not holds(op, better, limit):
        return Outcome.NOT_MET
    return Outcome.INCONCLUSIVE


def _judge(seen: Observation, target: Target) -> Verdict:
    if target.check is not None:
        return _by_arithmetic(target, target.check)
    if target.metric is None or target.statistic is None or target.op is None:
        return Verdict(target, Outcome.NOT_MEASURED, target.not_measured, run=seen.run.id)
    found = measure(seen, target.metric, target.statistic, target.endpoints)
    if target.for_s is not None and not (isinstance(found, Unavailable) and not found.refuted):
        return _over_time(seen, target, target.op, target.for_s)
    if isinstance(found, Unavailable):
        missed = found.refuted and target.op in ("<", "<=")
        outcome = Outcome.NOT_MET if missed else Outcome.NOT_MEASURED
        return Verdict(target, outcome, found.reason, run=seen.run.id)
    outcome, reason = _outcome(seen, target, target.op, target.limit or 0.0, found)
    return Verdict(
        target,
        outcome,
        reason + _also(seen, target, outcome),
        "measured",
        found.value,
        found.unit,
        found.interval,
        found.samples,
        found.of,
        seen.run.id,
    )


def reading(second: int, seen: Observation, target: Target) -> Reading | None:
    """What one second says of a target; None when it says nothing.

    Less load than a target speaks of is not past it.
    """
    if target.metric is None or target.statistic is None or target.op is None:
        return None
    limit = target.limit or 0.0
    found = measure(seen, target.metric, target.statistic, target.endpoints)
    if isinstance(found, Unavailable):
        if not found.refuted or target.op not in ("<", "<="):
            return None
        return Reading(second, float("inf"), past=True)
    if 0 < found.samples < target.minimum_samples:  # a rate of nothing has no samples
        return None
    past = not holds(target.op, found.value, limit)
    if past and known_metric(target.metric).bound_by_load and _offered_less(seen, target, limit):
        return None
    return Reading(second, found.value, past)


def _over_time(seen: Observation, target: Target, op: Op, for_s: int) -> Verdict:
    """A target with a window: missed when it was past its limit for that long."""
    name = target.metric or ""
    if name in METRICS and METRICS[name].scope is Scope.LOAD and not seen.cells:
        reason = "this record has no figures second by second"
        return Verdict(target, Outcome.NOT_MEASURED, reason, run=seen.run.id)
    told = (reading(second, one, target) for second, one in seconds.each(seen))
    readings = [one for one in told if one is not None]
    lasting = held(op, readings, for_s)
    past = longest(readings)
    if lasting is None:
        outcome = Outcome.INCONCLUSIVE
        reason = f"{figures.plural(len(readings), 'second')} had a figure; it takes {for_s}"
    elif past is None:
        outcome, reason = Outcome.MET, "within the limit in every second"
    else:
        outcome = Outcome.MET if holds(op, lasting, target.limit or 0.0) else Outcome.NOT_MET
        reason = f"past the limit for {past.seconds} s at most, from second {past.start}"
    return Verdict(
        target,
        outcome,
        f"{reason}; what lasted {for_s} s counts",
        value=lasting if lasting is not None and isfinite(lasting) else None,
        unit=target.unit or "",
        samples=len(readings),
        of="seconds",
        run=seen.run.id,
    )


def _by_arithmetic(target: Target, check: Check) -> Verdict:
    found = arithmetic.check(check.name, check.numbers)
    return Verdict(
        target,
        Outcome.MET if found.consistent else Outcome.INCONSISTENT,
        found.sentence,
        "claimed",
        found.value,
        found.unit,
    )


def _outcome(
    seen: Observation, target: Target, op: Op, limit: float, found: Measured
) -> tuple[Outcome, str]:
    if found.samples < target.minimum_samples:
        return Outcome.INCONCLUSIVE, (
            f"{figures.too_few(found.samples, found.of[:-1])}; "
            f"{target.minimum_samples} are asked for"
        )
    outcome = decide(op, found.value, found.interval, limit)
    if outcome is not Outcome.MET and known_metric(target.metric or "").bound_by_load:
        spared = _offered_less(seen, target, limit)
        if spared:
            return Outcome.NOT_MEASURED, spared
    if outcome is Outcome.INCONCLUSIVE:
        return outcome, _undecided(target, found, limit)
    return outcome, _decided(op, outcome, found)


def _decided(op: Op, outcome: Outcome, found: Measured) -> str:
    if found.interval is None:
        return found.how or f"the largest of {figures.plural(found.samples, found.of[:-1])}"
    at_most = (op in ("<", "<=")) is (outcome is Outcome.MET)
    end = found.interval.high if at_most else found.interval.low
    return (
        f"{'at most' if at_most else 'at least'} {figures.figure(end, found.unit)} "
        f"at {found.interval.confidence * 100:.0f} % confidence"
    )


def _undecided(target: Target, found: Measured, limit: float) -> str:
    bounds = found.interval
    if bounds is None or (bounds.low is None and bounds.high is None):
        return f"too few to bound it: {figures.plural(found.samples, found.of[:-1])}"
    text = (
        f"the {bounds.confidence * 100:.0f} % interval, {figures.interval(bounds, found.unit)}, "
        f"reaches across the limit"
    )
    needed = _samples_needed(target, found, limit)
    if needed is None or needed <= found.samples:
        return text
    return f"{text}: {figures.plural(found.samples, 'sample')}, {figures.count(needed)} are needed"


def _samples_needed(target: Target, found: Measured, limit: float) -> int | None:
    """The fewest samples that could decide it, where that is known."""
    if target.metric in ("error_rate", "refusal_rate"):
        clean = found.value == 0 and target.op in ("<", "<=") and 0 < limit < 100
        return clean_trials_needed(limit / 100) if clean else None
    percent = percentile_of(target.statistic or "")
    if target.metric == "latency" and percent and target.op in ("<", "<="):
        return ceil(log((1 - CONFIDENCE) / 2) / log(percent / 100))
    return None


def _offered_less(seen: Observation, target: Target, limit: float) -> str:
    """Why a rate below the limit refutes nothing in this run; empty when it does."""
    if target.metric == "pod_sockets":
        return (
            "this load did not open more; it takes one that does until a pod gives way, "
            "and for ten pods twice as many connections at nginx"
        )
    if target.metric not in ("throughput", "request_rate"):
        return "this load did not ask for more; it takes a probe that loads this service alone"
    if target.statistic == "per_pod_cpu_second":
        return ""  # a cost, not a rate: it does not depend on what was offered
    offered = offered_rate(seen)
    cores = seen.run.where.machine.cores
    if offered is None:
        return "the journeys do not say what they offered; raise the load until latency gives way"
    per = {"per_pod": len(seen.pods), "per_vcpu": cores}.get(target.statistic or "", 1)
    if offered / per < limit:
        each = {"per_pod": " per pod", "per_vcpu": " per vCPU"}.get(target.statistic or "", "")
        return (
            f"this run was offered {figures.figure(offered / per, 'req/s')}{each}"
            f"{_per_core(seen, target)}"
        )
    pods = target.at_pods
    if pods is not None and (len(seen.pods) != pods or cores < pods):
        had = f"{len(seen.pods)} on {figures.plural(cores, 'core')}"
        return f"it speaks of {pods} pods of a core each, this run had {had}" + _per_core(
            seen, target
        )
    return ""


def _per_core(seen: Observation, target: Target) -> str:
    """What the run says about throughput on any machine: per vCPU and per CPU second of pods."""
    machine = measure(seen, "throughput", "per_vcpu")
    busy = measure(seen, "throughput", "per_pod_cpu_second")
    if isinstance(machine, Unavailable) or isinstance(busy, Unavailable):
        return ""
    text = (
        f"; {figures.figure(machine.value, 'req/s')} per vCPU of this machine reached a pod, "
        f"and the pods answer {figures.number(busy.value)} requests per CPU second"
    )
    if target.at_pods is None or target.limit is None:
        return text
    return (
        f"{text}, where {target.at_pods} pods of a core each "
        f"need {figures.exact(target.limit / target.at_pods)}"
    )


def _also(seen: Observation, target: Target, outcome: Outcome) -> str:
    """The stricter reading beside the judged one."""
    if not target.also or target.metric is None or target.op is None or target.limit is None:
        return ""
    found = measure(seen, target.metric, target.also, target.endpoints)
    if isinstance(found, Unavailable):
        return ""
    verdict = decide(target.op, found.value, found.interval, target.limit)
    says = {Outcome.MET: "holds too" if outcome is Outcome.MET else "holds"}.get(
        verdict, "does not hold" if verdict is Outcome.NOT_MET else "stays open"
    )
    reading = f"{_reading(target.also)}, {figures.figure(found.value, found.unit)}"
    return f"; read more strictly, {reading}, it {says}"


def _reading(statistic: str) -> str:
    return {"requests": "by requests that needed no database"}.get(statistic, f"by {statistic}")
