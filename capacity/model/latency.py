"""What latency adds to demands: delays, how much of the modelled waiting is real, real thinking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from capacity.demands import ClassDemand, DemandModel
from capacity.evidence import Span
from capacity.model import measured
from capacity.model.composing import only
from capacity.model.predict import Load, waiting_per_cpu_s
from capacity.model.remembering import met

if TYPE_CHECKING:
    from capacity.model.material import Material
    from capacity.model.measured import Shown

_DRAWS = 200
_ROUNDS = 4
"""Turns in which factor and delays settle."""


def with_latency(
    model: DemandModel, runs: "Sequence[Material]", seed: int, others: "Sequence[Material]" = ()
) -> DemandModel:
    """The model with a delay for each endpoint, a factor on waiting, and one on the think time.

    Mean response of class c in run r: D_c + delay_c + factor x D_c w_r, with w_r the modelled
    wait per CPU second: linear in the unknowns, so one non-negative least squares over all
    runs and classes, weighted to relative errors. With its factor each endpoint gets a delay of its
    own, as latencies are known by endpoint: many are asked for in one run alone, which tells
    nothing of the factor. Intervals by resampling runs. Thinking is N / X - R of each run (the
    response time law), the median over runs. Each run's demands are those of what it asked for,
    with what caches remembered in it, of `others` too.
    """
    of = measured.class_of(model.classes)
    shown = [measured.shown(run, of) for run in runs]
    loads = [measured.load(run, one.counts) for run, one in zip(runs, shown, strict=True)]
    think = median(
        (load.users / one.rate - one.mean_s) / load.think_s
        for load, one in zip(loads, shown, strict=True)
    )
    model = model.model_copy(update={"think_factor": max(think, 1e-6)})
    models = [met(model, run, (*runs, *others)) for run in runs]
    seen = _seen(models, loads, shown)
    factor, best = _solved(model, seen)
    chance = np.random.default_rng(seed)
    draws = []
    for _ in range(_DRAWS):
        picked = chance.integers(0, len(runs), len(runs))
        draws.append(
            _solved(model, [one for number in picked for one in seen if one.run == number])
        )
    return model.model_copy(
        update={
            "wait_factor": factor,
            "classes": tuple(
                _delayed(one, best, [delays for _, delays in draws]) for one in model.classes
            ),
        }
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """One endpoint in one run: answers, their mean seconds, CPU, and its wait for each of that."""

    run: int
    of: str
    endpoint: str
    count: int
    seconds: float
    service: float
    waits: float


def _seen(
    models: Sequence[DemandModel], loads: Sequence[Load], shown: "Sequence[Shown]"
) -> list[_Seen]:
    found = []
    for number, (model, load, one) in enumerate(zip(models, loads, shown, strict=True)):
        waits = waiting_per_cpu_s(model, load)
        for asked in model.classes:
            for endpoint in asked.members:
                if endpoint in one.by_endpoint:
                    count, seconds = one.by_endpoint[endpoint]
                    service = only(asked, endpoint).total_cpu_s
                    found.append(
                        _Seen(number, asked.name, endpoint, count, seconds, service, waits)
                    )
    return found


def _solved(model: DemandModel, seen: Sequence[_Seen]) -> tuple[float, dict[str, float]]:
    """The factor on waiting over all classes, and with it every endpoint's delay.

    A class's delay in a run is that of its endpoints there, which the factor decides: in turns.
    """
    names = [one.name for one in model.classes]
    factor, delays = 0.0, {one.endpoint: 1.0 for one in seen}
    for _ in range(_ROUNDS):
        factor = _factor(names, seen, delays)
        delays = _delays(seen, factor)
    return factor, delays


def _delays(seen: Sequence[_Seen], factor: float) -> dict[str, float]:
    """What is left of each endpoint's seconds, weighted to relative errors.

    Below 0 for one that needs less than the mean CPU of its class: cut off there, the class as a
    whole would come out slower than it is.
    """
    left: dict[str, float] = {}
    weights: dict[str, float] = {}
    for one in seen:
        weight = one.count / one.seconds**2
        beyond = one.seconds - one.service * (1 + factor * one.waits)
        left[one.endpoint] = left.get(one.endpoint, 0.0) + weight * beyond
        weights[one.endpoint] = weights.get(one.endpoint, 0.0) + weight
    return {endpoint: left[endpoint] / weights[endpoint] for endpoint in left}


def _factor(names: Sequence[str], seen: Sequence[_Seen], delays: Mapping[str, float]) -> float:
    """The factor whose waiting explains the seconds best, of classes in runs.

    A class's delays are as `delays` to each other, times one unknown.
    """
    from scipy.optimize import nnls

    together: dict[tuple[int, str], list[_Seen]] = {}
    for one in seen:
        together.setdefault((one.run, one.of), []).append(one)
    rows, wanted = [], []
    for (_, name), members in together.items():
        count = sum(one.count for one in members)
        seconds = sum(one.count * one.seconds for one in members) / count
        service = sum(one.count * one.service for one in members) / count
        weight = count**0.5 / seconds
        row = np.zeros(len(names) + 1)
        delay = sum(one.count * delays[one.endpoint] for one in members) / count
        row[names.index(name)], row[-1] = weight * delay, service * members[0].waits * weight
        rows.append(row)
        wanted.append(max(0.0, seconds - service) * weight)
    return float(nnls(np.array(rows), np.array(wanted))[0][-1])


def _delayed(
    one: ClassDemand, best: Mapping[str, float], again: Sequence[Mapping[str, float]]
) -> ClassDemand:
    """The class with the delays of its endpoints, and their mean in its proportions."""

    def mean(delays: Mapping[str, float]) -> float:
        # an endpoint that a draw left out is as it was
        return sum(
            member.share * delays.get(endpoint, best.get(endpoint, 0.0))
            for endpoint, member in one.members.items()
        )

    mid = max(0.0, mean(best))
    low, high = (
        max(0.0, float(value)) for value in np.percentile([mean(d) for d in again], (2.5, 97.5))
    )
    return one.model_copy(
        update={
            "delay_s": Span(low=min(low, mid), mid=mid, high=max(high, mid)),
            "members": {
                endpoint: member.model_copy(
                    update={
                        "delay_s": best.get(endpoint, 0.0),
                        "alone_s": max(
                            0.0, only(one, endpoint).total_cpu_s + best.get(endpoint, 0.0)
                        ),
                    }
                )
                for endpoint, member in one.members.items()
            },
        }
    )
