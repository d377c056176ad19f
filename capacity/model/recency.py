"""How often each endpoint was asked within a cache's life: what its hits follow from.

A cache remembers what earlier runs on the same stack asked for. So requests are counted back
over the runs before, as far as one life reaches; where no run went before, a cache was empty.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from capacity.model.expiries import expiries
from capacity.run import BESIDE

if TYPE_CHECKING:
    from capacity.model.arrays import Row
    from capacity.model.material import Material
    from capacity.spool import Cell


def counted(cells: "Iterable[Cell]") -> dict[str, Counter[int]]:
    """Requests that ended in each second since the run's start, by endpoint."""
    counts: dict[str, Counter[int]] = {}
    for cell in cells:
        if cell.method not in BESIDE:
            counts.setdefault(f"{cell.method} {cell.endpoint}", Counter())[cell.second] += (
                cell.requests
            )
    return counts


def before(material: "Material", others: "Sequence[Material]") -> "list[Material]":
    """Those of `others` that loaded the same stack before, as long ago as anything is kept."""
    began = material.seen.run.started_at
    return [
        one
        for one in others
        if one.seen.run.ended_at is not None
        and 0 <= (began - one.seen.run.ended_at).total_seconds() <= expiries().longest_s
        and _caches(one) == _caches(material)
    ]


def _caches(material: "Material") -> tuple[object, ...]:
    """What is another when a stack is started anew or its data replaced."""
    told = material.seen.run.where.topology or {}
    return tuple(told.get(key) for key in ("pods", "seeded_users"))


def asked(
    material: "Material",
    earlier: "Sequence[Material]",
    counts: "Mapping[str, Mapping[str, Mapping[int, int]]]",
    endpoint: str,
    seconds: "Sequence[float]",
    life_s: float,
) -> "Row":
    """Requests for `endpoint` in the `life_s` before each of `seconds` of the run.

    `counts` are those of `counted`, by run.
    """
    when: list[float] = []
    many: list[float] = []
    for one in (*earlier, material):
        ahead = (one.seen.run.started_at - material.seen.run.started_at).total_seconds()
        for second, requests in counts[one.id].get(endpoint, {}).items():
            when.append(ahead + second + 0.5)
            many.append(float(requests))
    order = np.argsort(when)
    times = np.array(when)[order]
    sums = np.concatenate([[0.0], np.cumsum(np.array(many)[order])])
    ends = np.array(seconds)
    until, since = (np.searchsorted(times, at) for at in (ends, ends - life_s))
    return np.asarray(sums[until] - sums[since])
