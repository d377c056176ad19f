"""Demands of a run or a load whose requests caches remember more or fewer of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from capacity.demands import DATABASES, Caching, ClassDemand, DemandModel, Layer, Tier
from capacity.evidence import Span
from capacity.model import ttl
from capacity.model.cache import adding, missed_times
from capacity.model.measured import topology
from capacity.model.windows import cut

if TYPE_CHECKING:
    from capacity.model.windows import Material

_NOTHING = Span.exact(0.0)


@dataclass(frozen=True, slots=True)
class Recent:
    """Requests of a class that a cache remembers: those within one life, those within nginx's."""

    asked: float
    brief: float


def recent(model: DemandModel, run: "Material", runs: "Sequence[Material]") -> dict[str, Recent]:
    """What caches remember of each class in the mean window of `run`, `runs` before it included."""
    windows = cut([run], others=runs)
    found = {}
    for one in model.classes:
        columns = [n for n, name in enumerate(windows.endpoints) if name in one.endpoints]
        if columns and len(windows.run):
            found[one.name] = Recent(
                asked=float(windows.asked[:, columns].sum(axis=1).mean()),
                brief=float(windows.brief[:, columns].sum(axis=1).mean()),
            )
    return found


def met(model: DemandModel, run: "Material", runs: "Sequence[Material]") -> DemandModel:
    """The model as `run` met it, with what caches remembered then and as many processes."""
    place = topology(run)
    return remembering(model, recent(model, run, runs), place.pods * place.workers)


def remembering(model: DemandModel, asked: Mapping[str, Recent], processes: int) -> DemandModel:
    """The model where caches remember so much, and `processes` each keep a memory of their own.

    A class's work in the databases goes with its misses; elsewhere requests cost less or more
    as they are answered by another layer, where the calibration told layers apart. Classes
    whose hits do not follow from their rate stay as they are.
    """
    moved = {
        one.name: _answered(one.caching, asked[one.name], processes)
        for one in model.classes
        if one.caching is not None and one.name in asked
    }
    hits = dict(model.cache_hit)
    classes = []
    for one in model.classes:
        if one.name in moved and one.caching is not None:
            shares, kept = moved[one.name], one.caching.kept
            hits[one.name] = kept * (1 - shares[Layer.DB])
            changed = {at: kept * (share - one.caching.shares[at]) for at, share in shares.items()}
            classes.append(_answering(model, one, changed, hits[one.name]))
        else:
            classes.append(one)
    return model.model_copy(update={"classes": tuple(classes), "cache_hit": hits})


def _answered(told: Caching, asked: Recent, processes: int) -> dict[Layer, float]:
    """Shares of what is kept, by the layer that answers."""
    seen = ttl.shares(asked.asked, asked.brief, told.keys.mid, processes)
    unseen = ttl.shares(asked.asked, 0.0, told.keys.mid, processes)
    return {
        layer: float(told.public * seen[layer] + (1 - told.public) * unseen[layer])
        for layer in seen
    }


def _answering(
    model: DemandModel, one: ClassDemand, changed: Mapping[Layer, float], share: float
) -> ClassDemand:
    """The class with `share` of hits, and so many more requests answered by each layer."""
    missed = missed_times(model, one.name, share)

    def moved(tier: Tier, span: Span) -> Span:
        if tier in DATABASES:
            return span.times(missed)
        more = sum(by * _cost(model, layer, tier) for layer, by in changed.items())
        return span.through(adding(more))

    return one.model_copy(
        update={
            "cpu_s": {tier: moved(tier, span) for tier, span in one.cpu_s.items()},
            "queries": one.queries.times(missed),
        }
    )


def _cost(model: DemandModel, layer: Layer, tier: Tier) -> float:
    return model.layers[layer].get(tier, _NOTHING).mid if layer in model.layers else 0.0
