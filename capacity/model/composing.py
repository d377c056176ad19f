"""A class whose endpoints are asked for in other proportions than in the runs of the fit.

What always comes in one proportion cannot be priced apart, so a class is several endpoints. But
what the pods timed in an endpoint's own task, how often caches answer it, how long it takes
beside CPU, and how its latencies spread are known of each: a load that asks for more of the
slow ones is slower. A class's work in the databases goes with its misses.
"""

from collections.abc import Callable, Mapping

from capacity.demands import DATABASES, ClassDemand, DemandModel, Layer, Member, Tier
from capacity.evidence import Span
from capacity.model.cache import adding


def as_asked(model: DemandModel, counts: Mapping[str, float]) -> DemandModel:
    """The model where endpoints are asked for so often; classes with none of them stay."""
    classes = tuple(_kept(model, composed(one, counts)) for one in model.classes)
    hits = {one.name: min(1.0, sum(one.answered.values())) for one in classes if one.answered}
    return model.model_copy(update={"classes": classes, "cache_hit": model.cache_hit | hits})


def composed(one: ClassDemand, counts: Mapping[str, float]) -> ClassDemand:
    """The class where its endpoints are asked for in the proportion of `counts`.

    How an endpoint was answered is in what it costs, so the class costs what its endpoints do as
    they were answered in the runs of the fit.
    """
    whole = sum(counts.get(name, 0.0) for name in one.members)
    if whole <= 0:
        return one
    shares = {name: counts.get(name, 0.0) / whole for name in one.members}

    def change(pick: Callable[[Member], float]) -> float:
        return sum((shares[n] - member.share) * pick(member) for n, member in one.members.items())

    def answered(layer: Layer, share: float) -> float:
        by = change(lambda member: member.answered.get(layer, 0.0))
        return min(1.0, max(0.0, share + by))

    told = {layer: answered(layer, share) for layer, share in one.answered.items()}
    missed, before = 1 - sum(told.values()), 1 - sum(one.answered.values())
    misses = max(0.0, missed) / before if before > 0 else 1.0
    own = adding(change(lambda member: member.own_s))

    def cost(tier: Tier, span: Span) -> Span:
        if tier in DATABASES:
            return span.times(misses)
        return span.through(own) if tier is Tier.PODS else span

    return one.model_copy(
        update={
            "members": {
                name: member.model_copy(update={"share": shares[name]})
                for name, member in one.members.items()
            },
            "cpu_s": {tier: cost(tier, span) for tier, span in one.cpu_s.items()},
            "queries": one.queries.times(misses),
            "delay_s": one.delay_s.through(adding(change(lambda member: member.delay_s))),
            "answered": told,
        }
    )


def only(one: ClassDemand, endpoint: str) -> ClassDemand:
    """The class as if nothing but this endpoint of it were asked for."""
    return composed(one, {endpoint: 1.0})


def _kept(model: DemandModel, one: ClassDemand) -> ClassDemand:
    """The class with the shares of families that its endpoints' shares make."""
    if not one.members:
        return one
    shares = {
        family.name: sum(
            one.members[endpoint].share for endpoint in family.endpoints if endpoint in one.members
        )
        for family in model.families
    }
    return one.model_copy(update={"kept": {name: part for name, part in shares.items() if part}})
