"""A plan of a provider, priced for a month's quantities, in every draw at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.bought import HOURS_PER_MONTH
from capacity.cost.catalogue import Charge, Layer, Plan, Size
from capacity.inputs import Array, Values

MACHINE = "machine-month"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice.

    `consumed` of `consumed_unit` were used; `quantity` of `unit` are billed, at `price` each,
    coming to `usd`.
    """

    what: str
    consumed: Array
    consumed_unit: str
    quantity: Array
    unit: str
    price: Array
    usd: Array
    sku: str
    usage: bool


@dataclass(frozen=True, slots=True)
class Priced:
    """A plan's lines; `carries` says in which draws it can carry the load, `why_not` what it lacks.

    `why_not` speaks of the first draw.
    """

    lines: tuple[Line, ...]
    carries: NDArray[np.bool_]
    why_not: str

    @property
    def usd(self) -> Array:
        """The month's sum."""
        return sum((line.usd for line in self.lines), np.zeros(self.carries.shape))


def price(plan: Plan, amounts: Values) -> Priced:
    """What `plan` bills for `amounts` (`capacity.cost.quantities`), and whether it carries them."""
    one = amounts["one"]
    lines = [_fixed(plan, one)] if plan.fixed else []
    lines += [_charged(charge, amounts) for charge in plan.charge]
    carries = np.ones(one.shape, dtype=bool)
    why = ""
    for name, most in plan.limits.items():
        within = amounts[name] <= most
        carries = carries & within
        if not within[0] and not why:
            why = f"{name} {amounts[name][0]:,.4g} is above its limit of {most:,.4g}"
    if plan.size:
        sized, fits, lacks = _sized(plan, amounts)
        lines += sized
        carries = carries & fits
        why = why or lacks
    return Priced(tuple(lines), carries, why)


def _fixed(plan: Plan, one: Array) -> Line:
    price_each = one * plan.fixed
    return Line(
        plan.name, one, "month", one, "month", price_each, price_each, plan.name, usage=False
    )


def _charged(charge: Charge, amounts: Values) -> Line:
    consumed = amounts[charge.quantity]
    billed = np.maximum(0.0, consumed - charge.included)
    usd = billed * charge.price / charge.per
    before = charge.price
    for step in charge.steps:
        usd = usd + np.maximum(0.0, billed - step.above) * (step.price - before) / charge.per
        before = step.price
    units = billed / charge.per
    each = np.where(units > 0, usd / np.where(units > 0, units, 1.0), charge.price)
    unit = charge.quantity if charge.per == 1 else f"{charge.per:,.0f} {charge.quantity}"
    return Line(
        charge.what, consumed, charge.quantity, units, unit, each, usd, charge.what, usage=True
    )


def _sized(plan: Plan, amounts: Values) -> tuple[list[Line], NDArray[np.bool_], str]:
    """Machines of a layer: a line for each kind, whether all find a size, and what lacks one."""
    lines, fits, why = [], np.ones(amounts["one"].shape, dtype=bool), ""
    for kind in _machines(plan.layer, amounts):
        index, found = smallest(plan.size, kind)
        if not found[0] and not why:
            connections = f", {kind.connections[0]:,.0f} connections" if kind.connections[0] else ""
            why = (
                f"no size has {kind.cores[0]:,.3g} cores and {kind.gb[0]:,.3g} GB{connections} "
                f"for the {kind.what}"
            )
        each = np.array([size.price for size in plan.size])[index]
        usd = each * kind.count
        chosen = plan.size[int(index[0])].name
        line = Line(kind.what, kind.count, MACHINE, kind.count, MACHINE, each, usd, chosen, True)
        lines.append(line)
        fits = fits & (found | (kind.count == 0))
    return lines, fits, why


@dataclass(frozen=True, slots=True)
class Machines:
    """`count` machine-months of machines with at least so much of everything."""

    what: str
    count: Array
    cores: Array
    gb: Array
    connections: Array


def _machines(layer: Layer, amounts: Values) -> list[Machines]:
    none = np.zeros(amounts["one"].shape)
    if layer is Layer.PODS:
        months = amounts["pod_hours"] / HOURS_PER_MONTH
        return [Machines("pods", months, amounts["pod_vcpu"], amounts["pod_gb"], none)]
    if layer is Layer.REDIS:
        shards = amounts["redis_shards"]
        memory = amounts["redis_gb"] / shards
        return [Machines("redis", shards, none, memory, none)]
    connections = amounts["database_connections"]
    replicas = amounts["replicas"]
    memory = np.maximum(1.0, amounts["database_hot_gb"])
    each = amounts["replica_cores"] / np.maximum(replicas, 1)
    return [
        Machines("primary", amounts["one"], amounts["database_cores"], memory, connections),
        Machines("replicas", replicas, each, memory, connections),
    ]


def smallest(
    sizes: tuple[Size, ...], wanted: Machines
) -> tuple[NDArray[np.int_], NDArray[np.bool_]]:
    """Index of the cheapest size that fits, and whether one does (else the index of the last)."""
    index = np.full(wanted.count.shape, len(sizes) - 1)
    found = np.zeros(wanted.count.shape, dtype=bool)
    for position, size in enumerate(sizes):
        connections = np.inf if size.connections is None else size.connections
        fits = (
            (size.cores >= wanted.cores)
            & (size.gb >= wanted.gb)
            & (connections >= wanted.connections)
        )
        index = np.where(fits & ~found, position, index)
        found = found | fits
    return index, found
