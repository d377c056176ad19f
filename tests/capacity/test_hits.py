"""Hits as a function of how often a class is asked: fitted from simulated caches, and predicted."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from capacity.demands import Family, Layer
from capacity.model import ttl
from capacity.model.classes import weights
from capacity.model.hits import CACHES, Hits, by_layer, fitted
from capacity.model.windows import Windows
from tests.capacity.ttl_cache import Caches

SEARCH, DETAIL, APPLY = (
    "GET /api/v1/jobs?q",
    "GET /api/v1/jobs/{id}",
    "POST /api/v1/jobs/{id}/applications",
)
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
def found(windows: Windows) -> Hits:
    return _fitted(windows)


def _fitted(windows: Windows) -> Hits:
    hits = fitted(windows, weights(windows))
    assert hits is not None
    return hits


def _families(hits: Hits) -> tuple[Family, Family]:
    """Searches and jobs' pages."""
    of = {endpoint: one for one in hits.families for endpoint in one.endpoints}
    return of[SEARCH], of[DETAIL]


def test_numbers_of_keys_are_recovered(found: Hits) -> None:
    for family, caches in zip(_families(found), (SEARCHED, LOOKED_AT), strict=True):
        assert family.keys is not None
        assert family.keys.mid == pytest.approx(caches.keys, rel=0.5)
        assert family.keys.low / 1.5 < caches.keys < family.keys.high * 1.5


def test_a_rate_no_run_had_is_predicted(found: Hits) -> None:
    """A third of the least busy run's rate, and twice the busiest one's."""
    for family, caches in zip(_families(found), (SEARCHED, LOOKED_AT), strict=True):
        assert family.keys is not None
        for rate in (1.3, 60.0):
            lived = caches.shares(rate, 60 * (40 if rate < 2 else 8))
            told = ttl.shares(rate * caches.life_s, rate * caches.front_s, family.keys.mid, 12)
            for layer in (Layer.NGINX, Layer.DB):
                assert float(told[layer]) == pytest.approx(lived[layer.value], abs=0.04)


def test_a_run_kept_out_is_predicted_by_layer(found: Hits) -> None:
    """Half the rate of the least busy run for searches, a mix that no run had."""
    apart = _windows(((2.0, 2.0), (60.0, 2.0)))
    assert apart.layers is not None
    told = by_layer(apart, found, [0, 1])
    of_run = [apart.run == run for run in (0, 1)]
    for inside in of_run:
        whole = apart.requests[inside, :2].sum()
        for layer in CACHES:
            lived = apart.layers[inside, list(Layer).index(layer)].sum() / whole
            assert told[layer][inside].sum() / whole == pytest.approx(lived, abs=0.06), layer


def test_shares_are_those_of_the_runs(windows: Windows, found: Hits) -> None:
    assert windows.layers is not None
    told = by_layer(windows, found, [0, 1, 2])
    lived = dict(zip(Layer, windows.layers.sum(axis=0), strict=True))
    for layer in CACHES:
        assert told[layer].sum() == pytest.approx(lived[layer], rel=0.1), layer
    hits = sum(counts.sum() for counts in told.values())
    assert hits == pytest.approx(sum(lived[layer] for layer in CACHES), rel=0.02)
    searched, looked_at = _families(found)
    assert (searched.public, searched.life_s) == (True, 60.0)
    assert sum(searched.shares.values()) == pytest.approx(1)
    assert looked_at.shares[Layer.NGINX] == 0
    assert searched.asked.low < 300 < 1500 < searched.asked.high
    assert all((counts == 0).all() for counts in by_layer(windows, found, [2]).values())


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
    families = _families(_fitted(replace(windows, layers=layers)))
    assert [one.keys for one in families] == [None, None]
    assert [one.hit for one in families] == pytest.approx([0.3, 0.8], abs=0.03)


def test_keys_that_may_be_any_number_are_not_told(windows: Windows) -> None:
    seldom, asked = windows.requests.copy(), windows.asked.copy()
    seldom[:, 0], asked[:, 0] = 0, 1
    seldom[::40, 0] = 1
    searched, _ = _families(_fitted(replace(windows, requests=seldom, asked=asked)))
    assert searched.keys is None
    assert 0 <= searched.hit <= 1


def test_a_number_of_keys_that_is_known_is_not_fitted(windows: Windows) -> None:
    first_page = replace(windows, endpoints=("GET /api/v1/jobs", DETAIL, APPLY))
    hits = _fitted(first_page)
    (family,) = [one for one in hits.families if one.endpoints == ("GET /api/v1/jobs",)]
    assert family.keys is not None
    assert (family.keys.low, family.keys.high) == (1, 1)


def test_reads_that_nobody_says_are_kept_have_one_share(windows: Windows) -> None:
    hits = _fitted(replace(windows, endpoints=("GET /a", "GET /b", APPLY)))
    assert hits.families == ()
    assert windows.layers is not None
    cached = windows.layers[:, [list(Layer).index(one) for one in CACHES]].sum()
    assert hits.others == pytest.approx(cached / windows.requests[:, :2].sum(), abs=0.05)


def test_where_no_record_tells_layers_nothing_is_fitted(windows: Windows) -> None:
    assert fitted(replace(windows, layers=None), weights(windows)) is None
