"""What holds for every run: slower or worse never judges better."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.intervals import Interval
from capacity.verdicts import Outcome, decide
from tests.capacity.cases import ERRORS, run_of, target, verdict

_ORDER = {Outcome.MET: 0, Outcome.INCONCLUSIVE: 1, Outcome.NOT_MET: 2}
_LATENCIES = st.dictionaries(
    st.integers(1, 400).map(float), st.integers(1, 60), min_size=1, max_size=12
)


@settings(deadline=None, max_examples=50)
@given(_LATENCIES, st.floats(1, 5), st.sampled_from(["p50", "p90", "p95", "p99", "max"]))
def test_slower_never_turns_the_verdict_better(
    latencies: dict[float, int], factor: float, statistic: str
) -> None:
    one = target(statistic=statistic)
    fast = verdict(run_of(latencies), one).outcome
    slow = verdict(run_of({ms * factor: count for ms, count in latencies.items()}), one).outcome
    assert _ORDER[slow] >= _ORDER[fast]


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 6000), st.integers(0, 40), st.integers(1, 40))
def test_more_failures_never_turn_the_verdict_better(good: int, few: int, more: int) -> None:
    one = target(**ERRORS)
    better = verdict(run_of({10: good}, failures=few), one).outcome
    worse = verdict(run_of({10: good}, failures=few + more), one).outcome
    assert _ORDER[worse] >= _ORDER[better]


_ENDS = st.one_of(st.none(), st.floats(0, 100))


@given(st.sampled_from(["<", "<=", ">", ">="]), st.floats(0, 100), st.tuples(_ENDS, _ENDS))
def test_met_and_not_met_are_never_both_in_the_interval(
    op: Any, limit: float, ends: tuple[float | None, float | None]
) -> None:
    low, high = ends
    if low is not None and high is not None and low > high:
        low, high = high, low
    outcome = decide(op, 50.0, Interval(low, high, "test"), limit)
    lowest = float("-inf") if low is None else low
    highest = float("inf") if high is None else high
    good = {
        "<": highest < limit,
        "<=": highest <= limit,
        ">": lowest > limit,
        ">=": lowest >= limit,
    }
    bad = {"<": lowest >= limit, "<=": lowest > limit, ">": highest <= limit, ">=": highest < limit}
    expected = Outcome.MET if good[op] else Outcome.NOT_MET if bad[op] else Outcome.INCONCLUSIVE
    assert outcome is expected
