"""What the tiers' benchmarks say is read as they say it."""

import re

import pytest

from stack import benchmarks
from stack.benchmarks import Benchmark
from stack.errors import StackError

PGBENCH = Benchmark(
    "select-only-straight",
    "queries",
    "queries/s",
    frozenset(),
    ("pgbench",),
    benchmarks.PGBENCH_RATE,
    benchmarks.PGBENCH_DONE,
    benchmarks.PGBENCH_FAILED,
)
SAID = """number of transactions actually processed: 3407
number of failed transactions: 2 (0.059%)
tps = 462.150335 (without initial connection time)
"""


def test_a_round_is_read() -> None:
    found = benchmarks.read(PGBENCH, SAID, cpu_s=1.5)
    assert (found.operations, found.failures, found.cpu_s) == (3407, 2, 1.5)
    assert found.per_second == pytest.approx(462.15, abs=0.01)


def test_a_round_in_which_nothing_was_done_is_a_reading_of_nought() -> None:
    stalled = (
        "number of transactions actually processed: 0\nnumber of failed transactions: 0 (NaN%)"
    )
    found = benchmarks.read(PGBENCH, stalled, cpu_s=0.0)
    assert (found.operations, found.per_second) == (0, 0.0)


@pytest.mark.parametrize("said", ["", "number of transactions actually processed: 7"])
def test_output_without_a_rate_is_an_error(said: str) -> None:
    with pytest.raises(StackError, match="pgbench said no rate"):
        benchmarks.read(PGBENCH, said, cpu_s=0.0)


def test_wrk_is_read_with_what_failed() -> None:
    said = """  23000 requests in 2.00s, 2MB read
  Non-2xx or 3xx responses: 12
Requests/sec:  11490.5
"""
    wrk = Benchmark(
        "requests",
        "requests",
        "req/s",
        frozenset(),
        ("wrk",),
        benchmarks.WRK_RATE,
        benchmarks.WRK_DONE,
        benchmarks.WRK_FAILED,
    )
    found = benchmarks.read(wrk, said, cpu_s=0.5)
    assert (found.operations, found.failures, found.per_second) == (23_000, 12, 11_490.5)


def test_a_fixed_number_of_operations_needs_a_rate_too() -> None:
    redis = Benchmark(
        "get",
        "GET",
        "commands/s",
        frozenset(),
        ("redis-benchmark",),
        re.compile(r'"GET","([\d.]+)"'),
        500,
    )
    assert benchmarks.read(redis, '"GET","90909.09","0.1"', cpu_s=0.1).per_second == 90_909.09
    with pytest.raises(StackError, match="redis-benchmark said no rate"):
        benchmarks.read(redis, "NOAUTH", cpu_s=0.1)
