"""Demands of a run or a load whose requests caches remember more or fewer of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from capacity.demands import DATABASES, ClassDemand, DemandModel, Layer, Tier
from capacity.evidence import Span
from capacity.model.cache import adding, layer_extra, missed_times, of_kept
from capacity.model.measured import topology
from capacity.model.windows import cut

if TYPE_CHECKING:
    from capacity.model.windows import Material


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
    hits = dict(model.cache_hit)
    classes = []
    for one in model.classes:
        told, lately = one.caching, asked.get(one.name)
        if told is None or lately is None:
            classes.append(one)
            continue
        shares = of_kept(told, lately.asked, lately.brief, told.keys.mid, processes)
        hits[one.name] = told.kept * (1 - float(shares[Layer.DB]))
        changed = {at: told.kept * (float(shares[at]) - told.shares[at]) for at in shares}
        classes.append(_answering(model, one, changed, hits[one.name]))
    return model.model_copy(update={"classes": tuple(classes), "cache_hit": hits})


def _answering(
    model: DemandModel, one: ClassDemand, changed: Mapping[Layer, float], share: float
) -> ClassDemand:
    """The class with `share` of hits, and so many more requests answered by each layer."""
    missed = missed_times(model, one.name, share)

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
