"""A run second by second: each as an observation of its own, so that every metric fits it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import ceil, isnan
from typing import TYPE_CHECKING

from capacity.histogram import Histogram
from capacity.observation import Observation
from capacity.run import BESIDE, Arrivals, EndpointStats, Phase, Run, Step
from capacity.spool import Cell

if TYPE_CHECKING:
    import pandas as pd

_STEP = "second"
_EMPTY = Histogram().encode()


def each(seen: Observation) -> Iterator[tuple[int, Observation]]:
    """Every whole measured second of a run whose cells are known, in order."""
    by_second: defaultdict[int, list[Cell]] = defaultdict(list)
    for cell in seen.cells:
        by_second[cell.second].append(cell)
    known = {(one.method, one.endpoint) for one in seen.everything()}
    for step in seen.run.measured_steps():
        for second in range(ceil(step.start_s), int(step.end_s)):
            yield second, alone(seen.run, second, by_second[second], seen.timeline, known)


def alone(
    run: Run,
    second: int,
    cells: Sequence[Cell],
    timeline: "pd.DataFrame",
    known: Iterable[tuple[str, str]],
) -> Observation:
    """One second of `run`: the requests that ended in it, and its row of the timeline.

    `known` are methods and endpoints that may have had none, which is a figure too.
    """
    silent = set(known) - {(cell.method, cell.endpoint) for cell in cells}
    stats = [_counted(cell) for cell in cells]
    stats += [_counted(Cell("", second, "", *one, requests=0)) for one in sorted(silent)]
    step = Step(
        name=_STEP,
        phase=Phase.MEASURED,
        start_s=second,
        end_s=second + 1,
        users=run.what.load.users,
        arrivals=Arrivals(
            offered=_reading(timeline, second, "load.offered"),
            achieved=sum(cell.requests for cell in cells if cell.method not in BESIDE),
            dropped=round(_reading(timeline, second, "load.dropped") or 0.0),
        ),
    )
    return Observation(run.model_copy(update={"steps": [step], "endpoints": stats}), timeline)


def _reading(timeline: "pd.DataFrame", second: int, series: str) -> float | None:
    if series not in timeline:
        return None
    (value,) = timeline[series].reindex([second]).tolist()
    return None if isnan(value) else float(value)


def _counted(cell: Cell) -> EndpointStats:
    return EndpointStats(
        step=_STEP,
        method=cell.method,
        endpoint=cell.endpoint,
        requests=cell.requests,
        failures=cell.failures,
        refusals=cell.refusals,
        errors=cell.errors,
        bytes_received=cell.bytes_received,
        raw=cell.raw or _EMPTY,
        corrected=cell.corrected or _EMPTY,
        failed=cell.failed or _EMPTY,
    )
