"""The measured steps of a run side by side: the levels of an open load, the parts of a soak."""

from dataclasses import dataclass

from capacity.histogram import Histogram
from capacity.run import BESIDE, Run, Step


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step; rates per second, latencies in ms from the intended start.

    What is not known is None: latencies of a step in which nothing succeeded, what
    journeys offer that do not say.
    """

    name: str
    seconds: float
    offered: float | None
    achieved: float
    dropped: int
    failures: int
    p50: float | None
    p95: float | None
    p99: float | None


def step_rows(run: Run) -> list[StepRow]:
    """The measured steps in order."""
    return [_row(run, step) for step in run.measured_steps()]


def _row(run: Run, step: Step) -> StepRow:
    parts = [
        stats for stats in run.endpoints if stats.step == step.name and stats.method not in BESIDE
    ]
    well = Histogram.merged(Histogram.decode(part.corrected) for part in parts if part.corrected)
    seconds, arrivals = step.seconds, step.arrivals

    def percentile(percent: float) -> float | None:
        return well.percentile(percent) / 1000 if well.count else None

    return StepRow(
        step.name,
        seconds,
        None if arrivals.offered is None else arrivals.offered / seconds,
        arrivals.achieved / seconds,
        arrivals.dropped,
        sum(part.failures for part in parts),
        percentile(50),
        percentile(95),
        percentile(99),
    )
