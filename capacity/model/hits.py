"""How often caches answer each class, fitted from what the runs showed.

Records say how many requests of all classes together nginx, the caches and the database
answered. Where it is known how long a class's answers are kept, its hits are a function of how
often it was asked lately (`capacity.model.ttl`), with the number of its keys to be fitted; else,
or where a constant share describes the runs better, its share is one number; of writes it is 0.
All are found together: numbers of keys one after the other over a grid, shares by least squares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from capacity.demands import Caching, Layer
from capacity.evidence import Span
from capacity.model import ttl
from capacity.model.classes import kind
from capacity.model.expiries import expiries

if TYPE_CHECKING:
    from capacity.model.classes import RequestClass
    from capacity.model.windows import Row, Rows, Windows

_KEYS = np.unique(np.round(np.geomspace(1, 1e6, 49)))
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
    """Hits of one class: its mean share over the windows, and how it follows from its rate.

    `misses` is its share of misses in every window over the mean one: 1 throughout where it
    is taken as constant.
    """

    share: float
    caching: Caching | None
    misses: "Row"


@dataclass(frozen=True, slots=True)
class _Asked:
    """One class over the windows: all requests, those kept, those nginx keeps, and recency.

    `reads` says whether any of its endpoints only reads.
    """

    reads: bool
    requests: "Row"
    kept: "Row"
    public: "Row"
    within_life: "Row"
    within_brief: "Row"
    life_s: float


def fitted(
    windows: "Windows", classes: "Sequence[RequestClass]", weight: "Row"
) -> tuple[Hits, ...] | None:
    """The hits of `classes`; None when no record tells which layer answered."""
    if windows.layers is None:
        return None
    order = list(Layer)
    in_nginx = windows.layers[:, order.index(Layer.NGINX)]
    in_any = in_nginx + sum(windows.layers[:, order.index(one)] for one in (Layer.L1, Layer.L2))
    asked = [_asked(windows, one.columns) for one in classes]
    search = _Search(
        asked=asked,
        tables={n: _table(windows, one) for n, one in enumerate(asked) if one.kept.sum() > 0},
        weight=weight,
        targets=(in_any, in_nginx),
    )
    keys = search.keys()
    shares = search.constants(keys)
    return tuple(
        _constant(one, shares.get(n, 0.0)) if n not in keys else _following(windows, one, keys[n])
        for n, one in enumerate(asked)
    )


def _asked(windows: "Windows", columns: Sequence[int]) -> _Asked:
    known = expiries()
    lives = {column: known.of(windows.endpoints[column]) for column in columns}
    kept = {column: one for column, one in lives.items() if one is not None}
    often = {column: float(windows.requests[:, column].sum()) for column in kept}
    whole = sum(often.values())

    def total(table: "Rows", chosen: Sequence[int]) -> "Row":
        return np.asarray(table[:, list(chosen)].sum(axis=1))

    return _Asked(
        reads=any(kind(windows.endpoints[column])[1] for column in columns),
        requests=total(windows.requests, columns),
        kept=total(windows.requests, list(kept)),
        public=total(windows.requests, [column for column, one in kept.items() if one.public]),
        within_life=total(windows.asked, list(kept)),
        within_brief=total(windows.brief, list(kept)),
        life_s=sum(often[column] * one.life_s for column, one in kept.items()) / whole
        if whole
        else 0.0,
    )


def _table(windows: "Windows", one: _Asked) -> "Rows":
    """Requests of the class answered by any cache, and by nginx: a pair for each number of keys."""
    rows = []
    for keys in _KEYS:
        found = ttl.shares(one.within_life, one.within_brief, float(keys), windows.processes)
        rows.append((one.kept * (1 - found[Layer.DB]), one.public * found[Layer.NGINX]))
    return np.array(rows)


@dataclass(frozen=True, slots=True)
class _Search:
    """The least squares of both counts, hits at all and hits in nginx, over keys and shares."""

    asked: Sequence[_Asked]
    tables: Mapping[int, "Rows"]
    weight: "Row"
    targets: "tuple[Row, Row]"

    def keys(self) -> dict[int, Span]:
        """The number of keys of each class whose hits follow from its rate.

        All that can begin so; then, one at a time, the class leaves whose constant share
        describes the runs best, for as long as that is better.
        """
        chosen = self._settled(dict.fromkeys(self.tables, len(_KEYS) // 2))
        while chosen:
            fewer = [self._settled({m: at for m, at in chosen.items() if m != n}) for n in chosen]
            best = min(fewer, key=self.off)
            if self.off(best) >= self.off(chosen):
                break
            chosen = best
        spans = {n: self._interval(chosen, n) for n in chosen}
        return {n: span for n, span in spans.items() if span is not None}

    def _settled(self, chosen: dict[int, int]) -> dict[int, int]:
        """The keys of these classes, one after the other the best for the others'."""
        for _ in range(_PASSES):
            before = dict(chosen)
            for n in before:
                chosen[n] = min(range(len(_KEYS)), key=lambda at, n=n: self.off({**chosen, n: at}))
            if chosen == before:
                break
        return chosen

    def _interval(self, chosen: Mapping[int, int], n: int) -> Span | None:
        """What the runs leave possible; None where that is any number at all."""
        profile = np.array([self.off({**chosen, n: at}) for at in range(len(_KEYS))])
        free = max(1, len(self.weight) // _ALIKE - len(self.asked))
        within = np.flatnonzero(profile <= profile.min() * (1 + _SURE / free))
        if len(within) == len(_KEYS):
            return None
        return Span(
            low=float(_KEYS[within[0]]),
            mid=float(_KEYS[int(profile.argmin())]),
            high=float(_KEYS[within[-1]]),
        )

    def off(self, chosen: Mapping[int, int]) -> float:
        """The sum of squares that is left with these keys and the best constant shares."""
        from scipy.optimize import nnls

        columns = self._columns(chosen)
        left = 0.0
        for which in range(len(self.targets)):
            wanted = self._wanted({n: self.tables[n][at] for n, at in chosen.items()}, which)
            left += nnls(columns, wanted)[1] ** 2 if columns.size else float(wanted @ wanted)
        return left

    def constants(self, keys: Mapping[int, Span]) -> dict[int, float]:
        """The share of hits of every reading class that has no `keys`, between 0 and 1."""
        from scipy.optimize import lsq_linear

        others = self._others(keys)
        if not others:
            return {}
        at = {n: int(np.searchsorted(_KEYS, span.mid)) for n, span in keys.items()}
        wanted = self._wanted({n: self.tables[n][one] for n, one in at.items()}, 0)
        found = lsq_linear(self._columns(keys), wanted, (0.0, 1.0)).x
        return {n: float(share) for n, share in zip(others, found, strict=True)}

    def _columns(self, chosen: Mapping[int, object]) -> "Rows":
        return np.array([self.asked[n].requests * self.weight for n in self._others(chosen)]).T

    def _others(self, chosen: Mapping[int, object]) -> list[int]:
        """The classes that have a share of hits, and always the same."""
        return [n for n, one in enumerate(self.asked) if one.reads and n not in chosen]

    def _wanted(self, known: Mapping[int, "Rows"], which: int) -> "Row":
        told = sum((pair[which] for pair in known.values()), np.zeros_like(self.weight))
        return np.asarray((self.targets[which] - told) * self.weight)


def _constant(one: _Asked, share: float) -> Hits:
    return Hits(share, None, np.ones_like(one.requests))


def _following(windows: "Windows", one: _Asked, keys: Span) -> Hits:
    found = ttl.shares(one.within_life, one.within_brief, keys.mid, windows.processes)
    unseen = ttl.shares(one.within_life, 0.0, keys.mid, windows.processes)
    whole = float(one.kept.sum())
    private = one.kept - one.public
    shares = {
        layer: float((one.public * found[layer] + private * unseen[layer]).sum()) / whole
        for layer in found
    }
    kept = whole / float(one.requests.sum())
    of_class = np.divide(
        one.kept * (1 - found[Layer.DB]),
        one.requests,
        out=np.full_like(one.requests, kept * (1 - shares[Layer.DB])),
        where=one.requests > 0,
    )
    mean = kept * (1 - shares[Layer.DB])
    seen = one.within_life[one.kept > 0]
    caching = Caching(
        kept=kept,
        public=float(one.public.sum()) / whole,
        life_s=one.life_s,
        keys=keys,
        asked=Span(low=float(seen.min()), mid=float(seen.mean()), high=float(seen.max())),
        shares=shares,
    )
    misses = (1 - of_class) / (1 - mean) if mean < 1 else np.ones_like(one.requests)
    return Hits(mean, caching, np.asarray(misses))
