"""What a soak shows: known slopes come back, noise is no growth, short runs say nothing."""

from pathlib import Path
from random import Random

import pandas as pd
import pytest
import yaml

from capacity.observation import Observation
from capacity.run import Run
from capacity.soak import LEAST_S, Course, Trend, trends
from tests.reports.sample import sample_run

MIB = 2.0**20
HOUR = 3600.0


def course(
    values: list[float], series: str = "service.backend-1.memory", every: int = 10
) -> list[Trend]:
    """The trends of one gauge read every so many seconds, through the measured time."""
    seconds = [10 + every * number for number in range(len(values))]
    index = pd.Index(seconds, name="second")
    return trends(
        Observation(
            long_run(10.0, every * len(values)), pd.DataFrame({series: values}, index=index)
        )
    )


def long_run(start_s: float, lasts_s: float) -> Run:
    """One measured step, on a stack whose PgBouncer opens at most 60 connections to a replica."""
    run = sample_run()
    (step,) = run.measured_steps()
    step = step.model_copy(update={"start_s": start_s, "end_s": start_s + lasts_s})
    topology = {"pods": 3, "pgbouncer_servers.replica-1": 60}
    where = run.where.model_copy(update={"topology": topology})
    return run.model_copy(update={"steps": [step], "where": where})


def noisy(per_hour: float, level: float, noise: float, seconds: int = 1800) -> list[float]:
    """Ten-second readings with a slope and noise that hangs together over a minute."""
    chance = Random(3)
    drift, values = 0.0, []
    for second in range(0, seconds, 10):
        drift = 0.85 * drift + chance.gauss(0, noise)
        values.append(level + per_hour * second / HOUR + drift)
    return values


def test_a_leak_is_found_with_its_slope() -> None:
    (found,) = course(noisy(60 * MIB, 400 * MIB, MIB))
    assert found.course is Course.RISING
    assert found.interval.low is not None
    assert found.interval.high is not None
    assert found.interval.low < 60 * MIB < found.interval.high
    assert found.per_hour == pytest.approx(60 * MIB, rel=0.3)
    assert found.level == pytest.approx(422 * MIB, rel=0.02)


def test_what_stands_still_is_flat() -> None:
    (found,) = course(noisy(0, 400 * MIB, 0.2 * MIB))
    assert found.course is Course.FLAT


def test_what_could_be_either_is_not_called_flat() -> None:
    (found,) = course(noisy(0, 40 * MIB, 4 * MIB))
    assert found.course is Course.UNSURE


def test_what_fills_in_the_first_half_is_no_leak() -> None:
    filling = [min(second, 800) * MIB / 4 + 100 * MIB for second in range(0, 1800, 10)]
    (found,) = course(filling)
    assert found.course is Course.FLAT


def test_one_connection_more_is_nothing_and_one_every_minute_is_something() -> None:
    still = [50.0] * 150 + [51.0] * 30
    (found,) = course(still, "redis.clients")
    assert found.course is not Course.RISING
    growing = [50.0 + second // 60 for second in range(0, 1800, 10)]
    (found,) = course(growing, "redis.clients")
    assert found.course is Course.RISING
    assert found.per_hour == pytest.approx(60, rel=0.1)


def test_connections_of_a_pool_fill_it_and_more_than_it_has_are_a_leak() -> None:
    filling = [20.0 + second // 200 for second in range(0, 1800, 10)]
    (found,) = course(filling, "postgres.replica-1.connections")
    assert (found.course, found.bound) == (Course.FILLING, 60.0)
    (found,) = course([50.0 + each for each in filling], "postgres.replica-1.connections")
    assert found.course is Course.RISING
    # nobody told how many there may be
    (found,) = course(filling, "postgres.primary.connections")
    assert (found.course, found.bound) == (Course.RISING, None)
    # in use is what a leak never gives back
    for series in ("pgbouncer.servers_active", "pod.backend-1.pool_in_use"):
        (found,) = course(filling, series)
        assert found.course is Course.RISING


def test_more_that_is_busy_at_times_is_no_leak_and_one_never_given_back_is() -> None:
    chance = Random(5)
    busier = [
        float(chance.random() < 0.1 + 0.4 * second / 1800) * chance.randint(1, 4)
        for second in range(1800)
    ]
    (found,) = course(busier, "pgbouncer.servers_active", every=1)
    assert found.course is Course.FLAT
    leaking = [busy + second // 300 for second, busy in enumerate(busier)]
    (found,) = course(leaking, "pgbouncer.servers_active", every=1)
    assert found.course is Course.RISING


def test_memory_is_judged_without_shared_segments_that_fill() -> None:
    own, touched = noisy(0, 90 * MIB, 0.1 * MIB), noisy(200 * MIB, 300 * MIB, MIB)
    name = "service.primary"
    index = pd.Index(range(10, 10 + 10 * len(own), 10), name="second")

    def judged(own: list[float]) -> Trend:
        whole = [one + other for one, other in zip(own, touched, strict=True)]
        columns = {f"{name}.memory": whole, f"{name}.shared_memory": touched}
        timeline = pd.DataFrame(columns, index=index)
        (found,) = trends(Observation(long_run(10.0, 10 * len(own)), timeline))
        return found

    assert judged(own).course is Course.FLAT
    assert judged(own).level == pytest.approx(90 * MIB, rel=0.02)
    assert judged(noisy(60 * MIB, 90 * MIB, 0.1 * MIB)).course is Course.RISING


def test_a_database_s_memory_does_not_rise_with_its_connections_and_does_with_a_leak() -> None:
    """As measured: 8 MiB, and 1.4 for each connection."""
    seconds = range(10, 1810, 10)

    def judged(leak_per_hour: float, opened_per_hour: int) -> Trend:
        opened = [20 + opened_per_hour * second // 3600 for second in seconds]
        memory = [
            (8 + 1.4 * count + leak_per_hour * second / HOUR) * MIB
            for count, second in zip(opened, seconds, strict=True)
        ]
        columns = {"service.replica-1.memory": memory, "postgres.replica-1.connections": opened}
        timeline = pd.DataFrame(columns, index=pd.Index(seconds, name="second"))
        found = trends(Observation(long_run(10.0, 1800), timeline))
        return next(one for one in found if one.unit == "bytes")

    assert judged(0, 17).course is Course.FLAT
    assert judged(30, 17).course is Course.RISING
    # all of it shows once the pool stands
    assert judged(30, 0).per_hour == pytest.approx(30 * MIB, rel=0.01)
    assert judged(30, 0).course is Course.RISING


def test_connections_closed_as_idle_leave_a_database_s_memory_flat_and_its_leak_as_it_is() -> None:
    """As measured: 10 MiB, and 4.7 for each connection; of seven two go in the later half."""
    seconds = range(10, 1810, 10)

    def judged(leak_per_hour: float) -> Trend:
        chance = Random(7)
        opened = [7 - (second > 1300) - (second > 1450) for second in seconds]
        memory = [
            (10 + 4.7 * count + leak_per_hour * second / HOUR + chance.gauss(0, 0.1)) * MIB
            for count, second in zip(opened, seconds, strict=True)
        ]
        columns = {"service.replica-1.memory": memory, "postgres.replica-1.connections": opened}
        timeline = pd.DataFrame(columns, index=pd.Index(seconds, name="second"))
        found = trends(Observation(long_run(10.0, 1800), timeline))
        return next(one for one in found if one.unit == "bytes")

    assert judged(0).course is Course.FLAT
    assert judged(30).course is Course.RISING
    assert judged(30).per_hour == pytest.approx(30 * MIB, rel=0.1)


def test_stand_ins_that_keep_what_they_are_sent_are_not_judged() -> None:
    from capacity.soak import STAND_INS
    from stack.compose import FILE

    file = Path(__file__).resolve().parents[2] / FILE
    services = yaml.safe_load(file.read_text("utf-8"))["services"]
    for name in STAND_INS:
        assert services[name]["profiles"] == ["local"]
        assert course(noisy(60 * MIB, 90 * MIB, MIB), f"service.{name}.memory") == []


def test_a_short_run_and_a_thin_series_say_nothing() -> None:
    assert course(noisy(60 * MIB, 400 * MIB, MIB, seconds=int(LEAST_S) - 10)) == []
    assert course([100.0 * MIB] * 6, every=200) == []


def test_every_gauge_watched_is_a_series_of_the_timeline() -> None:
    from fnmatch import fnmatchcase

    from capacity.series import SERIES
    from capacity.soak import _WATCHED

    for pattern, unit, _ in _WATCHED:
        found = [known for known in SERIES if fnmatchcase(known, pattern)]
        assert found, pattern
        assert {SERIES[known][0] for known in found} == {unit}
