"""One level of a sweep, from the run that measured it and its verdicts."""

from collections.abc import Collection, Sequence
from math import ceil

from capacity import figures
from capacity.bottleneck import others, uses
from capacity.load_metrics import offered_rate
from capacity.observation import Observation
from capacity.steady import settling
from capacity.sweep import Level, State
from capacity.verdicts import Outcome, Verdict

LEAST_REQUESTS = 3_000
"""So many without a failure show that fewer than 0.1 % fail, at 95 % confidence."""
SHORTEST_S = 60.0
"""Long enough to see whether latency has settled (see `capacity.steady`)."""
LONGEST_S = 300.0
"""A slow level is not measured for longer than this, and may stay undecided."""


UNKNOWN_CACHES_S = 330.0
"""How long to confirm an answer of a system whose caches nobody knows."""
_BEYOND = 1.1


def confirm_seconds(lives_s: Collection[float]) -> float:
    """How long to measure the answer once more so that all cached answers expire meanwhile.

    `lives_s` are how long the system's caches keep one at most; empty when that is not known.
    """
    return ceil(_BEYOND * max(lives_s)) if lives_s else UNKNOWN_CACHES_S


def level_seconds(rate: float) -> float:
    """How long to measure a level so that it can be judged."""
    return max(SHORTEST_S, min(float(ceil(LEAST_REQUESTS / rate)), LONGEST_S))


def level_of(
    seen: Observation, verdicts: Sequence[Verdict], rate: float, *, confirms: bool = False
) -> Level:
    """What a run of `rate` arrivals a second showed."""
    readings = seen.window["load.p50"].dropna().tolist() if "load.p50" in seen.window else []
    settled = settling(readings)
    latencies = seen.latencies()
    state, why = _judged(seen, verdicts)
    if state is State.WITHIN and settled.after is None:
        state, why = State.UNDECIDED, "its latency had not settled" if settled.enough else _SHORT
    well = sum(one.requests - one.failures - one.refusals for one in seen.endpoints())
    arrivals = [step.arrivals for step in seen.run.measured_steps()]
    offered = sum(one.offered or 0.0 for one in arrivals)

    def percentile(percent: float) -> float | None:
        return latencies.percentile(percent) / 1000 if latencies.count else None

    return Level(
        run=seen.run.id,
        rate=rate,
        seconds=seen.seconds,
        state=state,
        why=why,
        offered=offered_rate(seen) or 0.0,
        achieved=well / seen.seconds if seen.seconds else 0.0,
        dropped=sum(one.dropped for one in arrivals) / offered if offered else 0.0,
        mean_ms=latencies.mean() / 1000 if latencies.count else None,
        p50_ms=percentile(50),
        p95_ms=percentile(95),
        p99_ms=percentile(99),
        settled_after_s=settled.after,
        uses=tuple(uses(seen)),
        others_cores=others(seen),
        confirms=confirms,
    )


_SHORT = "it was too short to show whether its latency had settled"


def _judged(seen: Observation, verdicts: Sequence[Verdict]) -> tuple[State, str]:
    invalid = seen.run.invalid
    others = [one for one in invalid if one.reason != "arrivals-dropped"]
    if others:
        return State.INVALID, others[0].detail
    if invalid:
        # enough people were there: that all of them wait is the system's doing
        return State.BROKEN, invalid[0].detail
    gates = [verdict for verdict in verdicts if verdict.target.gate]
    for outcomes, state in (
        ({Outcome.NOT_MET, Outcome.INCONSISTENT}, State.BROKEN),
        ({Outcome.NOT_MEASURED, Outcome.INCONCLUSIVE}, State.UNDECIDED),
    ):
        found = next((verdict for verdict in gates if verdict.outcome in outcomes), None)
        if found is not None:
            return state, _in_short(found)
    return State.WITHIN, "all targets are met" if gates else "no target was set"


def _in_short(verdict: Verdict) -> str:
    measured = "" if verdict.value is None else f" {figures.figure(verdict.value, verdict.unit)}"
    target = verdict.target
    asked = ""
    if target.op is not None and target.limit is not None:
        asked = f" ({figures.limit(target.op, target.limit, target.unit or '')} asked for)"
    return f"{target.id} {verdict.outcome.words}:{measured or ' no figure'}{asked}"
