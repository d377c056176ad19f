"""Which plan of which provider carries a layer, and why each other one does not or costs more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.cost.catalogue import MACHINES, Catalogue, Layer, Plan
from capacity.cost.pricing import Priced, price
from capacity.errors import UsageError
from capacity.figures import number
from capacity.inputs import Array, Values
from capacity.nearest import nearest

_DOUBT_USD = 1e12
"""What puts a doubtful price behind all others; no bill comes near it."""


class UnsoldError(UsageError):
    """A layer that nobody carries: each plan tried, and what it lacks."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One plan of one provider, priced."""

    catalogue: Catalogue
    plan: Plan
    priced: Priced

    @property
    def name(self) -> str:
        """Provider and plan."""
        return f"{self.catalogue.provider} {self.plan.name}"

    @property
    def doubtful(self) -> bool:
        """Whether its prices are of low confidence."""
        return (self.plan.confidence or self.catalogue.confidence) == "low"


@dataclass(frozen=True, slots=True)
class Rejected:
    """An offer not taken: what it would cost (None if it cannot carry the load), and why."""

    name: str
    layer: Layer
    usd: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The offer taken for each layer, in the layers' order, and all others."""

    taken: dict[Layer, Offer]
    rejected: tuple[Rejected, ...]

    @property
    def providers(self) -> dict[Layer, str]:
        """The provider taken for each layer."""
        return {layer: offer.catalogue.provider for layer, offer in self.taken.items()}

    @property
    def usd(self) -> float:
        """What all layers but payments come to in a month."""
        return sum(
            float(offer.priced.usd[0])
            for layer, offer in self.taken.items()
            if layer is not Layer.PAYMENTS
        )


def offers(catalogues: Iterable[Catalogue], amounts: Values) -> list[Offer]:
    """Every plan of every catalogue, priced for `amounts`."""
    return [
        Offer(catalogue, plan, price(plan, amounts))
        for catalogue in catalogues
        for plan in catalogue.plan
    ]


def cheapest(
    catalogues: Sequence[Catalogue], amounts: Values, wanted: Iterable[str] = ()
) -> Choice:
    """The cheapest plan that carries each layer's load, of the first draw in `amounts`.

    Pods, database and Redis speak to each other in every request, so they are taken in one
    place. `wanted` are providers to prefer: a layer one of them offers is taken from it alone.
    Prices of low confidence are taken only where nobody else carries the layer, or from a
    provider that was asked for.

    Raises `UsageError` in one line for a provider nobody knows, and `UnsoldError` for a layer
    nobody can carry.
    """
    wanted = list(wanted)
    everybody = offers(catalogues, amounts)
    settled = _settled(catalogues, everybody, wanted)
    taken: dict[Layer, Offer] = {}
    rejected: list[Rejected] = []
    for layer, one in settled.items():
        if not np.isfinite(one.usd[0]):
            raise _nobody(layer, one.candidates)
        taken[layer] = one.candidates[int(one.index[0])]
        others = [offer for offer in everybody if offer.plan.layer is layer]
        rejected += [
            _rejected(offer, taken[layer]) for offer in others if offer is not taken[layer]
        ]
    return Choice(taken, tuple(rejected))


def least_bills(
    catalogues: Sequence[Catalogue], amounts: Values, wanted: Sequence[str] = ()
) -> dict[Layer, Array]:
    """What `cheapest` would take for each layer, in every draw by itself: USD a month.

    Infinite where nobody carries the layer.
    """
    settled = _settled(catalogues, offers(catalogues, amounts), wanted)
    return {layer: one.usd for layer, one in settled.items()}


@dataclass(frozen=True, slots=True)
class _Settled:
    """A layer's candidates, and in every draw which of them is taken and what it costs."""

    candidates: tuple[Offer, ...]
    index: NDArray[np.int_]
    usd: Array


def _settled(
    catalogues: Sequence[Catalogue], everybody: Sequence[Offer], wanted: Sequence[str]
) -> dict[Layer, _Settled]:
    """Every layer settled, the inner ones together in the place where they cost least."""
    _known(wanted, catalogues)
    candidates = {layer: able for layer in Layer if (able := _candidates(everybody, layer, wanted))}
    ranks = {layer: _ranks(found, wanted) for layer, found in candidates.items()}
    inner = [layer for layer in MACHINES if layer in candidates]
    places = sorted({one.plan.place for layer in inner for one in candidates[layer]} - {""}) or [""]
    sums = []
    for place in places:
        there = [_at(ranks[layer], candidates[layer], place).min(axis=0) for layer in inner]
        sums.append(np.sum(there, axis=0))
    best_place = np.argmin(sums, axis=0) if inner else np.zeros(1, dtype=int)
    found: dict[Layer, _Settled] = {}
    for layer, offered in candidates.items():
        rank = ranks[layer]
        if layer in inner:
            by_place = np.array([_at(rank, offered, place) for place in places])
            rank = by_place[best_place, :, np.arange(best_place.size)].T
        index = np.argmin(rank, axis=0)
        carried = np.isfinite(rank[index, np.arange(index.size)])
        usd = np.array([one.priced.usd for one in offered])[index, np.arange(index.size)]
        found[layer] = _Settled(offered, index, np.where(carried, usd, np.inf))
    return found


def _candidates(
    everybody: Sequence[Offer], layer: Layer, wanted: Sequence[str]
) -> tuple[Offer, ...]:
    of_layer = tuple(one for one in everybody if one.plan.layer is layer)
    preferred = tuple(one for one in of_layer if one.catalogue.provider in wanted)
    return preferred or of_layer


def _ranks(candidates: Sequence[Offer], wanted: Sequence[str]) -> Array:
    """Candidates x draws: the bill, far above all others where its price is doubtful, infinite
    where the candidate does not carry the draw."""
    return np.array(
        [
            np.where(one.priced.carries, one.priced.usd, np.inf)
            + (_DOUBT_USD if one.doubtful and one.catalogue.provider not in wanted else 0.0)
            for one in candidates
        ]
    )


def _at(rank: Array, candidates: Sequence[Offer], place: str) -> Array:
    """`rank` with everything elsewhere than `place` out of reach."""
    here = np.array([one.plan.place in ("", place) for one in candidates])
    return np.where(here[:, None], rank, np.inf)


def _known(wanted: Sequence[str], catalogues: Sequence[Catalogue]) -> None:
    names = [one.provider for one in catalogues]
    for name in wanted:
        if name not in names:
            raise UsageError(f'no catalogue of "{name}": {nearest(name, names)}')


def _nobody(layer: Layer, tried: Sequence[Offer]) -> UnsoldError:
    reasons = "; ".join(
        f"{one.name}: {one.priced.why_not or 'not in one place with the rest'}" for one in tried
    )
    return UnsoldError(f"no provider carries the {layer} of this plan ({reasons})")


def _rejected(one: Offer, best: Offer) -> Rejected:
    layer, usd = one.plan.layer, float(one.priced.usd[0])
    if not one.priced.carries[0]:
        return Rejected(one.name, layer, None, one.priced.why_not)
    more = usd - float(best.priced.usd[0])
    if more < 0:
        why = "not a provider asked for"
        if one.doubtful:
            why = "its prices are of low confidence"
        elif one.plan.place not in ("", best.plan.place):
            why = f"not in {best.plan.place}, where the rest is"
        return Rejected(one.name, layer, usd, f"${number(-more)} a month cheaper, but {why}")
    return Rejected(one.name, layer, usd, f"${number(more)} a month more than {best.name}")


def spread_cost(
    catalogues: Iterable[Catalogue], amounts: Values, providers: dict[Layer, str]
) -> dict[Layer, Array]:
    """What each layer costs in every draw with the `providers` chosen for it.

    Within a provider the plan follows the draw: whoever outgrows one moves to the next.
    Infinite where none of its plans carries the draw.
    """
    found: dict[Layer, Array] = {}
    for offer in offers(catalogues, amounts):
        layer = offer.plan.layer
        if providers.get(layer) != offer.catalogue.provider:
            continue
        usd = np.where(offer.priced.carries, offer.priced.usd, np.inf)
        found[layer] = np.minimum(found[layer], usd) if layer in found else usd
    return found
