"""Cost over the number of users: points, and the steps where a plan or a machine changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from capacity.cost.catalogue import Catalogue, Layer
from capacity.cost.choosing import Choice, cheapest
from capacity.cost.pricing import MACHINE
from capacity.errors import UsageError
from capacity.inputs import Values


@dataclass(frozen=True, slots=True)
class Point:
    """The bill for `users`, USD a month, payments apart; None where nobody carries them.

    `by_provider` sums to `usd`; `steps` say what changed since the point before.
    """

    users: float
    usd: float | None
    by_provider: dict[str, float]
    steps: tuple[str, ...]
    problem: str = ""


def cost_curve(
    catalogues: Sequence[Catalogue], amounts: Values, wanted: Iterable[str] = ()
) -> tuple[Point, ...]:
    """The cheapest bill of every draw in `amounts`, whose draws are rising numbers of users."""
    wanted = list(wanted)
    points: list[Point] = []
    before: Choice | None = None
    for position, users in enumerate(amounts["users"]):
        one = {name: value[position : position + 1] for name, value in amounts.items()}
        try:
            choice = cheapest(catalogues, one, wanted)
        except UsageError as error:
            points.append(Point(float(users), None, {}, (), str(error)))
            continue
        by_provider: dict[str, float] = {}
        for layer, offer in choice.taken.items():
            if layer is not Layer.PAYMENTS:
                name = offer.catalogue.provider
                by_provider[name] = by_provider.get(name, 0.0) + float(offer.priced.usd[0])
        points.append(Point(float(users), choice.usd, by_provider, _steps(before, choice)))
        before = choice
    return tuple(points)


def _steps(before: Choice | None, now: Choice) -> tuple[str, ...]:
    if before is None:
        return ()
    changes = ((layer, _what(before, layer), _what(now, layer)) for layer in now.taken)
    return tuple(f"{layer}: {old} -> {new}" for layer, old, new in changes if old != new)


def _what(choice: Choice, layer: Layer) -> str:
    """The plan of a layer and the machines it takes."""
    if layer not in choice.taken:
        return "nothing"
    offer = choice.taken[layer]
    machines = [line.sku for line in offer.priced.lines if line.unit == MACHINE]
    return f"{offer.name} ({', '.join(machines)})" if machines else offer.name
