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
life of nginx's copies, 0 for what nginx does not keep. Very many keys are summed up in steps.
"""

from typing import TYPE_CHECKING

import numpy as np

from capacity.demands import Layer

if TYPE_CHECKING:
    from capacity.inputs import Array

_EXACT = 16
"""Ranks that are counted one by one; all beyond go into steps of equal ratio."""
_STEPS = 40
_AT_ONCE = 1_000
"""Draws worked on together: tables of them fit in a processor's cache, which is thrice as fast."""


def shares(
    asked: "Array | float",
    brief: "Array | float",
    keys: "Array | float",
    processes: "Array | float",
) -> "dict[Layer, Array]":
    """Shares answered by nginx, by a process's memory, by Redis, and by the database.

    nginx's copies are a cache in front: of a key's requests 1/(1 + brief) pass. Within one
    life each of the other `processes` asks Redis once if it is asked at all, by then
    independently of the others: (processes - 1)(1 - exp(-passed/processes)) requests.
    """
    told = [np.asarray(one, dtype=float) for one in (asked, brief, keys, processes)]
    many = max(one.size for one in told)
    pieces = [
        _shares(*(one[first : first + _AT_ONCE] if one.size > 1 else one for one in told))
        for first in range(0, many, _AT_ONCE)
    ]
    if len(pieces) == 1:
        return pieces[0]
    return {layer: np.concatenate([piece[layer] for piece in pieces]) for layer in pieces[0]}


def _shares(
    asked: "Array", brief: "Array", keys: "Array", processes: "Array"
) -> "dict[Layer, Array]":
    part, weight = _ranks(keys[..., np.newaxis])
    a, b, many = (one[..., np.newaxis] for one in (asked, brief, processes))
    often, passes = a * part, 1 / (1 + b * part)
    loaded = 1 / (1 + often)
    redis = (many - 1) * (1 - np.exp(-often * passes / many)) * loaded
    found = {
        Layer.NGINX: 1 - np.maximum(passes, loaded),
        Layer.L2: np.minimum(redis, np.maximum(passes - loaded, 0.0)),
        Layer.DB: loaded,
    }
    mean = {layer: (share * weight).sum(axis=-1) for layer, share in found.items()}
    mean[Layer.L1] = np.maximum(0.0, 1 - sum(mean.values()))
    return mean


def _ranks(keys: "Array") -> "tuple[Array, Array]":
    """How much of all requests one key of each step gets, and the whole step.

    Between whole numbers of keys the last one counts in part.
    """
    many = np.maximum(keys, 1.0)
    ranks = np.arange(1.0, _EXACT + 1)
    one_by_one = np.clip(many - ranks + 1, 0.0, 1.0) / ranks
    ratio = np.log(np.maximum(many + 0.5, _EXACT + 0.5) / (_EXACT + 0.5)) / _STEPS
    beyond = (_EXACT + 0.5) * np.exp(ratio * (np.arange(_STEPS) + 0.5))
    rank = np.concatenate([np.broadcast_to(ranks, one_by_one.shape), beyond], axis=-1)
    weight = np.concatenate([one_by_one, np.broadcast_to(ratio, beyond.shape)], axis=-1)
    whole = weight.sum(axis=-1, keepdims=True)
    return 1 / (rank * whole), weight / whole
