"""Demands by regression: CPU seconds of each tier over the requests of each class.

C_t(w) = idle_t T + sum_c n_c(w) D_ct over windows w of T seconds: the utilisation law for
several classes, solved by non-negative least squares with an intercept (Pacifici, Segmuller,
Spreitzer & Tantawi 2008, "CPU demand for web serving", Performance Evaluation 65:531; Lawson
& Hanson 1974). Intervals by resampling blocks of windows (Künsch 1989, Annals of
Statistics 17:1217), as neighbouring windows resemble each other. Where it is known how often a
class misses its caches, its requests count in the databases as often as they miss.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from capacity.demands import DATABASES, Layer, Tier
from capacity.evidence import Span
from capacity.model import hits
from capacity.model.classes import RequestClass, classes, design, kind, route, weights

if TYPE_CHECKING:
    from capacity.model.arrays import Row, Rows
    from capacity.model.windows import Windows

DRAWS = 200
_NOTHING = Span.exact(0.0)
_OF_MISSES = ("queries", "statement_s", "held_s")
"""Counts that only the requests which reach a database add to."""
MOST_WRITES = 0.05
"""The share of requests other than GETs up to which a run counts as one that reads."""
_BLOCK = 3
"""Windows in a row that are drawn together."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What one tier (or counter) spends: per request of each class, and per second idle."""

    per_request: tuple[Span, ...]
    idle: Span


@dataclass(frozen=True, slots=True)
class Fitted:
    """All regressions of a calibration; `per_request` in the order of `classes`.

    `layers` is the cost by deepest layer instead of class, in the order of `Layer`, of requests
    that read; `hits` how often caches answer, `answered` the shares of each class's requests that
    they did; None where no record tells. `own` are CPU seconds in the pods' own tasks by column of
    the windows.
    """

    classes: tuple[RequestClass, ...]
    condition: float
    cpu: "dict[Tier, Costs]"
    beside: Costs
    counted: dict[str, Costs]
    layers: "dict[Tier, Costs] | None"
    hits: hits.Hits | None
    answered: tuple[dict[Layer, float], ...] | None
    own: tuple[float, ...]


def fit(windows: "Windows", seed: int = 1, timed: Mapping[str, float] | None = None) -> Fitted:
    """Classes and their demands.

    `timed` are CPU seconds a request of a route took in its own task, as the pods timed them:
    no endpoint costs them less. Least squares alone give a class nothing where another that
    comes with it describes both.

    Raises `capacity.model.classes.CollinearError` for runs too much alike.
    """
    found, conditioned = classes(windows)
    columns = design(windows, [one.columns for one in found])
    draws, weight = _draws(windows, seed), weights(windows)
    told = hits.fitted(windows, weight)
    answered = _answered(windows, found, told)
    misses = columns.copy()
    for column, by_layer in enumerate(answered or ()):
        missed = 1 - sum(by_layer.values()) / np.maximum(columns[:, column], 1.0)
        mean = columns[:, column] @ missed / columns[:, column].sum()
        misses[:, column] *= missed / mean if mean > 0 else 1.0

    def costs(used: "Row", *, of_misses: bool = False) -> Costs:
        return _costs(misses if of_misses else columns, used, weight, draws)

    cpu = {tier: costs(used, of_misses=tier in DATABASES) for tier, used in windows.cpu.items()}
    own = own_tasks(windows, told, timed or {})
    counts = windows.requests.sum(axis=0)
    floor = [float(own[c] @ counts[c] / counts[c].sum()) for c in (list(o.columns) for o in found)]
    cpu[Tier.PODS] = _raised(costs(windows.cpu[Tier.PODS] - windows.requests @ own), floor)
    return Fitted(
        classes=tuple(found),
        condition=conditioned,
        cpu=cpu,
        beside=costs(windows.beside),
        counted={
            name: costs(used, of_misses=name in _OF_MISSES)
            for name, used in windows.counted.items()
        },
        layers=layer_costs(windows, seed),
        hits=told,
        answered=_shares(columns, answered),
        own=tuple(float(seconds) for seconds in own),
    )


def own_tasks(windows: "Windows", told: hits.Hits | None, timed: Mapping[str, float]) -> "Row":
    """CPU seconds in the pods that a request of each endpoint took in its own task.

    Routes tell no queries apart: what a route took is divided by how many requests reached a
    pod, past nginx.
    """
    counts = windows.requests.sum(axis=0)
    reached = counts.copy()
    for column in range(len(counts)):
        if told is not None:
            reached[column] -= hits.by_layer(windows, told, [column])[Layer.NGINX].sum()
    asked: dict[str, float] = {}
    came: dict[str, float] = {}
    for column, endpoint in enumerate(windows.endpoints):
        at = route(endpoint)
        asked[at] = asked.get(at, 0.0) + counts[column]
        came[at] = came.get(at, 0.0) + reached[column]

    def took(column: int) -> float:
        at = route(windows.endpoints[column])
        if not came[at] > 0 or not counts[column] > 0:
            return 0.0
        return timed.get(at, 0.0) * asked[at] * float(reached[column] / came[at] / counts[column])

    return np.array([took(column) for column in range(len(counts))])


def _raised(costs: Costs, by: Sequence[float]) -> Costs:
    per_request = tuple(
        Span(low=span.low + more, mid=span.mid + more, high=span.high + more)
        for span, more in zip(costs.per_request, by, strict=True)
    )
    return Costs(per_request, costs.idle)


def _answered(
    windows: "Windows", found: Sequence[RequestClass], told: hits.Hits | None
) -> "list[dict[Layer, Row]] | None":
    """By class and window how many requests each cache answered."""
    if told is None:
        return None
    return [hits.by_layer(windows, told, one.columns) for one in found]


def _shares(
    columns: "Rows", answered: "Sequence[Mapping[Layer, Row]] | None"
) -> tuple[dict[Layer, float], ...] | None:
    if answered is None:
        return None
    return tuple(
        {layer: float(counts.sum() / columns[:, n].sum()) for layer, counts in by_layer.items()}
        for n, by_layer in enumerate(answered)
    )


def layer_costs(windows: "Windows", seed: int = 1) -> "dict[Tier, Costs] | None":
    """What a request costs by the deepest layer it touched, in the runs that only read.

    A write always needs the database, and much else: among them a miss would not show what it
    costs more than a hit. A request that went deeper is taken to cost no less. None when no
    record tells layers, or no run only reads.
    """
    reads = [column for column, name in enumerate(windows.endpoints) if kind(name)[1]]
    if windows.layers is None:
        return None
    reading = [
        run
        for run in np.unique(windows.run)
        if (rows := windows.requests[windows.run == run]).sum() * MOST_WRITES
        >= rows.sum() - rows[:, reads].sum()
    ]
    if not reading:
        return None
    inside = np.isin(windows.run, reading)
    part = windows.only(inside)
    # deeper costs no less: each column counts what went at least so deep
    deeper = windows.layers[inside][:, ::-1].cumsum(axis=1)[:, ::-1]
    idle = design(part, [])
    weight, draws = weights(part), _draws(part, seed)
    found = {}
    for tier, used in part.cpu.items():
        # what nginx answers itself reaches no tier behind it
        free = 0 if tier is Tier.NGINX else 1
        best, again = _solutions(np.column_stack([deeper[:, free:], idle]), used, weight, draws)
        spans = _spans(
            np.append(best[:-1].cumsum(), best[-1]),
            np.column_stack([again[:, :-1].cumsum(axis=1), again[:, -1]]),
        )
        found[tier] = Costs((*(_NOTHING,) * free, *spans[:-1]), spans[-1])
    return found


def at_size(
    windows: "Windows", groups: "Sequence[Sequence[int]]", mix: "Sequence[float]", seed: int = 1
) -> "dict[Tier, tuple[tuple[Span, ...], Span]]":
    """By tier what a request of each group of columns costs, and a mean request of `mix`.

    The mean has an interval of its own: what one class is taken to cost too much, another is
    taken to cost too little.
    """
    columns, weight, draws = design(windows, groups), weights(windows), _draws(windows, seed)
    shares = np.array(mix)
    found = {}
    for tier, used in windows.cpu.items():
        best, again = _solutions(columns, used, weight, draws)
        spans = _spans(
            np.append(best[:-1], best[:-1] @ shares),
            np.column_stack([again[:, :-1], again[:, :-1] @ shares]),
        )
        found[tier] = (tuple(spans[:-1]), spans[-1])
    return found


def _draws(windows: "Windows", seed: int) -> "list[np.ndarray]":
    """Rows to fit again: blocks of windows drawn with replacement, within each run."""
    chance = np.random.default_rng(seed)
    by_run = [np.flatnonzero(windows.run == run) for run in np.unique(windows.run)]
    return [np.concatenate([_resampled(rows, chance) for rows in by_run]) for _ in range(DRAWS)]


def _resampled(rows: "np.ndarray", chance: np.random.Generator) -> "np.ndarray":
    length = min(_BLOCK, len(rows))
    starts = chance.integers(0, len(rows) - length + 1, size=-(-len(rows) // length))
    picked = (starts[:, None] + np.arange(length)).ravel()[: len(rows)]
    return np.asarray(rows[picked])


def _costs(columns: "Rows", used: "Row", weight: "Row", draws: "Sequence[np.ndarray]") -> Costs:
    spans = _spans(*_solutions(columns, used, weight, draws))
    return Costs(tuple(spans[:-1]), spans[-1])


def _solutions(
    columns: "Rows", used: "Row", weight: "Row", draws: "Sequence[np.ndarray]"
) -> "tuple[Row, Rows]":
    """The best solution, and those of the draws (a row each)."""
    again = [_least_squares(columns[r], used[r], weight[r]) for r in draws]
    return _least_squares(columns, used, weight), np.array(again)


def _spans(best: "Row", again: "Rows") -> list[Span]:
    """95 % intervals about the best figures."""
    low, high = np.percentile(again, (2.5, 97.5), axis=0)
    return [
        Span(low=min(float(a), float(m)), mid=float(m), high=max(float(b), float(m)))
        for a, m, b in zip(low, best, high, strict=True)
    ]


def _least_squares(columns: "Rows", used: "Row", weight: "Row") -> "Row":
    from scipy.optimize import nnls

    scale = np.linalg.norm(columns, axis=0)
    scale[scale == 0] = 1.0  # a class that a draw left out costs nothing there
    solution, _ = nnls(columns / scale * weight[:, None], used * weight)
    return np.asarray(solution / scale)
