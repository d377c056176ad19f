"""Which plan of which provider carries a layer, and why each other one does not or costs more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from capacity.cost.catalogue import Catalogue, Layer, Plan
from capacity.cost.pricing import Priced, price
from capacity.errors import UsageError
from capacity.figures import number
from capacity.inputs import Array, Values
from capacity.nearest import nearest


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

    `wanted` are providers to prefer: a layer one of them offers is taken from it alone. Prices
    of low confidence are taken only where nobody else carries the layer, or from a provider
    that was asked for.

    Raises `UsageError` in one line for a provider nobody knows, and a layer nobody can carry.
    """
    wanted = list(wanted)
    _known(wanted, catalogues)
    all_offers = offers(catalogues, amounts)
    taken: dict[Layer, Offer] = {}
    rejected: list[Rejected] = []
    for layer in Layer:
        of_layer = [one for one in all_offers if one.plan.layer is layer]
        if not of_layer:
            continue
        preferred = [one for one in of_layer if one.catalogue.provider in wanted]
        able = [one for one in preferred or of_layer if one.priced.carries[0]]
        if not able:
            raise _nobody(layer, preferred or of_layer)
        trusted = able if preferred else [one for one in able if not one.doubtful]
        best = min(trusted or able, key=lambda one: float(one.priced.usd[0]))
        taken[layer] = best
        rejected += [_rejected(one, best) for one in of_layer if one is not best]
    return Choice(taken, tuple(rejected))


def _known(wanted: Sequence[str], catalogues: Sequence[Catalogue]) -> None:
    names = [one.provider for one in catalogues]
    for name in wanted:
        if name not in names:
            raise UsageError(f'no catalogue of "{name}": {nearest(name, names)}')


def _nobody(layer: Layer, tried: Sequence[Offer]) -> UsageError:
    reasons = "; ".join(f"{one.name}: {one.priced.why_not}" for one in tried)
    return UsageError(f"no provider carries the {layer} of this plan ({reasons})")


def _rejected(one: Offer, best: Offer) -> Rejected:
    layer, usd = one.plan.layer, float(one.priced.usd[0])
    if not one.priced.carries[0]:
        return Rejected(one.name, layer, None, one.priced.why_not)
    more = usd - float(best.priced.usd[0])
    if more < 0:
        why = "its prices are of low confidence" if one.doubtful else "not a provider asked for"
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


def least_bills(
    catalogues: Sequence[Catalogue], amounts: Values, wanted: Sequence[str] = ()
) -> dict[Layer, Array]:
    """What `cheapest` would take for each layer, in every draw by itself: USD a month.

    Infinite where nobody carries the layer.
    """
    _known(wanted, catalogues)
    found: dict[Layer, Array] = {}
    everybody = offers(catalogues, amounts)
    for layer in Layer:
        of_layer = [one for one in everybody if one.plan.layer is layer]
        preferred = [one for one in of_layer if one.catalogue.provider in wanted]
        if preferred:
            found[layer] = _least(preferred, amounts)
        elif of_layer:
            trusted = _least([one for one in of_layer if not one.doubtful], amounts)
            found[layer] = np.where(np.isfinite(trusted), trusted, _least(of_layer, amounts))
    return found


def _least(of_layer: Sequence[Offer], amounts: Values) -> Array:
    usd = np.full(amounts["one"].shape, np.inf)
    for offer in of_layer:
        usd = np.minimum(usd, np.where(offer.priced.carries, offer.priced.usd, np.inf))
    return usd
