"""How often caches answer, fitted from what the runs showed, by family of answers.

Records say how many requests of all kinds together nginx, the caches and the database
answered. Where it is known how long an endpoint's answers are kept (`capacity.model.expiries`),
its hits are a function of how often it was asked lately (`capacity.model.ttl`), with the number
of its family's keys to be fitted; where a constant share describes the runs better, it is that.
All other reads have one share of hits together, writes none. Everything is found together:
numbers of keys one after the other over a grid, shares by least squares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from capacity.demands import Family, Layer
from capacity.evidence import Span
from capacity.model import ttl
from capacity.model.classes import kind
from capacity.model.expiries import Kept, expiries

if TYPE_CHECKING:
    from capacity.model.arrays import Row, Rows
    from capacity.model.windows import Windows

CACHES = (Layer.NGINX, Layer.L1, Layer.L2)
_KEYS = np.unique(np.round(np.geomspace(1, 1e6, 37)))
"""Numbers of keys that are tried."""
_PASSES = 4
_SURE = 3.84
"""The 95 % quantile of chi squared with one degree: what a profile's interval rests on (Venzon &
Moolgavkar 1988, "A method for computing profile-likelihood-based confidence intervals",
Applied Statistics 37:87)."""
_ALIKE = 3
"""Windows in a row that tell no more than one of them."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Families with their keys or shares, and the share of hits of all other reads."""

    families: tuple[Family, ...]
    others: float


def fitted(windows: "Windows", weight: "Row") -> Hits | None:
    """The hits of these windows; None when no record tells which layer answered."""
    if windows.layers is None:
        return None
    order = list(Layer)
    in_nginx = windows.layers[:, order.index(Layer.NGINX)]
    in_any = in_nginx + sum(windows.layers[:, order.index(one)] for one in (Layer.L1, Layer.L2))
    asked = [one for kept in expiries().kept if (one := _asked(windows, kept)).requests.any()]
    search = _Search(
        asked=asked,
        tables={n: _table(windows, one) for n, one in enumerate(asked) if one.kept.keys is None},
        known={
            n: _counts(windows, one, one.kept.keys) for n, one in enumerate(asked) if one.kept.keys
        },
        others=_others(windows),
        weight=weight,
        targets=(np.asarray(in_any), in_nginx),
    )
    chosen = search.keys()
    shares, others = search.constants(chosen)
    families = []
    for n, one in enumerate(asked):
        if one.kept.keys is not None:
            families.append(_following(windows, one, one.kept.keys, Span.exact(one.kept.keys)))
        elif n in chosen:
            span = search.interval(chosen, n)
            families.append(_following(windows, one, float(_KEYS[chosen[n]]), span))
        else:
            families.append(_family(one, None, _constant(shares[n])))
    return Hits(tuple(families), others)


def by_layer(windows: "Windows", hits: Hits, columns: Sequence[int]) -> "dict[Layer, Row]":
    """By window how many requests of these endpoints each cache answers.

    What is taken as constant counts as answered by the processes' memories.
    """
    found = {layer: np.zeros(len(windows.run)) for layer in CACHES}
    of = {endpoint: one for one in hits.families for endpoint in one.endpoints}
    for column in columns:
        requests, endpoint = windows.requests[:, column], windows.endpoints[column]
        family = of.get(endpoint)
        if family is None:
            found[Layer.L1] += requests * (hits.others if kind(endpoint)[1] else 0.0)
            continue
        shares = _shares(windows, family)
        for layer in CACHES:
            found[layer] += requests * shares[layer]
    return found


def _shares(windows: "Windows", family: Family) -> "Mapping[Layer, Row | float]":
    if family.keys is None:
        return family.shares
    columns = [n for n, name in enumerate(windows.endpoints) if name in family.endpoints]
    return ttl.shares(
        windows.asked[:, columns].sum(axis=1),
        windows.brief[:, columns].sum(axis=1),
        family.keys.mid,
        windows.processes,
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """One family over the windows: requests, and those within its life and nginx's."""

    kept: Kept
    requests: "Row"
    within_life: "Row"
    within_brief: "Row"


def _asked(windows: "Windows", kept: Kept) -> _Asked:
    columns = [n for n, name in enumerate(windows.endpoints) if name in kept.endpoints]

    def total(table: "Rows") -> "Row":
        return np.asarray(table[:, columns].sum(axis=1))

    return _Asked(kept, total(windows.requests), total(windows.asked), total(windows.brief))


def _others(windows: "Windows") -> "Row":
    """Reads that no family holds."""
    known = expiries()
    columns = [
        n for n, name in enumerate(windows.endpoints) if kind(name)[1] and known.of(name) is None
    ]
    return np.asarray(windows.requests[:, columns].sum(axis=1))


def _counts(windows: "Windows", one: _Asked, keys: float) -> "Rows":
    """Requests answered by any cache, and by nginx, with so many keys."""
    found = ttl.shares(one.within_life, one.within_brief, keys, windows.processes)
    return np.array([one.requests * (1 - found[Layer.DB]), one.requests * found[Layer.NGINX]])


def _table(windows: "Windows", one: _Asked) -> "Rows":
    return np.array([_counts(windows, one, float(keys)) for keys in _KEYS])


@dataclass(frozen=True, slots=True)
class _Search:
    """The least squares of both counts, hits at all and hits in nginx, over keys and shares."""

    asked: Sequence[_Asked]
    tables: "Mapping[int, Rows]"
    known: "Mapping[int, Rows]"
    others: "Row"
    weight: "Row"
    targets: "tuple[Row, Row]"

    def keys(self) -> dict[int, int]:
        """The number of keys, by place, of each family whose hits follow from its rate.

        All begin so; then, one at a time, one leaves whose constant share describes the runs
        better than chance would let it.
        """
        chosen = self._settled(dict.fromkeys(self.tables, len(_KEYS) // 2))
        while chosen:
            fewer = [{m: at for m, at in chosen.items() if m != n} for n in chosen]
            best = self._settled(min(fewer, key=self.off))
            if self.off(best) * self._by_chance() >= self.off(chosen):
                break
            chosen = best
        return chosen

    def _by_chance(self) -> float:
        """How many times the least sum of squares does not tell from it."""
        told = len(self.targets) * len(self.weight) // _ALIKE
        return 1 + _SURE / max(1, told - len(self.tables) - 1)

    def _settled(self, chosen: dict[int, int]) -> dict[int, int]:
        """The keys of these families, one after the other the best for the others'."""
        for _ in range(_PASSES):
            before = dict(chosen)
            for n in before:
                chosen[n] = int(np.argmin(self._profile(chosen, n)))
            if chosen == before:
                break
        return chosen

    def _profile(self, chosen: Mapping[int, int], n: int) -> "Row":
        return np.array([self.off({**chosen, n: at}) for at in range(len(_KEYS))])

    def interval(self, chosen: Mapping[int, int], n: int) -> Span | None:
        """The keys that the runs leave possible; None where that is any number at all."""
        profile = self._profile(chosen, n)
        within = np.flatnonzero(profile <= profile[chosen[n]] * self._by_chance())
        if len(within) == len(_KEYS):
            return None
        ends = min(within[0], chosen[n]), chosen[n], max(within[-1], chosen[n])
        low, mid, high = (float(_KEYS[at]) for at in ends)
        return Span(low=low, mid=mid, high=high)

    def off(self, chosen: Mapping[int, int]) -> float:
        """The sum of squares that is left with these keys and the best constant shares."""
        from scipy.optimize import nnls

        columns = self._columns(chosen)
        known = [*self.known.values(), *(self.tables[n][at] for n, at in chosen.items())]
        return float(
            sum(
                nnls(columns, self._left(known, which))[1] ** 2
                for which in range(len(self.targets))
            )
        )

    def constants(self, chosen: Mapping[int, int]) -> tuple[dict[int, float], float]:
        """The shares of hits of the families that have no keys, and of all other reads."""
        from scipy.optimize import lsq_linear

        known = [*self.known.values(), *(self.tables[n][at] for n, at in chosen.items())]
        found = lsq_linear(self._columns(chosen), self._left(known, 0), (0.0, 1.0)).x
        return dict(zip(self._constant(chosen), map(float, found), strict=False)), float(found[-1])

    def _columns(self, chosen: Mapping[int, object]) -> "Rows":
        counts = [*(self.asked[n].requests for n in self._constant(chosen)), self.others]
        return np.array([own * self.weight for own in counts]).T

    def _constant(self, chosen: Mapping[int, object]) -> list[int]:
        return [n for n in self.tables if n not in chosen]

    def _left(self, known: "Sequence[Rows]", which: int) -> "Row":
        told = sum((pair[which] for pair in known), np.zeros_like(self.weight))
        return np.asarray((self.targets[which] - told) * self.weight)


def _following(windows: "Windows", one: _Asked, keys: float, span: Span | None) -> Family:
    """The family with so many keys; without a `span` their number is not to be relied on."""
    found = ttl.shares(one.within_life, one.within_brief, keys, windows.processes)
    whole = one.requests.sum()
    return _family(
        one, span, {layer: float(one.requests @ told / whole) for layer, told in found.items()}
    )


def _constant(share: float) -> dict[Layer, float]:
    return {Layer.NGINX: 0.0, Layer.L1: share, Layer.L2: 0.0, Layer.DB: 1 - share}


def _family(one: _Asked, keys: Span | None, shares: dict[Layer, float]) -> Family:
    seen = one.within_life[one.requests > 0]
    return Family(
        name=one.kept.name,
        endpoints=one.kept.endpoints,
        life_s=one.kept.life_s,
        public=one.kept.public,
        keys=keys,
        asked=Span(low=float(seen.min()), mid=float(seen.mean()), high=float(seen.max())),
        shares=shares,
    )
