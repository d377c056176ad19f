"""Demands as a run met them: what it asked for, and how much of that caches remembered."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from capacity.demands import DATABASES, ClassDemand, DemandModel, Layer, Tier
from capacity.evidence import Span
from capacity.model.cache import adding, layer_extra, missed_times
from capacity.model.composing import as_asked
from capacity.model.hits import Hits, by_layer
from capacity.model.windows import cut
from capacity.observation import name

if TYPE_CHECKING:
    from capacity.model.material import Material


def met(model: DemandModel, run: "Material", runs: "Sequence[Material]") -> DemandModel:
    """The model as `run` met it: with its proportions of endpoints within classes, with what caches
    remembered of it and of `runs` before it, and with as many processes, each with a memory of
    its own, as it had.
    """
    model = as_asked(model, _asked(run))
    if not model.families:
        return model
    windows, hits = cut([run], others=runs), Hits(model.families, model.other_hits)
    found = {}
    for one in model.classes:
        columns = [n for n, at in enumerate(windows.endpoints) if at in one.endpoints]
        whole = float(windows.requests[:, columns].sum())
        if whole > 0:
            counts = by_layer(windows, hits, columns)
            found[one.name] = {layer: float(own.sum()) / whole for layer, own in counts.items()}
    return remembering(model, found)


def _asked(run: "Material") -> Counter[str]:
    """Requests of each endpoint."""
    found: Counter[str] = Counter()
    for stats in run.seen.endpoints():
        found[name(stats)] += stats.requests
    return found


def remembering(model: DemandModel, answered: Mapping[str, Mapping[Layer, float]]) -> DemandModel:
    """The model where caches answered these shares of classes' requests.

    A class's work in the databases goes with its misses; elsewhere requests cost less or more
    as they are answered by another layer, where the calibration told layers apart.
    """
    classes = tuple(
        _answering(model, one, answered[one.name]) if one.name in answered else one
        for one in model.classes
    )
    hits = {one: min(1.0, sum(shares.values())) for one, shares in answered.items()}
    return model.model_copy(update={"classes": classes, "cache_hit": model.cache_hit | hits})


def _answering(
    model: DemandModel, one: ClassDemand, answered: Mapping[Layer, float]
) -> ClassDemand:
    changed = {layer: share - one.answered.get(layer, 0.0) for layer, share in answered.items()}
    changed[Layer.DB] = -sum(changed.values())
    missed = missed_times(model, one.name, min(1.0, sum(answered.values())))

    def moved(tier: Tier, span: Span) -> Span:
        if tier in DATABASES:
            return span.times(missed)
        more = sum(by * layer_extra(model, layer, tier) for layer, by in changed.items())
        return span.through(adding(more))

    return one.model_copy(
        update={
            "cpu_s": {tier: moved(tier, span) for tier, span in one.cpu_s.items()},
            "queries": one.queries.times(missed),
        }
    )
