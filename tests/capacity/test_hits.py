"""Hits as a function of how often a class is asked: fitted from simulated caches, and predicted."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from capacity.demands import Caching, Layer
from capacity.model import ttl
from capacity.model.classes import RequestClass, weights
from capacity.model.hits import Hits, fitted
from capacity.model.windows import Windows
from tests.capacity.ttl_cache import Caches

SEARCH, DETAIL, APPLY = (
    "GET /api/v1/jobs?q",
    "GET /api/v1/jobs/{id}",
    "POST /api/v1/jobs/{id}/applications",
)
CLASSES = [RequestClass(name, (n,), (name,)) for n, name in enumerate((SEARCH, DETAIL, APPLY))]
SEARCHED = Caches(keys=400, life_s=60, processes=12, front_s=5)
LOOKED_AT = Caches(keys=3000, life_s=60, processes=12)
RATES = ((4.0, 30.0), (12.0, 10.0), (30.0, 4.0), (8.0, 18.0), (20.0, 20.0))
"""Requests a second for searches and for jobs' pages, by run."""
LONG_S, WINDOW_S = 60, 3


def _lived(caches: Caches, rate: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By window requests by layer, and requests within a life and nginx's life before it."""
    cold_s = 2 * caches.life_s
    told = list(caches.answered(rate, cold_s + LONG_S, seed))
    times = np.array([at for at, _ in told])
    starts = cold_s + np.arange(0, LONG_S, WINDOW_S)
    layers = np.zeros((len(starts), len(Layer)))
    for row, start in enumerate(starts):
        inside = Counter(who for at, who in told if start <= at < start + WINDOW_S)
        layers[row] = [inside[layer.value] for layer in Layer]
    middles = starts + WINDOW_S / 2

    def within(life_s: float) -> np.ndarray:
        ends = np.searchsorted(times, middles)
        return np.asarray(ends - np.searchsorted(times, middles - life_s), dtype=float)

    return layers, within(caches.life_s), within(caches.front_s)


def _windows(rates: tuple[tuple[float, float], ...] = RATES) -> Windows:
    requests, asked, brief, layers, runs = [], [], [], [], []
    for run, (searches, looks) in enumerate(rates):
        found = [_lived(SEARCHED, searches, run + 1), _lived(LOOKED_AT, looks, 50 + run)]
        writes = np.zeros_like(found[0][0])
        writes[:, list(Layer).index(Layer.DB)] = 9
        layers.append(found[0][0] + found[1][0] + writes)
        nothing = np.zeros(len(writes))
        columns = [one[0].sum(axis=1) for one in found]
        requests.append(np.column_stack([*columns, writes.sum(axis=1)]))
        asked.append(np.column_stack([found[0][1], found[1][1], nothing]))
        brief.append(np.column_stack([found[0][2], nothing, nothing]))
        runs.append(np.full(len(writes), float(run)))
    rows = len(np.concatenate(runs))
    return Windows(
        seconds=WINDOW_S,
        endpoints=(SEARCH, DETAIL, APPLY),
        requests=np.concatenate(requests),
        cpu={},
        beside=np.zeros(rows),
        counted={},
        layers=np.concatenate(layers),
        run=np.concatenate(runs),
        pods=np.full(rows, 3.0),
        processes=np.full(rows, 12.0),
        asked=np.concatenate(asked),
        brief=np.concatenate(brief),
    )


@pytest.fixture(scope="module")
def windows() -> Windows:
    return _windows()


@pytest.fixture(scope="module")
def found(windows: Windows) -> tuple[Hits, ...]:
    hits = fitted(windows, CLASSES, weights(windows))
    assert hits is not None
    return hits


def _told(hits: Hits) -> Caching:
    assert hits.caching is not None
    return hits.caching


def test_numbers_of_keys_are_recovered(found: tuple[Hits, ...]) -> None:
    for hits, caches in zip(found, (SEARCHED, LOOKED_AT), strict=False):
        keys = _told(hits).keys
        assert keys.mid == pytest.approx(caches.keys, rel=0.5)
        assert keys.low / 1.5 < caches.keys < keys.high * 1.5
    assert found[2].caching is None  # writes: nobody said that they are kept
    assert found[2].share == 0


def test_a_rate_no_run_had_is_predicted(found: tuple[Hits, ...]) -> None:
    """Ten times the rate of the least busy run, and a third of it."""
    for hits, caches in zip(found, (SEARCHED, LOOKED_AT), strict=False):
        for rate in (1.3, 60.0):
            lived = caches.shares(rate, 60 * (40 if rate < 2 else 8))
            told = ttl.shares(rate * caches.life_s, rate * caches.front_s, _told(hits).keys.mid, 12)
            for layer in (Layer.NGINX, Layer.DB):
                assert float(told[layer]) == pytest.approx(lived[layer.value], abs=0.04)


def test_mean_shares_are_those_of_the_runs(windows: Windows, found: tuple[Hits, ...]) -> None:
    assert windows.layers is not None
    counts = windows.requests.sum(axis=0)
    hits = sum(one.share * many for one, many in zip(found, counts, strict=True))
    cached = windows.layers[
        :, [list(Layer).index(one) for one in (Layer.NGINX, Layer.L1, Layer.L2)]
    ]
    assert hits == pytest.approx(cached.sum(), rel=0.02)
    told = _told(found[0])
    assert (told.kept, told.public, told.life_s) == (1.0, 1.0, 60.0)
    assert _told(found[1]).public == 0
    assert sum(told.shares.values()) == pytest.approx(1)
    assert told.asked.low < 300 < 1500 < told.asked.high
    # the least busy run misses more often than the mean
    seldom, often = (found[0].misses[windows.run == run].mean() for run in (0, 2))
    assert seldom > 1.1 > 0.95 > often


def test_hits_that_do_not_follow_from_the_rate_stay_a_share(windows: Windows) -> None:
    assert windows.layers is not None
    chance = np.random.default_rng(1)
    order = list(Layer)
    layers = np.zeros_like(windows.layers)
    for column, share in enumerate((0.3, 0.8, 0.0)):
        asked = windows.requests[:, column].astype(int)
        hits = chance.binomial(asked, share)
        layers[:, order.index(Layer.L1)] += hits
        layers[:, order.index(Layer.DB)] += asked - hits
    constant = replace(windows, layers=layers)
    hits = fitted(constant, CLASSES, weights(constant))
    assert hits is not None
    assert [one.caching for one in hits] == [None, None, None]
    assert [one.share for one in hits] == pytest.approx([0.3, 0.8, 0.0], abs=0.03)
    assert all((one.misses == 1).all() for one in hits)


def test_a_class_hardly_asked_for_is_taken_as_constant(windows: Windows) -> None:
    seldom = windows.requests.copy()
    seldom[:, 0] = 0
    seldom[::40, 0] = 1
    asked = windows.asked.copy()
    asked[:, 0] = 1
    few = replace(windows, requests=seldom, asked=asked)
    hits = fitted(few, CLASSES, weights(few))
    assert hits is not None
    assert hits[0].caching is None


def test_where_no_record_tells_layers_nothing_is_fitted(windows: Windows) -> None:
    assert fitted(replace(windows, layers=None), CLASSES, weights(windows)) is None
