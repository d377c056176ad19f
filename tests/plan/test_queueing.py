"""Waiting in closed form, against exact formulas and a simulation."""

from math import exp

import numpy as np
import pytest

from capacity.plan.queueing import Response, along, station, waits
from tests.capacity.closed_forms import erlang_c

ONE = np.array([1.0])


@pytest.mark.parametrize("utilisation", [0.1, 0.5, 0.9, 0.99])
def test_one_server_is_exact(utilisation: float) -> None:
    time = station(ONE * utilisation, ONE, ONE, ONE, ONE)
    assert time.mean[0] == pytest.approx(1 / (1 - utilisation))
    # the sojourn in M/M/1 is exponential: its variance is its mean squared
    assert time.variance[0] == pytest.approx(time.mean[0] ** 2)


@pytest.mark.parametrize("servers", [2, 4, 16])
@pytest.mark.parametrize("utilisation", [0.5, 0.8, 0.95])
def test_several_servers_are_near_erlang(servers: int, utilisation: float) -> None:
    exact = erlang_c(servers * utilisation, servers)
    found = float(waits(ONE * utilisation, ONE * servers)[0])
    assert found == pytest.approx(exact, abs=0.06)


def test_a_shared_core_takes_as_long_however_service_is_spread() -> None:
    even, uneven = (station(ONE * 0.8, ONE, ONE, ONE * cv2, ONE) for cv2 in (1, 9))
    assert even.mean == uneven.mean == pytest.approx(5)
    # a request takes its own time five times over, so what is spread stays spread
    assert uneven.variance[0] == pytest.approx(9 * 25)


def test_a_rotation_waits_half_as_long_at_most() -> None:
    random, rotated = (station(ONE * 0.8, ONE, ONE, ONE, ONE * cv2) for cv2 in (1, 0.1))
    assert rotated.mean[0] - 1 == pytest.approx(0.55 * (random.mean[0] - 1))


def test_a_saturated_station_has_no_time() -> None:
    time = station(np.array([0.5, 1.0, 2.0]), np.ones(3), np.ones(3), np.ones(3), np.ones(3))
    assert np.isfinite(time.mean).tolist() == [True, False, False]
    assert np.isinf(time.quantile("p95")).tolist() == [False, True, True]


def test_quantiles_are_the_lognormals() -> None:
    # median exp(mu), mean exp(mu + s^2 / 2): with s = 1, mu = 0
    time = Response(ONE * exp(0.5), ONE * (exp(1) - 1) * exp(1))
    assert time.quantile("p50")[0] == pytest.approx(1)
    assert time.quantile("p95")[0] == pytest.approx(exp(1.6448536))
    assert time.quantile("p99")[0] == pytest.approx(exp(2.3263479))


def test_stations_in_a_row_add_up() -> None:
    parts = [Response(ONE * 2, ONE * 3), Response(ONE * 4, ONE * 5)]
    assert along(parts) == Response(ONE * 6, ONE * 8)


def test_a_quantile_of_mm1_is_near_a_simulation() -> None:
    random = np.random.default_rng(1)
    gaps, services = random.exponential(1 / 0.7, 200_000), random.exponential(1, 200_000)
    wait, times = 0.0, []
    for gap, service in zip(gaps, services, strict=True):
        wait = max(0.0, wait - gap)
        times.append(wait + service)
        wait += service
    time = station(ONE * 0.7, ONE, ONE, ONE, ONE)
    assert time.mean[0] == pytest.approx(np.mean(times), rel=0.05)
    assert time.quantile("p95")[0] == pytest.approx(np.quantile(times, 0.95), rel=0.12)
