"""Figures as people read them: three digits, a unit, nothing that was not measured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity import figures
from capacity.intervals import Interval


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (41.26, "ms", "41.3 ms"),
        (9.996, "ms", "10.0 ms"),
        (999.7, "ms", "1,000 ms"),
        (12_345.0, "ms", "12.3 s"),
        (0.0123, "s", "12.3 ms"),
        (0.0, "s", "0 s"),
        (0.06019, "%", "0.0602 %"),
        (4975.4, "req/s", "4,975 req/s"),
        (340_000_000.0, "bytes", "340 MB"),
        (512.0, "bytes", "512 bytes"),
        (60.0, "connections", "60 connections"),
        (1.0, "writes", "1 write"),
        (0.0, "writes", "0 writes"),
        (1.0, "s", "1.00 s"),
        (None, "ms", "—"),
        (float("nan"), "ms", "—"),
    ],
)
def test_a_figure_has_three_digits_and_a_fitting_unit(
    value: float | None, unit: str, text: str
) -> None:
    assert figures.figure(value, unit) == text


def test_a_limit_keeps_the_digits_it_was_promised_with() -> None:
    assert figures.limit("<", 0.1, "%") == "< 0.1 %"
    assert figures.limit(">=", 5000, "req/s") == "≥ 5,000 req/s"
    assert figures.limit("<", 600e6, "bytes") == "< 600 MB"
    assert figures.limit("<=", 1, "connections") == "≤ 1 connection"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (40.1, 42.9, "40.1 to 42.9 ms"),
        (0.0, 0.06, "0 to 0.0600 ms"),
        (9000.0, 12_000.0, "9,000 ms to 12.0 s"),
        (None, 42.9, "up to 42.9 ms"),
        (40.1, None, "from 40.1 ms"),
        (None, None, "not bounded"),
        (5.0, 5.0, "5.00 ms"),
    ],
)
def test_an_interval_says_which_ends_it_has(
    low: float | None, high: float | None, text: str
) -> None:
    assert figures.interval(Interval(low, high, "test"), "ms") == text


def test_an_interval_of_things_names_them_once() -> None:
    assert figures.interval(Interval(1, 3, "test"), "connections") == "1 to 3 connections"
    assert figures.interval(Interval(1, 1, "test"), "connections") == "1 connection"


@pytest.mark.parametrize(
    ("value", "text"),
    [(30, "30 s"), (2.5, "2.50 s"), (600, "10 min"), (5400, "90 min"), (9000, "2 h 30 min")],
)
def test_a_length_of_time_is_told_in_fitting_units(value: float, text: str) -> None:
    assert figures.seconds(value) == text


@given(st.floats(1e-6, 1e9))
def test_a_number_is_right_to_half_of_its_third_digit(value: float) -> None:
    shown = float(figures.number(value).replace(",", ""))
    assert shown == pytest.approx(value, rel=0.00501)
