"""From runs to a model: demands first, then what latency adds to them, then the held-out errors."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from capacity.demands import (
    ClassDemand,
    DemandModel,
    Family,
    Layer,
    LevelSeen,
    Member,
    Topology,
)
from capacity.errors import UsageError
from capacity.evidence import Span
from capacity.histogram import Histogram
from capacity.model import measured
from capacity.model.bounds import in_system
from capacity.model.classes import RequestClass
from capacity.model.composing import as_asked
from capacity.model.crosscheck import timed, with_checks
from capacity.model.fit import Fitted, fit
from capacity.model.growth import by_size, with_growth
from capacity.model.hits import by_layer
from capacity.model.latency import with_latency
from capacity.model.material import Material
from capacity.model.validate import validate
from capacity.model.windows import Windows, cut
from capacity.observation import name

BASE_MIX = "mixed"
"""The scenario whose mix a plan starts from."""
FEWEST_LEVELS = 3
_ANOTHER_LEVEL = 1.15
"""Loads count as different levels when the higher is this much above the lower."""
_LIGHT = 0.5
"""Load is light when no more than this share of the machine is busy."""
_LEAST_LIGHT = 50
"""Latencies that make a shape."""


def calibrate(
    runs: Sequence[Material],
    held_out: Sequence[Material],
    *,
    made_at: datetime,
    seed: int = 1,
    requests: int = 10_000,
) -> DemandModel:
    """The model that `runs` show, with its error on `held_out` (`requests` simulated for each).

    Of runs on several sizes of data, those of the largest make the model, the others say with
    them how demands grow.

    Raises `UsageError` for too few levels, mixes too much alike, or runs of different
    machines or stacks, and `capacity.model.measured.InvalidRunError` for one that is invalid.
    """
    _refuse(runs, held_out)
    by_data = by_size(runs)
    for one in by_data:
        _refuse_few_levels(cut(one.runs))
    largest = by_data[-1].runs
    everything = (*runs, *held_out)
    windows = cut(largest, others=everything)
    fitted = fit(windows, seed, timed(largest))
    mix = _mix(fitted, windows, largest)
    sizes = [measured.topology(run) for run in largest]
    model = DemandModel(
        made_at=made_at,
        machine=runs[0].seen.run.where.machine,
        topology=max(sizes, key=lambda size: size.pods),
        runs=tuple(run.id for run in runs),
        condition=fitted.condition,
        classes=_classes(fitted, largest, windows),
        mix=mix,
        idle_cpu={tier: costs.idle.mid for tier, costs in fitted.cpu.items()},
        cache_hit={}
        if fitted.answered is None
        else {
            one.name: min(1.0, sum(own.values()))
            for one, own in zip(fitted.classes, fitted.answered, strict=True)
        },
        families=() if fitted.hits is None else fitted.hits.families,
        other_hits=0.0 if fitted.hits is None else fitted.hits.others,
        layers={}
        if fitted.layers is None
        else {
            layer: {tier: costs.per_request[n] for tier, costs in fitted.layers.items()}
            for n, layer in enumerate(Layer)
        },
        beside_cpu_s=_mean(fitted.beside.per_request, mix, fitted),
        beside_idle=fitted.beside.idle.mid,
        tested_rate=max(_rates(windows)),
        levels=_levels(largest, fitted),
        held_out=(),
        seeded_users=by_data[-1].users,
    )
    model = as_asked(model, _in_base(windows, largest))
    model = with_growth(with_latency(model, largest, seed, everything), by_data, seed)
    model = with_checks(model, largest)
    return model.model_copy(
        update={"held_out": validate(model, held_out, everything, requests=requests, seed=seed)}
    )


def _refuse(runs: Sequence[Material], held_out: Sequence[Material]) -> None:
    if not runs:
        raise UsageError("no runs to calibrate from; name some, or let hmb calibrate make them")
    for run in (*runs, *held_out):
        measured.refuse(run)
    if not any(_is_base(run) for run in by_size(runs)[-1].runs):
        raise UsageError(f"no run of {BASE_MIX} among those to fit: a plan starts from its mix")
    both = {run.id for run in runs} & {run.id for run in held_out}
    if both:
        raise UsageError(f"run {min(both)} is both fitted and held out: that proves nothing")
    for run in (*runs[1:], *held_out):
        if run.seen.run.where.machine != runs[0].seen.run.where.machine:
            raise UsageError(
                f"runs {runs[0].id} and {run.id} are of different machines: CPU seconds of one "
                f"are not those of the other; calibrate on one"
            )
        if _stack(run) != _stack(runs[0]):
            raise UsageError(
                f"runs {runs[0].id} and {run.id} are of stacks that differ in more than pods; "
                f"calibrate on one"
            )


def _is_base(run: Material) -> bool:
    return run.seen.run.what.scenario == BASE_MIX


def _stack(run: Material) -> Topology:
    """Sizes of the stack apart from its pods."""
    return measured.topology(run).model_copy(update={"pods": 1})


def _refuse_few_levels(windows: Windows) -> None:
    levels = 0
    last = 0.0
    for rate in sorted(_rates(windows)):
        if rate > _ANOTHER_LEVEL * last:
            levels, last = levels + 1, rate
    if levels < FEWEST_LEVELS:
        raise UsageError(
            f"too few levels: the runs hold {levels} different {'load' if levels == 1 else 'loads'}"
            f" (15 % apart), {FEWEST_LEVELS} are needed to tell idle work from requests; "
            f"add runs with other numbers of users"
        )


def _rates(windows: Windows) -> list[float]:
    """Requests per second of each run."""
    total = windows.requests.sum(axis=1) / windows.seconds
    return [float(total[windows.run == run].mean()) for run in np.unique(windows.run)]


def _levels(runs: Sequence[Material], fitted: Fitted) -> tuple[LevelSeen, ...]:
    """What each run of `mixed` carried."""
    of = {endpoint: one.name for one in fitted.classes for endpoint in one.endpoints}
    seen = [(run, measured.shown(run, of)) for run in runs if _is_base(run)]
    return tuple(
        LevelSeen(
            pods=measured.topology(run).pods,
            rate=shown.rate,
            at_once=in_system(shown.rate, shown.mean_s),
        )
        for run, shown in seen
    )


def _in_base(windows: Windows, runs: Sequence[Material]) -> dict[str, float]:
    """How often each endpoint was asked for in the runs of `mixed`."""
    base = [n for n, run in enumerate(runs) if _is_base(run)]
    counts = windows.requests[np.isin(windows.run, base)].sum(axis=0)
    return dict(zip(windows.endpoints, map(float, counts), strict=True))


def _mix(fitted: Fitted, windows: Windows, runs: Sequence[Material]) -> dict[str, float]:
    """Each class's share of requests in the runs of `mixed`."""
    counts = _in_base(windows, runs)
    whole = sum(counts.values())
    return {
        one.name: sum(counts[endpoint] for endpoint in one.endpoints) / whole
        for one in fitted.classes
    }


def _mean(spans: Sequence[Span], mix: dict[str, float], fitted: Fitted) -> Span:
    """The mean of the classes' figures in `mix`."""
    shares = [mix[one.name] for one in fitted.classes]
    return Span(
        low=sum(share * span.low for share, span in zip(shares, spans, strict=True)),
        mid=sum(share * span.mid for share, span in zip(shares, spans, strict=True)),
        high=sum(share * span.high for share, span in zip(shares, spans, strict=True)),
    )


def _kept(families: Sequence[Family], one: RequestClass, windows: Windows) -> dict[str, float]:
    """What share of the class's requests each family is."""
    counts = windows.requests.sum(axis=0)
    whole = counts[list(one.columns)].sum()
    shares = {
        family.name: float(
            sum(counts[n] for n in one.columns if windows.endpoints[n] in family.endpoints) / whole
        )
        for family in families
    }
    return {name: share for name, share in shares.items() if share > 0}


def _classes(fitted: Fitted, runs: Sequence[Material], windows: Windows) -> tuple[ClassDemand, ...]:
    def counted(what: str, n: int) -> Span:
        return fitted.counted[what].per_request[n] if what in fitted.counted else Span.exact(0.0)

    return tuple(
        ClassDemand(
            name=one.name,
            endpoints=one.endpoints,
            cpu_s={tier: costs.per_request[n] for tier, costs in fitted.cpu.items()},
            queries=counted("queries", n),
            redis_commands=counted("redis_commands", n),
            rows_written=counted("rows_written", n),
            statement_s=counted("statement_s", n),
            held_s=counted("held_s", n),
            bytes_out=_bytes(one.endpoints, runs),
            kept={} if fitted.hits is None else _kept(fitted.hits.families, one, windows),
            answered={} if fitted.answered is None else fitted.answered[n],
            members=_members(one, fitted, windows, runs),
        )
        for n, one in enumerate(fitted.classes)
    )


def _members(
    one: RequestClass, fitted: Fitted, windows: Windows, runs: Sequence[Material]
) -> dict[str, Member]:
    counts = windows.requests.sum(axis=0)
    whole = float(counts[list(one.columns)].sum())
    return {
        windows.endpoints[column]: Member(
            share=float(counts[column]) / whole,
            own_s=fitted.own[column],
            answered=_answered(fitted, windows, column),
            light=_light(windows.endpoints[column], runs),
        )
        for column in one.columns
    }


def _answered(fitted: Fitted, windows: Windows, column: int) -> dict[Layer, float]:
    """Who answered an endpoint's requests; nothing where no record tells."""
    whole = float(windows.requests[:, column].sum())
    if fitted.hits is None or not whole:
        return {}
    found = by_layer(windows, fitted.hits, [column])
    return {layer: float(counts.sum()) / whole for layer, counts in found.items()}


def _bytes(endpoints: Sequence[str], runs: Sequence[Material]) -> Span:
    """Bytes per answer: over all runs, and the least and most of any run that asked enough."""
    pairs = []
    for run in runs:
        stats = [one for one in run.seen.endpoints() if name(one) in endpoints]
        requests = sum(one.requests for one in stats)
        if requests:
            pairs.append((sum(one.bytes_received for one in stats), requests))
    mid = sum(size for size, _ in pairs) / sum(requests for _, requests in pairs)
    enough = [size / requests for size, requests in pairs if requests >= _LEAST_LIGHT]
    return Span(low=min([*enough, mid]), mid=mid, high=max([*enough, mid]))


def _light(endpoint: str, runs: Sequence[Material]) -> str:
    """Latencies of the runs that left most of the machine idle; of the least busy if none did.

    Of several, since the first run on a stack finds its caches empty. All runs' where these have
    too few.
    """
    found = []
    for run in runs:
        stats = [one for one in run.seen.endpoints() if name(one) == endpoint]
        merged = Histogram.merged(Histogram.decode(one.raw) for one in stats)
        busy = run.seen.summed("machine.cpu")
        cores = run.seen.run.where.machine.cores
        found.append((float("inf") if busy is None else float(busy.mean()) / cores, merged))
    least = min(share for share, _ in found)
    light = Histogram.merged(one for share, one in found if share <= max(_LIGHT, least))
    chosen = light if light.count >= _LEAST_LIGHT else Histogram.merged(one for _, one in found)
    return chosen.encode() if chosen.count else ""
