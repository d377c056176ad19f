"""What latency adds to demands: delays, how much of the modelled waiting is real, real thinking."""

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from capacity.demands import DemandModel
from capacity.evidence import Span
from capacity.model import measured
from capacity.model.predict import Load, waiting_per_cpu_s
from capacity.model.remembering import met

if TYPE_CHECKING:
    from capacity.model.measured import Shown
    from capacity.model.windows import Material, Row, Rows

_DRAWS = 200


def with_latency(
    model: DemandModel, runs: "Sequence[Material]", seed: int, others: "Sequence[Material]" = ()
) -> DemandModel:
    """The model with a delay for each class, a factor on waiting, and one on the think time.

    Mean response of class c in run r: D_c + delay_c + factor x D_c w_r, with w_r the modelled
    wait per CPU second: linear in the unknowns, so one non-negative least squares over all
    runs and classes, weighted to relative errors. Intervals by resampling runs. Thinking is
    N / X - R of each run (the response time law), the median over runs. Each run's demands are
    those with what caches remembered in it, of `others` too.
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
    low, high = np.percentile(np.array(draws), (2.5, 97.5), axis=0)
    delays = [
        Span(low=min(float(a), float(m)), mid=float(m), high=max(float(b), float(m)))
        for a, m, b in zip(low, best, high, strict=True)
    ]
    return model.model_copy(
        update={
            "wait_factor": float(best[-1]),
            "classes": tuple(
                one.model_copy(update={"delay_s": delay})
                for one, delay in zip(model.classes, delays[:-1], strict=True)
            ),
        }
    )


def _equations(
    models: Sequence[DemandModel], loads: Sequence[Load], shown: "Sequence[Shown]"
) -> "tuple[Rows, Row, Row]":
    """One row per run and class seen in it: coefficients, seconds beyond service, the run."""
    names = [one.name for one in models[0].classes]
    rows, wanted, run_of = [], [], []
    for number, (model, load, one) in enumerate(zip(models, loads, shown, strict=True)):
        waits = waiting_per_cpu_s(model, load)
        for name, seconds in one.by_class_s.items():
            service = model.by_name(name).total_cpu_s
            weight = one.counts[name] ** 0.5 / seconds
            row = np.zeros(len(names) + 1)
            row[names.index(name)], row[-1] = weight, service * waits * weight
            rows.append(row)
            wanted.append(max(0.0, seconds - service) * weight)
            run_of.append(float(number))
    return np.array(rows), np.array(wanted), np.array(run_of)


def _solved(table: "Rows", wanted: "Row") -> "Row":
    from scipy.optimize import nnls

    return np.asarray(nnls(table, wanted)[0])
