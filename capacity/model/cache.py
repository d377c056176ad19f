"""The cache hit rate as an input: what it would be, and what requests cost at another one."""

from collections.abc import Sequence

from capacity.demands import ClassDemand, DemandModel, Layer, Tier
from capacity.errors import UsageError
from capacity.evidence import Span

_CACHED = 0.02
"""Classes with fewer hits than this are not cached: writes, above all."""


def expiring(rates: Sequence[float], expiry_s: float, processes: int = 1) -> float:
    """The share of lookups that a cache answers whose entries live `expiry_s` from loading.

    `rates` are lookups per second of each key, all processes together; each process keeps
    its own entries. A key asked for at random at rate r is loaded, then hit r T times:
    h = r T / (1 + r T) (Jung, Berger & Balakrishnan 2003, "Modeling TTL-based Internet
    caches", IEEE INFOCOM).
    """
    if expiry_s < 0 or processes < 1 or min(rates, default=-1.0) < 0 or not sum(rates) > 0:
        raise ValueError("a hit rate needs lookups, an expiry and a process")
    each = [rate / processes for rate in rates]
    hits = sum(rate * rate * expiry_s / (1 + rate * expiry_s) for rate in each)
    return hits / sum(each)


def hit_rate(model: DemandModel) -> float:
    """Share of the mix's cached requests that a cache answered during the calibration."""
    cached = _cached(model)
    asked = sum(model.mix[name] for name in cached)
    if not asked:
        raise UsageError("the model knows no class that a cache answers: calibrate again")
    return sum(model.mix[name] * model.cache_hit[name] for name in cached) / asked


def with_hit_rate(model: DemandModel, rate: float) -> DemandModel:
    """The model at another hit rate of its cached classes (a share, 0 to 1).

    Every class misses more or less often by the same factor; a miss costs what
    `model.layers` says more than a hit. Raises `UsageError` without layers.
    """
    if not 0 <= rate <= 1:
        raise UsageError(f"cache.hit_rate is {rate:g}; it is a share between 0 and 1")
    now = hit_rate(model)
    if Layer.DB not in model.layers or now >= 1:
        raise UsageError("the model does not tell a miss from a hit: calibrate again")
    factor = (1 - rate) / (1 - now)
    hits = {
        name: max(0.0, 1 - (1 - share) * factor) if name in _cached(model) else share
        for name, share in model.cache_hit.items()
    }
    return model.model_copy(
        update={
            "classes": tuple(
                _shifted(model, one, hits.get(one.name, 0.0)) for one in model.classes
            ),
            "cache_hit": hits,
        }
    )


def _cached(model: DemandModel) -> set[str]:
    return {name for name, share in model.cache_hit.items() if share >= _CACHED}


def _shifted(model: DemandModel, one: ClassDemand, share: float) -> ClassDemand:
    """The class with that share of hits."""
    before = model.cache_hit.get(one.name, 0.0)
    if one.name not in _cached(model):
        return one
    more = {tier: (before - share) * _miss_extra(model, tier) for tier in Tier}
    missed = (1 - share) / (1 - before) if before < 1 else 1.0
    return one.model_copy(
        update={
            "cpu_s": {tier: _plus(span, more[tier]) for tier, span in one.cpu_s.items()},
            "queries": one.queries.times(missed),
        }
    )


def _miss_extra(model: DemandModel, tier: Tier) -> float:
    """CPU seconds by which a miss exceeds a hit in the worker's memory."""
    miss, hit = model.layers[Layer.DB][tier].mid, model.layers[Layer.L1][tier].mid
    return max(0.0, miss - hit)


def _plus(span: Span, more: float) -> Span:
    return Span(
        low=max(0.0, span.low + more),
        mid=max(0.0, span.mid + more),
        high=max(0.0, span.high + more),
    )
