"""What a soak shows: known slopes come back, noise is no growth, short runs say nothing."""

from random import Random

import pandas as pd
import pytest

from capacity.observation import Observation
from capacity.soak import LEAST_S, Course, Trend, trends
from tests.reports.sample import sample_run

MIB = 2.0**20
HOUR = 3600.0


def course(
    values: list[float], series: str = "service.backend-1.memory", every: int = 10
) -> list[Trend]:
    """The trends of one gauge read every so many seconds, through the measured time."""
    seconds = [10 + every * number for number in range(len(values))]
    run = sample_run()
    (step,) = run.measured_steps()
    end = 10.0 + every * len(values)
    step = step.model_copy(update={"start_s": 10.0, "end_s": end})
    long = run.model_copy(update={"steps": [step]})
    index = pd.Index(seconds, name="second")
    return trends(Observation(long, pd.DataFrame({series: values}, index=index)))


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
