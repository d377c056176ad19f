"""Latency histograms: exact to three digits, mergeable, and never losing a request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity.histogram import HIGHEST_US, Histogram, HistogramError

TIMES = st.lists(st.integers(-5, 2 * HIGHEST_US) | st.integers(2_000, 9_000), max_size=300)


@given(TIMES)
def test_many_at_once_count_as_one_by_one(times: list[int]) -> None:
    one_by_one, at_once = Histogram(), Histogram()
    for microseconds in times:
        one_by_one.record(microseconds)
    at_once.record_all(times)
    assert at_once.encode() == one_by_one.encode()
    assert at_once.count == len(times)


@given(st.integers(1, HIGHEST_US))
def test_a_latency_is_kept_to_three_digits(microseconds: int) -> None:
    histogram = Histogram()
    histogram.record_all([microseconds])
    assert histogram.percentile(50) == pytest.approx(microseconds, rel=0.001)


@given(TIMES, TIMES)
def test_merging_adds_up(some: list[int], others: list[int]) -> None:
    parts = [Histogram(), Histogram()]
    together = Histogram()
    for part, times in zip(parts, (some, others), strict=True):
        part.record_all(times)
        together.record_all(times)
    merged = Histogram.merged(Histogram.decode(part.encode()) for part in parts)
    assert merged.encode() == together.encode()


def test_an_empty_one_has_no_figures() -> None:
    for ask in (Histogram().mean, Histogram().maximum, lambda: Histogram().percentile(50)):
        with pytest.raises(ValueError, match="empty"):
            ask()


@pytest.mark.parametrize("blob", ["", "xx", "HISTFAAA", "é"])
def test_anything_else_is_no_histogram(blob: str) -> None:
    with pytest.raises(HistogramError, match="damaged"):
        Histogram.decode(blob)


def test_counts_are_what_was_recorded_and_survive_encoding() -> None:
    latencies = Histogram()
    latencies.record(700, 3)
    latencies.record(5_000_000, 2)
    for one in (latencies, Histogram.decode(latencies.encode())):
        (small, three), (large, two) = one.counts()
        assert (small, three, two) == (700, 3, 2)
        assert large == pytest.approx(5_000_000, rel=1e-3)
        assert one.mean() == pytest.approx((3 * 700 + 2 * 5_000_000) / 5, rel=1e-3)
    assert Histogram().counts() == []
