"""A demand model as inputs of a plan: per request of the mix, with intervals and evidence."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from capacity.demands import DATABASES, ClassDemand, DemandModel, Layer, Tier
from capacity.errors import UsageError
from capacity.evidence import Evidence, Span
from capacity.inputs import Array, Input, Inputs, Values
from capacity.model.cache import (
    Answered,
    answered,
    answered_at,
    cached,
    follows_rate,
    hit_rate,
    layer_extra,
    miss_extra,
)

_HOLD_DATA = (Tier.PRIMARY, Tier.REPLICAS)
"""Tiers that are taken to grow with the data unless measured otherwise."""
_NOTHING = Span.exact(0.0)
HIT_RATE, NGINX, REDIS = "cache.hit_rate", "cache.nginx_share", "cache.redis_share"
"""Inputs that hold whatever the load; where one is not there, it follows from the load."""
KEYS_GROWTH = "cache.keys_growth"


def demand_inputs(model: DemandModel, growth: Input) -> Inputs:
    """What one request of the model's mix costs at each tier, as inputs named `demand.*`.

    The ends of an interval add up over the classes: errors of one fit lean the same way.
    `growth` stands in for a database whose growth with data was not fitted; other tiers grow
    where the fit is sure of it. How long a statement holds a connection takes the place of what
    is assumed of it where the records tell. No demand is taken to fall with more data.

    Raises `UsageError` for a model whose mix is empty or names unknown classes.
    """
    _check(model)
    known: dict[str, Input] = {}
    why = f"fitted from {len(model.runs)} runs, condition number {model.condition:.3g}"
    for tier in Tier:
        span = _mixed(model, _cpu_at(tier))
        known[f"demand.{tier}_ms"] = _input(span.times(1000), "ms of CPU", why)
    for name, unit in (
        ("queries", "statements"),
        ("redis_commands", "commands"),
        ("bytes_out", "bytes"),
        ("rows_written", "rows"),
        ("delay_s", "s"),
    ):
        span = _mixed(model, attrgetter(name))
        known[f"demand.{name}"] = _input(span, unit, why)
    held, queries = _mixed(model, attrgetter("held_s")), _mixed(model, attrgetter("queries")).mid
    if held.mid > 0 and queries > 0:
        known["database.held_ms"] = _input(
            held.times(1000 / queries),
            "ms",
            f"a statement, what it waited for the tested machine's cores included; {why}",
        )
    for tier in Tier:
        fitted = model.growth.get(tier)
        if fitted is not None and (tier in _HOLD_DATA or fitted.low > 0):
            known[f"growth.{tier}"] = _input(fitted, "exponent", "fitted over sizes of data")
        elif tier in _HOLD_DATA:
            known[f"growth.{tier}"] = growth
    known |= _cache_inputs(model, why)
    known["model.wait_factor"] = Input(
        low=model.wait_factor,
        mid=model.wait_factor,
        high=model.wait_factor,
        unit="times",
        reason=f"measured over modelled waiting for a core, {why}",
        evidence=Evidence.MODELLED,
    )
    known["model.p95_off"] = _tail_error(model)
    return Inputs(known)


def _cache_inputs(model: DemandModel, why: str) -> dict[str, Input]:
    """Who answers what a cache may answer, as in the runs of the fit."""
    if follows_rate(model):
        seen = answered(model)
        told = {HIT_RATE: seen.hit, NGINX: seen.nginx, REDIS: seen.redis}
    else:
        told = {HIT_RATE: np.asarray(hit_rate(model))}
    return {
        name: Input(
            low=float(share),
            mid=float(share),
            high=float(share),
            unit="share",
            reason=why,
            evidence=Evidence.MEASURED,
        )
        for name, share in told.items()
    }


def _check(model: DemandModel) -> None:
    names = {one.name for one in model.classes}
    strange = sorted(set(model.mix) - names)
    if strange:
        raise UsageError(f"the model's mix names classes it does not know: {', '.join(strange)}")
    if abs(sum(model.mix.values()) - 1) > 0.01:
        raise UsageError(
            f"the shares of the model's mix add up to {sum(model.mix.values()):.3g}, not to 1; "
            "run hmb calibrate again"
        )


def _cpu_at(tier: Tier) -> Callable[[ClassDemand], Span]:
    return lambda one: one.cpu_s.get(tier, _NOTHING)


def _mixed(model: DemandModel, pick: Callable[[ClassDemand], Span]) -> Span:
    spans = [(share, pick(model.by_name(name))) for name, share in model.mix.items()]
    return Span(
        low=sum(share * span.low for share, span in spans),
        mid=sum(share * span.mid for share, span in spans),
        high=sum(share * span.high for share, span in spans),
    )


def _input(span: Span, unit: str, why: str) -> Input:
    return Input(
        low=max(0.0, span.low),
        mid=max(0.0, span.mid),
        high=max(0.0, span.high),
        unit=unit,
        reason=why,
        evidence=Evidence.MODELLED,
    )


def _tail_error(model: DemandModel) -> Input:
    """Measured over predicted p95 of the runs held out: the least, the median, the greatest."""
    ratios = sorted(
        one.measured / one.predicted
        for one in model.held_out
        if one.what == "p95" and one.predicted > 0
    )
    if not ratios:
        return Input(
            low=0.8,
            mid=1.0,
            high=1.5,
            unit="times",
            reason="measured over predicted p95; this model was held against no run of its own",
        )
    return Input(
        low=ratios[0],
        mid=float(np.median(ratios)),
        high=ratios[-1],
        unit="times",
        reason=f"measured over predicted p95 of {len(ratios)} runs no fit had seen",
        evidence=Evidence.MEASURED,
    )


@dataclass(frozen=True, slots=True)
class Demands:
    """Per request in every draw: CPU seconds by tier on the planned machines, and the rest."""

    cpu_s: dict[Tier, Array]
    queries: Array
    redis_commands: Array
    bytes_out: Array
    rows_written: Array
    delay_s: Array
    answered: Answered
    idle_cores: dict[Tier, Array]
    """Cores in use with no load, for each pod: its own, and what its polling costs the others."""
    service_cv2: float
    """Squared coefficient of variation of a pod's service time over the classes."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a population asks: `rate` requests a second, of as many `processes` of pods."""

    rate: Array
    processes: Array


def demands(
    model: DemandModel, users: Array, values: Values, asking: Asking | None = None
) -> Demands:
    """What one request costs with `users` in the database, asked as `asking` says.

    D = D_measured / speed, grown by (users / users measured with) ** e where a tier grows. Of
    the classes that a cache answers (`capacity.model.cache`), those requests that miss reach
    the databases, so that part of their work is in proportion to the misses; what a miss
    costs the pods beside that, and a hit in nginx or Redis, is known where the calibration told
    layers apart. Who answers how many follows from how they are asked, but for what `values`
    say of it; without `asking` they answer as in the runs.
    """
    speed = values["machine.speed"]
    wanted, seen = _answered(model, users, values, asking), answered(model)
    now = hit_rate(model)
    misses = (1 - wanted.hit) / (1 - now) if now < 1 else np.ones_like(wanted.hit)
    asked = sum(model.mix.get(name, 0.0) for name in cached(model))
    cpu = {}
    for tier in Tier:
        seconds = values[f"demand.{tier}_ms"] / 1000
        if tier in DATABASES:
            seconds = seconds * _left(_from_cached(model, _cpu_at(tier)), misses)
        else:
            more = (now - wanted.hit) * miss_extra(model, tier)
            more = more + _elsewhere(model, tier, wanted, seen)
            seconds = np.maximum(seconds + asked * more, 0.0)
        if model.seeded_users is not None and f"growth.{tier}" in values:
            seconds = seconds * (users / model.seeded_users) ** values[f"growth.{tier}"]
        cpu[tier] = seconds / speed
    return Demands(
        cpu_s=cpu,
        queries=values["demand.queries"]
        * _left(_from_cached(model, lambda one: one.queries), misses),
        redis_commands=values["demand.redis_commands"],
        bytes_out=values["demand.bytes_out"],
        rows_written=values["demand.rows_written"],
        delay_s=values["demand.delay_s"],
        answered=wanted,
        idle_cores={
            tier: model.idle_cpu.get(tier, 0.0) / model.topology.pods / speed for tier in Tier
        },
        service_cv2=_variation(model),
    )


def _elsewhere(model: DemandModel, tier: Tier, wanted: Answered, seen: Answered) -> Array:
    """CPU seconds at `tier` that hits in other caches than in the runs cost a cached request."""
    more = (wanted.nginx - seen.nginx) * layer_extra(model, Layer.NGINX, tier)
    return more + (wanted.redis - seen.redis) * layer_extra(model, Layer.L2, tier)


def _answered(model: DemandModel, users: Array, values: Values, asking: Asking | None) -> Answered:
    found = answered(model)
    if asking is not None and KEYS_GROWTH in values:
        more: Array | float = 1.0
        if model.seeded_users is not None:
            more = (users / model.seeded_users) ** values[KEYS_GROWTH]
        found = answered_at(model, asking.rate, more, asking.processes)
    return Answered(
        hit=values.get(HIT_RATE, found.hit),
        nginx=values.get(NGINX, found.nginx),
        redis=values.get(REDIS, found.redis),
    )


@dataclass(frozen=True, slots=True)
class Sharing:
    """What a cache makes of the mix's demands, as `demands` counts it.

    `asked` is the share of requests a cache may answer, `hit_rate` of them what it did;
    `of_cpu` and `of_queries` are the parts of a demand that go with the misses, `miss_extra`
    CPU seconds a miss costs over a hit, by tier, and `elsewhere` those that hits in other caches
    than in the runs cost a cached request.
    """

    asked: float
    hit_rate: float
    of_cpu: dict[Tier, float]
    miss_extra: dict[Tier, float]
    elsewhere: dict[Tier, float]
    of_queries: float
    service_cv2: float


def sharing(model: DemandModel, wanted: Answered) -> Sharing:
    """The constants in which `demands` depends on the cache and the classes.

    Of `wanted` nginx's and Redis's shares are taken as constant.
    """
    seen = answered(model)
    return Sharing(
        asked=sum(model.mix.get(name, 0.0) for name in cached(model)),
        hit_rate=hit_rate(model),
        of_cpu={
            tier: _from_cached(model, _cpu_at(tier)) if tier in DATABASES else 0.0 for tier in Tier
        },
        miss_extra={tier: 0.0 if tier in DATABASES else miss_extra(model, tier) for tier in Tier},
        elsewhere={
            tier: 0.0
            if tier in DATABASES
            else float(np.ravel(_elsewhere(model, tier, wanted, seen))[0])
            for tier in Tier
        },
        of_queries=_from_cached(model, lambda one: one.queries),
        service_cv2=_variation(model),
    )


def _from_cached(model: DemandModel, pick: Callable[[ClassDemand], Span]) -> float:
    """What part of a demand comes from classes that a cache answers."""
    whole = part = 0.0
    for name, share in model.mix.items():
        demand = share * pick(model.by_name(name)).mid
        whole += demand
        part += demand if name in cached(model) else 0.0
    return part / whole if whole > 0 else 0.0


def _left(part: float, misses: Array) -> Array:
    """What is left of a demand of which `part` goes with the misses."""
    return 1 - part + part * misses


def _variation(model: DemandModel) -> float:
    """Var[S] / E[S]^2 at the pods: between classes from their means, within one exponential."""
    seconds = [
        (share, model.by_name(name).cpu_s.get(Tier.PODS, _NOTHING).mid)
        for name, share in model.mix.items()
    ]
    mean = sum(share * one for share, one in seconds)
    if mean <= 0:
        return 1.0
    return sum(share * 2 * one**2 for share, one in seconds) / mean**2 - 1
