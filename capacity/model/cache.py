"""The cache hit rate as an input: what it would be, and what requests cost at another one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from capacity.demands import DATABASES, ClassDemand, DemandModel, Family, Layer, Tier
from capacity.errors import UsageError
from capacity.evidence import Span
from capacity.model import ttl
from capacity.model.expiries import expiries

if TYPE_CHECKING:
    from capacity.inputs import Array

_CACHED = 0.02
"""Classes with fewer hits than this are not cached: writes, above all."""
_FEW = 2
"""Families with so few keys have as many whatever the board holds."""
_NOTHING = Span.exact(0.0)


def cached(model: DemandModel) -> tuple[str, ...]:
    """The classes that a cache answers, in the model's order, so sums over them never differ."""
    return tuple(name for name, share in model.cache_hit.items() if share >= _CACHED)


def hit_rate(model: DemandModel) -> float:
    """Share of the mix's cached requests that a cache answered; 0 where none is cached."""
    names = cached(model)
    asked = sum(model.mix.get(name, 0.0) for name in names)
    if not asked:
        return 0.0
    return sum(model.mix.get(name, 0.0) * model.cache_hit[name] for name in names) / asked


@dataclass(frozen=True, slots=True)
class Answered:
    """Who answers the requests of the mix that a cache may answer: shares of them, by draw.

    `hit` is any cache, `nginx` and `redis` two of them; the rest of it is the pods' memories.
    Of what is taken as constant all hits count as the memories'.
    """

    hit: "Array"
    nginx: "Array"
    redis: "Array"


def follows_rate(model: DemandModel) -> bool:
    """Whether the hits of anything in the mix are known as a function of how often it is asked."""
    return any(one.keys is not None and share for one, share in in_mix(model))


def answered(model: DemandModel) -> Answered:
    """Who answered in the runs of the fit."""
    return _answered(model, lambda one, _: one.shares)


def answered_at(
    model: DemandModel, rate: "Array", more_keys: "Array | float", processes: "Array | float"
) -> Answered:
    """Who answers where the mix comes at `rate` a second, for `more_keys` times as many keys.

    `processes` keep a memory each. What is taken as constant stays so, and so do the keys of
    families that have one or two.
    """

    def at(one: Family, share: float) -> "Mapping[Layer, Array | float]":
        if one.keys is None:
            return one.shares
        asked = rate * share
        keys = one.keys.mid * (more_keys if one.keys.mid > _FEW else 1.0)
        brief = asked * expiries().nginx_s if one.public else 0.0
        return ttl.shares(asked * one.life_s, brief, keys, processes)

    return _answered(model, at)


def in_mix(model: DemandModel) -> list[tuple[Family, float]]:
    """Every family with its share of the mix's requests."""
    return [
        (one, sum(model.mix.get(c.name, 0.0) * c.kept.get(one.name, 0.0) for c in model.classes))
        for one in model.families
    ]


def _answered(
    model: DemandModel, shares: "Callable[[Family, float], Mapping[Layer, Array | float]]"
) -> Answered:
    """The mix's mean over its cached classes, of which `shares` tells those of every family."""
    names = cached(model)
    whole = sum(model.mix.get(name, 0.0) for name in names)
    hit, nginx, redis = np.asarray(hit_rate(model)), np.zeros(()), np.zeros(())
    for one, share in in_mix(model):
        if not share or not whole:
            continue
        told = shares(one, share)
        hit = hit + share / whole * (1 - told[Layer.DB] - one.hit)
        nginx = nginx + share / whole * told[Layer.NGINX]
        redis = redis + share / whole * told[Layer.L2]
    return Answered(np.clip(hit, 0.0, 1.0), nginx, redis)


def with_hit_rate(model: DemandModel, rate: float) -> DemandModel:
    """The model at another hit rate of its cached classes (a share, 0 to 1).

    Every class misses more or less often by the same factor. The databases' work is that of
    misses; elsewhere a miss costs what `miss_extra` says. Raises `UsageError` for a rate
    that is none, and where every request was a hit: nobody knows what a miss costs there.
    """
    if not 0 <= rate <= 1:
        raise UsageError(f"cache.hit_rate is {rate:g}; it is a share between 0 and 1")
    now = hit_rate(model)
    if rate == now:
        return model
    if now >= 1:
        raise UsageError("every cached request was a hit: what a miss costs is not known")
    factor = (1 - rate) / (1 - now)
    names = cached(model)
    hits = {
        name: max(0.0, 1 - (1 - share) * factor) if name in names else share
        for name, share in model.cache_hit.items()
    }
    return model.model_copy(
        update={
            "classes": tuple(
                _shifted(model, one, hits[one.name]) if one.name in names else one
                for one in model.classes
            ),
            "cache_hit": hits,
        }
    )


def miss_extra(model: DemandModel, tier: Tier) -> float:
    """CPU seconds at `tier` a miss costs over a hit in the worker's memory; 0 if unknown."""
    return max(0.0, layer_extra(model, Layer.DB, tier))


def layer_extra(model: DemandModel, layer: Layer, tier: Tier) -> float:
    """CPU seconds at `tier` that being answered by `layer` costs over a hit in the worker's memory.

    Below 0 where it costs less; 0 where the calibration did not tell layers apart.
    """
    there, hit = model.layers.get(layer), model.layers.get(Layer.L1)
    if there is None or hit is None:
        return 0.0
    return there.get(tier, _NOTHING).mid - hit.get(tier, _NOTHING).mid


def _shifted(model: DemandModel, one: ClassDemand, share: float) -> ClassDemand:
    """The class with that share of hits, all more of them in the worker's memory."""
    missed = missed_times(model, one.name, share)
    before = model.cache_hit[one.name]
    return one.model_copy(
        update={
            "cpu_s": {
                tier: span.times(missed)
                if tier in DATABASES
                else span.through(adding((before - share) * miss_extra(model, tier)))
                for tier, span in one.cpu_s.items()
            },
            "queries": one.queries.times(missed),
        }
    )


def missed_times(model: DemandModel, name: str, share: float) -> float:
    """How many times as many requests of a class miss as did in the runs of the fit."""
    before = model.cache_hit[name]
    return (1 - share) / (1 - before) if before < 1 else 1.0


def adding(more: float) -> Callable[[float], float]:
    """What a demand becomes with `more` CPU seconds, never below none."""
    return lambda value: max(0.0, value + more)
