"""Shares of requests that a cache with expiry answers, by how often its keys are asked for.

A key that is kept for T after it was loaded, and then forgotten, asked for by a Poisson process
of rate l, is loaded once in T + 1/l: of 1 + l T requests one misses (Jung, Berger & Balakrishnan
2003, "Modeling TTL-based Internet caches", INFOCOM, 3). Keys are asked for by Zipf's law with
exponent 1, the n-th in proportion to 1/n (Breslau, Cao, Fan, Phillips & Shenker 1999, "Web
caching and Zipf-like distributions", INFOCOM), each an independent stream.

In the reference app every layer behind nginx forgets a key at one moment, as a copy keeps the
expiry of what it was copied from. So how many processes there are divides hits between the
processes' own memories and Redis, and does not change how many requests miss both.

`asked` is the requests for all keys together within one life T; `brief` those within the shorter
life of nginx's copies, 0 for what nginx does not keep.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from capacity.demands import Layer

if TYPE_CHECKING:
    from capacity.inputs import Array

_EXACT_RANKS = 16
_RATIO = 1.2
"""Ranks beyond the first are taken together in steps of this factor."""


def missed(asked: "Array | float", keys: "Array | float") -> "Array":
    """Share of requests that find their key in no cache.

    The sum over ranks n of 1/(n H) x 1/(1 + asked/(n H)) with H the sum of 1/n up to `keys`,
    which is (psi(keys + 1 + x) - psi(1 + x)) / H with x = asked / H and psi the digamma
    function (Abramowitz & Stegun 1964, 6.3.6): it holds for numbers of keys between whole ones.
    """
    from scipy.special import digamma

    many = np.maximum(keys, 1.0)
    whole = digamma(many + 1) - digamma(1.0)
    x = np.asarray(asked) / whole
    return np.asarray((digamma(many + 1 + x) - digamma(1 + x)) / whole)


def shares(
    asked: "Array | float", brief: "Array | float", keys: float, processes: "Array | float"
) -> "dict[Layer, Array]":
    """Shares answered by nginx, by a process's memory, by Redis, and by the database.

    nginx's copies are a cache in front: of a key's requests 1/(1 + brief) pass. Within one
    life each of the other `processes` asks Redis once if it is asked at all, by then
    independently of the others: (processes - 1)(1 - exp(-passed/processes)) requests.
    """
    rank, weight = _ranks(max(1, round(keys)))
    a, b, many = (
        np.asarray(one, dtype=float)[..., np.newaxis] for one in (asked, brief, processes)
    )
    often, passes = a * rank, 1 / (1 + b * rank)
    loaded = 1 / (1 + often)
    redis = (many - 1) * (1 - np.exp(-often * passes / many)) * loaded
    redis = np.minimum(redis, np.maximum(passes - loaded, 0.0))
    found = {
        Layer.NGINX: 1 - np.maximum(passes, loaded),
        Layer.L2: redis,
        Layer.DB: loaded,
    }
    mean = {layer: (share * weight).sum(axis=-1) for layer, share in found.items()}
    mean[Layer.L1] = np.maximum(0.0, 1 - sum(mean.values()))
    return mean


@lru_cache(maxsize=256)
def _ranks(keys: int) -> "tuple[Array, Array]":
    """How much of all requests one key of each step gets, and the whole step."""
    exact = np.arange(1, min(keys, _EXACT_RANKS) + 1, dtype=float)
    if keys <= _EXACT_RANKS:
        rank, weight = exact, 1 / exact
    else:
        first, last = _EXACT_RANKS + 0.5, keys + 0.5
        steps = max(1, round(np.log(last / first) / np.log(_RATIO)))
        ends = np.geomspace(first, last, steps + 1)
        rank = np.concatenate([exact, np.sqrt(ends[1:] * ends[:-1])])
        weight = np.concatenate([1 / exact, np.diff(np.log(ends))])
    whole = weight.sum()
    return 1 / (rank * whole), weight / whole
