"""What latency adds to demands: delays, how much of the modelled waiting is real, real thinking."""

from collections.abc import Sequence
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
    from capacity.model.measured import Shown
    from capacity.model.windows import Material, Row, Rows

_DRAWS = 200


def with_latency(
    model: DemandModel, runs: "Sequence[Material]", seed: int, others: "Sequence[Material]" = ()
) -> DemandModel:
    """The model with a delay for each endpoint, a factor on waiting, and one on the think time.

    Mean response of endpoint e in run r: D_e + delay_e + factor x D_e w_r, with w_r the modelled
    wait per CPU second: linear in the unknowns, so one non-negative least squares over all
    runs and endpoints, weighted to relative errors. Latencies are known by endpoint, where
    CPU is only by class. Intervals by resampling runs. Thinking is N / X - R of each run (the
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
    table, wanted, run_of = _equations(models, loads, shown)
    best = _solved(table, wanted)
    chance = np.random.default_rng(seed)
    draws = []
    for _ in range(_DRAWS):
        picked = chance.integers(0, len(runs), len(runs))
        rows = np.concatenate([np.flatnonzero(run_of == number) for number in picked])
        draws.append(_solved(table[rows], wanted[rows]))
    again = np.array(draws)
    columns = {endpoint: column for column, endpoint in enumerate(_endpoints(model))}
    return model.model_copy(
        update={
            "wait_factor": float(best[-1]),
            "classes": tuple(
                _delayed(one, [columns[endpoint] for endpoint in one.members], best, again)
                for one in model.classes
            ),
        }
    )


def _endpoints(model: DemandModel) -> list[str]:
    return [endpoint for one in model.classes for endpoint in one.members]


def _delayed(one: ClassDemand, columns: Sequence[int], best: "Row", again: "Rows") -> ClassDemand:
    """The class with the delays of its endpoints, and their mean in its proportions."""
    shares = np.array([member.share for member in one.members.values()])
    mid = float(best[columns] @ shares)
    low, high = (float(value) for value in np.percentile(again[:, columns] @ shares, (2.5, 97.5)))
    return one.model_copy(
        update={
            "delay_s": Span(low=min(low, mid), mid=mid, high=max(high, mid)),
            "members": {
                endpoint: member.model_copy(
                    update={
                        "delay_s": float(best[column]),
                        "alone_s": only(one, endpoint).total_cpu_s + float(best[column]),
                    }
                )
                for column, (endpoint, member) in zip(columns, one.members.items(), strict=True)
            },
        }
    )


def _equations(
    models: Sequence[DemandModel], loads: Sequence[Load], shown: "Sequence[Shown]"
) -> "tuple[Rows, Row, Row]":
    """One row per run and endpoint seen in it: coefficients, seconds beyond service, the run."""
    names = _endpoints(models[0])
    rows, wanted, run_of = [], [], []
    for number, (model, load, one) in enumerate(zip(models, loads, shown, strict=True)):
        waits = waiting_per_cpu_s(model, load)
        for asked in model.classes:
            for endpoint in asked.members:
                if endpoint not in one.by_endpoint:
                    continue
                count, seconds = one.by_endpoint[endpoint]
                service = only(asked, endpoint).total_cpu_s
                weight = count**0.5 / seconds
                row = np.zeros(len(names) + 1)
                row[names.index(endpoint)], row[-1] = weight, service * waits * weight
                rows.append(row)
                wanted.append(max(0.0, seconds - service) * weight)
                run_of.append(float(number))
    return np.array(rows), np.array(wanted), np.array(run_of)


def _solved(table: "Rows", wanted: "Row") -> "Row":
    from scipy.optimize import nnls

    return np.asarray(nnls(table, wanted)[0])
