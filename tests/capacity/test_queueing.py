"""Formulas against closed forms and against worked examples that others published."""

from math import inf, log

import pytest

from capacity.model import bounds, mva
from capacity.model.usl import ScalabilityError, fit
from tests.capacity.closed_forms import erlang_c, waiting


def test_operational_laws() -> None:
    assert bounds.in_system(5000, 0.0763) == pytest.approx(381.5)
    # Lazowska et al. 1984, 3.4: 10 users, 5 s of thought, 0.5 interactions a second
    assert bounds.response_time(10, 0.5, 5) == pytest.approx(15)


def test_asymptotic_bounds_of_jains_timesharing_system() -> None:
    # Jain 1991, The Art of Computer Systems Performance Analysis, example 33.5:
    # D = 2, 3 and 1 s, Z = 4 s: X <= min(1/3, N/10), R >= max(6, 3N - 4), knee 10/3
    found = bounds.asymptotic(20, 4, (2, 3, 1))
    assert found.saturation_rate == pytest.approx(1 / 3)
    assert found.most_rate == pytest.approx(1 / 3)
    assert found.least_response_s == pytest.approx(56)
    assert found.knee_users == pytest.approx(10 / 3)
    assert bounds.asymptotic(2, 4, (2, 3, 1)).most_rate == pytest.approx(0.2)


@pytest.mark.parametrize("users", [1, 3, 20, 100])
def test_the_exact_solution_lies_within_the_bounds(users: int) -> None:
    limits = bounds.asymptotic(users, 4, (2, 3, 1))
    found = mva.exact(users, 4, _jain())
    assert limits.least_rate - 1e-12 <= found.throughput <= limits.most_rate + 1e-12
    assert limits.least_response_s - 1e-9 <= found.response_s["a"] <= limits.most_response_s + 1e-9


def test_bounds_need_a_demand() -> None:
    with pytest.raises(ValueError, match="demand"):
        bounds.asymptotic(1, 1, ())


def _jain() -> list[mva.Station]:
    return [mva.Station(n, {"a": d}) for n, d in (("cpu", 2.0), ("A", 3.0), ("B", 1.0))]


def test_exact_mean_value_analysis_of_jains_example() -> None:
    # Jain 1991, example 34.2: with two users X = 0.175, Q = 0.421, 0.684, 0.193
    found = mva.exact(2, 4, _jain())
    assert found.throughput == pytest.approx(0.175, abs=5e-4)
    assert found.response_s["a"] == pytest.approx(7.4)
    assert found.queue == pytest.approx({"cpu": 0.421, "A": 0.684, "B": 0.193}, abs=5e-4)


def test_exact_mean_value_analysis_of_the_machine_repairman() -> None:
    # one repairman, N machines: p0 = 1 / sum N! / (N - n)! (D / Z)^n, X = (1 - p0) / D
    users, demand, think = 6, 1.0, 5.0
    terms, term = [1.0], 1.0
    for n in range(users):
        term *= (users - n) * demand / think
        terms.append(term)
    rate = (1 - 1 / sum(terms)) / demand
    found = mva.exact(users, think, [mva.Station("repairman", {"a": demand})])
    assert found.throughput == pytest.approx(rate, rel=1e-12)
    assert found.response_s["a"] == pytest.approx(users / rate - think, rel=1e-12)


def test_schweitzer_is_near_the_exact_solution() -> None:
    # Jain 1991, example 34.3, and Lazowska et al.: a few percent
    for users in (1, 5, 20, 200):
        exact = mva.exact(users, 4, _jain())
        found = mva.approximate({"a": users}, {"a": 4}, _jain())
        assert found.throughput == pytest.approx(exact.throughput, rel=0.06)
        assert sum(found.queue.values()) + 4 * found.throughput == pytest.approx(users, rel=1e-6)


def test_equal_classes_fare_as_one() -> None:
    both = [mva.Station(s.name, {"a": s.demands["a"], "b": s.demands["a"]}) for s in _jain()]
    found = mva.approximate({"a": 5, "b": 5}, {"a": 4, "b": 4}, both)
    alone = mva.approximate({"a": 10}, {"a": 4}, _jain())
    assert found.rate["a"] == pytest.approx(found.rate["b"])
    assert found.throughput == pytest.approx(alone.throughput, rel=1e-6)


def test_a_heavier_class_waits_for_more() -> None:
    stations = [mva.Station("cpu", {"light": 0.1, "heavy": 1.0})]
    found = mva.approximate({"light": 5, "heavy": 5}, {"light": 2, "heavy": 2}, stations)
    assert found.response_s["heavy"] > found.response_s["light"]
    assert found.rate["light"] * 0.1 + found.rate["heavy"] < 1
    assert set(found.waits_s["cpu"]) == {"light", "heavy"}


TWO = (mva.Station("cpu", {"A": 1.0, "B": 2.0}), mva.Station("disk", {"A": 3.0, "B": 4.0}))


def _exact_of_two(a: int, b: int, think: float = 0.0) -> tuple[float, float]:
    """Both classes' throughputs by the exact recursion over all populations.

    Reiser & Lavenberg 1980, JACM 27:313: R_ck(n) = D_ck (1 + Q_k(n - 1_c)).
    """
    queues: dict[tuple[int, int], list[float]] = {(0, 0): [0.0] * len(TWO)}
    rates = [0.0, 0.0]
    for n in sorted(((i, j) for i in range(a + 1) for j in range(b + 1)), key=sum):
        queues[n], rates = [0.0] * len(TWO), [0.0, 0.0]
        for at, name in enumerate("AB"):
            if n[at]:
                found = queues[n[0] - (at == 0), n[1] - (at == 1)]
                times = [s.demands[name] * (1 + q) for s, q in zip(TWO, found, strict=True)]
                rates[at] = n[at] / (think + sum(times))
                queues[n] = [q + rates[at] * t for q, t in zip(queues[n], times, strict=True)]
    return rates[0], rates[1]


def test_two_classes_of_lazowskas_example() -> None:
    # Lazowska et al. 1984, Quantitative System Performance, chapter 7: A needs 1 s of CPU and 3
    # of disk, B 2 and 4; with one customer each the exact throughputs are 3/19 and 2/19
    assert _exact_of_two(1, 1) == pytest.approx((3 / 19, 2 / 19))
    found = mva.approximate({"A": 1, "B": 1}, {"A": 0, "B": 0}, TWO)
    assert found.rate["A"] == pytest.approx(3 / 19, rel=0.06)
    assert found.rate["B"] == pytest.approx(2 / 19, rel=0.06)


@pytest.mark.parametrize(("a", "b", "think"), [(2, 3, 0.0), (10, 5, 4.0), (40, 20, 30.0)])
def test_the_approximation_of_two_classes_is_near_the_exact_recursion(
    a: int, b: int, think: float
) -> None:
    wanted = _exact_of_two(a, b, think)
    found = mva.approximate({"A": a, "B": b}, {"A": think, "B": think}, TWO)
    assert (found.rate["A"], found.rate["B"]) == pytest.approx(wanted, rel=0.05)
    utilisation = sum(found.rate[name] * TWO[1].demands[name] for name in "AB")
    assert utilisation <= 1 + 1e-9


def test_several_servers_carry_as_many_times_as_much() -> None:
    # Seidmann is exact where it matters: alone, and when saturated
    one = [mva.Station("cpu", {"a": 0.4}, servers=4)]
    assert mva.exact(1, 1, one).response_s["a"] == pytest.approx(0.4)
    assert mva.exact(400, 1, one).throughput == pytest.approx(10, rel=1e-3)
    half = [mva.Station("cpu", {"a": 0.4}, servers=0.5)]
    assert mva.exact(1, 1, half).response_s["a"] == pytest.approx(0.8)
    assert mva.exact(400, 1, half).throughput == pytest.approx(1.25, rel=1e-3)


def test_mean_value_analysis_needs_somebody() -> None:
    with pytest.raises(ValueError, match="users"):
        mva.exact(0, 1, _jain())
    with pytest.raises(ValueError, match="users"):
        mva.approximate({"a": 0}, {"a": 1}, _jain())


def test_m_m_1_and_m_g_1() -> None:
    rate, service = 0.8, 1.0
    assert waiting(rate, service, 1).response_s == pytest.approx(service / (1 - 0.8))
    # Pollaczek-Khinchine: W = rho S (1 + cs2) / 2 / (1 - rho); constant service waits half
    assert waiting(rate, service, 1, service_cv2=0).wait_s == pytest.approx(2.0)
    assert waiting(rate, service, 1, service_cv2=3).wait_s == pytest.approx(8.0)


def test_m_m_m_of_jains_terminals() -> None:
    # Jain 1991, example 31.2: 10 students an hour, 5 terminals, 20 minutes each: all busy with
    # probability 0.33, 24 minutes in all, the 90th percentile of waiting 14 minutes
    found = waiting(1 / 6, 20, 5)
    assert found.utilisation == pytest.approx(2 / 3)
    assert found.wait_chance == pytest.approx(0.33, abs=0.005)
    assert found.response_s == pytest.approx(24, abs=0.2)
    assert found.wait_percentile(0.9) == pytest.approx(14, abs=0.3)
    assert found.wait_percentile(0.5) == 0


def test_erlang_c_of_one_server_is_its_load() -> None:
    for load in (0.1, 0.5, 0.99):
        assert erlang_c(load, 1) == pytest.approx(load)
    with pytest.raises(ValueError, match="settles"):
        erlang_c(2, 2)


def test_a_percentile_of_an_exponential_wait() -> None:
    found = waiting(0.8, 1.0, 1)  # P(W > t) = 0.8 exp(-0.2 t)
    assert found.wait_percentile(0.99) == pytest.approx(log(0.8 / 0.01) / 0.2)
    with pytest.raises(ValueError, match="between"):
        found.wait_percentile(1.0)


CISCO = (
    955.16, 1878.91, 2688.01, 3548.68, 4315.54, 5130.43, 5931.37, 6531.08, 7219.8, 7867.61, 8278.71,
    8646.7, 9047.84, 9426.55, 9645.37, 9897.24, 10097.6, 10240.5, 10532.39, 10798.52, 11151.43,
    11518.63, 11806, 12089.37, 12075.41, 12177.29, 12211.41, 12158.93, 12155.27, 12118.04, 12140.4,
    12074.39,
)  # fmt: skip


def test_scalability_of_schwartz_example() -> None:
    # Schwartz, Practical Scalability Analysis with the Universal Scalability Law: 995.6486,
    # 0.02671591, 0.0007690945, highest at 35
    found = fit(range(1, 33), CISCO)
    assert found.unit_rate.mid == pytest.approx(995.6486, rel=1e-4)
    assert found.contention.mid == pytest.approx(0.02671591, rel=1e-3)
    assert found.coherency.mid == pytest.approx(0.0007690945, rel=1e-3)
    assert found.peak == pytest.approx(35.6, abs=0.1)
    assert found.contention.low < 0.0267 < found.contention.high
    assert not found.at(64).beyond
    assert found.at(65).beyond


def test_straight_scaling_has_no_peak() -> None:
    found = fit((1, 2, 4, 8), (10, 20, 40, 80))
    assert found.at(8).rate == pytest.approx(80, rel=1e-3)
    assert (found.peak or inf) > 1_000


@pytest.mark.parametrize(
    ("sizes", "rates", "says"),
    [
        ((1, 2, 4), (1, 2, 3), "too few"),
        ((1, 1, 2, 2, 3), (1, 1, 2, 2, 3), "too few"),
        ((1, 2, 3, 4), (1, 2, 0, 4), "above 0"),
        ((), (), "above 0"),
    ],
)
def test_a_scalability_curve_refuses(
    sizes: tuple[float, ...], rates: tuple[float, ...], says: str
) -> None:
    with pytest.raises(ScalabilityError, match=says):
        fit(sizes, rates)
