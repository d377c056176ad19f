"""Shares of requests that caches with expiry answer: closed forms, limits, and a simulation."""

from math import exp

import numpy as np
import pytest
from scipy.special import digamma

from capacity.demands import Layer
from capacity.model.expiries import expiries
from capacity.model.ttl import shares
from reference_app import serving
from reference_app.settings import Settings
from tests.capacity.ttl_cache import Caches


@pytest.mark.parametrize("asked", [0.0, 0.5, 12.0, 4000.0])
def test_one_key_misses_once_in_a_life_and_the_wait_for_the_next_request(asked: float) -> None:
    assert shares(asked, 0.0, 1, 1)[Layer.DB] == pytest.approx(1 / (1 + asked))


@pytest.mark.parametrize("keys", [2, 17, 300, 20_000])
@pytest.mark.parametrize("asked", [3.0, 250.0, 30_000.0])
def test_many_keys_miss_as_the_sum_over_all_of_them(keys: int, asked: float) -> None:
    popularity = 1 / np.arange(1, keys + 1)
    popularity /= popularity.sum()
    exact = float((popularity / (1 + asked * popularity)).sum())
    x, whole = asked / (digamma(keys + 1) - digamma(1)), digamma(keys + 1) - digamma(1)
    assert exact == pytest.approx((digamma(keys + 1 + x) - digamma(1 + x)) / whole)
    # steps of ranks in place of all of them
    assert shares(asked, 0.0, keys, 4)[Layer.DB] == pytest.approx(exact, rel=0.005)


def test_draws_may_differ_in_everything() -> None:
    asked, brief = np.array([3.0, 250.0, 250.0]), np.array([0.3, 20.0, 20.0])
    keys, processes = np.array([2.0, 300.0, 20_000.5]), np.array([1.0, 12.0, 40.0])
    together = shares(asked, brief, keys, processes)
    for n in range(3):
        alone = shares(asked[n], brief[n], keys[n], processes[n])
        for layer, share in alone.items():
            assert together[layer][n] == pytest.approx(float(share)), layer


def test_of_one_key_each_other_process_asks_redis_once_if_it_is_asked_at_all() -> None:
    asked, processes = 30.0, 12
    found = shares(asked, 0.0, 1, processes)
    once = (processes - 1) * (1 - exp(-asked / processes))
    assert found[Layer.L2] == pytest.approx(once / (1 + asked))
    assert found[Layer.NGINX] == 0
    assert sum(found.values()) == pytest.approx(1)


def test_processes_move_hits_to_redis_and_leave_the_misses() -> None:
    one, few, many = (shares(500.0, 0.0, 200, processes) for processes in (1, 4, 40))
    assert one[Layer.DB] == few[Layer.DB] == many[Layer.DB]
    assert one[Layer.L2] == 0
    assert few[Layer.L2] < many[Layer.L2]
    assert one[Layer.L1] > few[Layer.L1] > many[Layer.L1]


@pytest.mark.parametrize(
    ("caches", "rate"),
    [
        (Caches(keys=1, life_s=60, processes=12), 2.0),
        (Caches(keys=300, life_s=60, processes=12), 20.0),
        (Caches(keys=300, life_s=60, processes=12, front_s=5), 20.0),
        (Caches(keys=5000, life_s=60, processes=8, front_s=5), 30.0),
        (Caches(keys=40, life_s=60, processes=4, front_s=5), 5.0),
    ],
)
def test_the_shares_are_those_of_a_simulation(caches: Caches, rate: float) -> None:
    lived = caches.shares(rate, 60 * 25)
    told = shares(rate * caches.life_s, rate * caches.front_s, caches.keys, caches.processes)
    for layer in (Layer.NGINX, Layer.L1, Layer.L2, Layer.DB):
        assert float(told[layer]) == pytest.approx(lived[layer.value], abs=0.02), layer


def test_every_endpoint_is_kept_in_one_way() -> None:
    names = [name for one in expiries().kept for name in one.endpoints]
    assert len(names) == len(set(names))
    assert expiries().of("POST /api/v1/jobs") is None


def test_lives_are_the_apps_own() -> None:
    told = {name: one.default for name, one in Settings.model_fields.items()}
    of = {
        "GET /api/v1/jobs": "cache_ttl_jobs",
        "GET /api/v1/jobs/{id}": "cache_ttl_job_page",
        "GET /api/v1/jobs/{id}/similar": "cache_ttl_trending",
        "GET /api/v1/companies/{id}": "cache_ttl_default",
        "GET /api/v1/companies/{id}/jobs": "cache_ttl_default",
        "GET /api/v1/feed": "cache_ttl_feed",
        "GET /api/v1/users/{id}": "cache_ttl_user",
        "GET /api/v1/posts/trending": "cache_ttl_trending",
    }
    for endpoint, setting in of.items():
        kept = expiries().of(endpoint)
        assert kept is not None
        assert kept.life_s == told[setting], endpoint
    tiers = expiries().of("GET /api/v1/ads")
    assert tiers is not None
    assert tiers.life_s == 60 * told["access_token_minutes"]
    assert f"public, max-age={expiries().nginx_s:g}," in serving._KEPT_BRIEFLY["cache-control"]


def test_many_draws_at_once_fare_as_each_alone() -> None:
    chance = np.random.default_rng(1)
    asked, keys = chance.uniform(1e2, 1e5, 2_500), chance.uniform(1, 1e6, 2_500)
    together = shares(asked, asked / 12, keys, 40)
    for at in (0, 999, 1_000, 2_499):
        alone = shares(asked[at], asked[at] / 12, keys[at], 40)
        assert {layer: told[at] for layer, told in together.items()} == pytest.approx(alone)
