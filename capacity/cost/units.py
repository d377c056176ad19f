"""A bill divided: per user, per active user, per 1,000 requests, per endpoint class.

Each layer's bill goes to the classes by what drives it: CPU, statements' CPU, commands,
bytes; what no class drives goes by requests.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from capacity.cost.catalogue import Layer
from capacity.cost.choosing import Choice
from capacity.demands import ClassDemand, DemandModel, Tier

_EGRESS = "backend_egress_gb"


@dataclass(frozen=True, slots=True)
class ClassCost:
    """One endpoint class: its share of the bill, and what a thousand of its requests cost."""

    name: str
    endpoints: tuple[str, ...]
    share_of_requests: float
    share_of_cost: float
    usd_per_1000: float


def per_class(choice: Choice, model: DemandModel, requests: float) -> tuple[ClassCost, ...]:
    """The month's bill (payments apart) by class of the model, for `requests` a month."""
    bill = dict.fromkeys(model.mix, 0.0)
    for layer, offer in choice.taken.items():
        if layer is Layer.PAYMENTS:
            continue
        for line in offer.priced.lines:
            weight = _bytes if line.consumed_unit == _EGRESS else _DRIVERS.get(layer, _one)
            for name, share in _shares(model, weight).items():
                bill[name] += share * float(line.usd[0])
    whole = sum(bill.values())
    return tuple(
        ClassCost(
            name=name,
            endpoints=model.by_name(name).endpoints,
            share_of_requests=share,
            share_of_cost=bill[name] / whole if whole > 0 else 0.0,
            usd_per_1000=1000 * bill[name] / (requests * share) if requests * share > 0 else 0.0,
        )
        for name, share in model.mix.items()
    )


def _shares(model: DemandModel, weight: Callable[[ClassDemand], float]) -> Mapping[str, float]:
    weights = {name: share * weight(model.by_name(name)) for name, share in model.mix.items()}
    whole = sum(weights.values())
    return {name: one / whole for name, one in weights.items()} if whole > 0 else model.mix


def _cpu(one: ClassDemand, *tiers: Tier) -> float:
    return sum(one.cpu_s[tier].mid for tier in tiers if tier in one.cpu_s)


def _bytes(one: ClassDemand) -> float:
    return one.bytes_out.mid


def _one(_: ClassDemand) -> float:
    return 1.0


_DRIVERS: dict[Layer, Callable[[ClassDemand], float]] = {
    Layer.PODS: lambda one: _cpu(one, Tier.PODS),
    Layer.DATABASE: lambda one: _cpu(one, Tier.PRIMARY, Tier.REPLICAS),
    Layer.REDIS: lambda one: one.redis_commands.mid,
}
