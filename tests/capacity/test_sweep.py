"""Sweeps of a queue whose truth is known: what is measured next, and what it comes to."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity.bottleneck import Use
from capacity.knee import Point, knee
from capacity.run import Machine
from capacity.sweep import Bounds, Level, State, Sweep, next_rate

SERVICE_S = 0.002
"""Of an M/M/1 queue that can serve 500 a second."""
LIMIT_MS = 20.0
MACHINE = Machine(cpu_model="test", cores=2, memory_bytes=1, system="test", python="3")


def measured(rate: float, state: State | None = None, confirms: bool = False) -> Level:
    """What a queue with exponential service shows at `rate`: mean s / (1 - rho)."""
    rho = rate * SERVICE_S
    mean_ms = 1000 * SERVICE_S / (1 - rho) if rho < 1 else 5000.0
    found = state or (State.WITHIN if mean_ms < LIMIT_MS else State.BROKEN)
    return Level(
        run=f"run-{rate}",
        rate=rate,
        seconds=60,
        state=found,
        why=f"mean {mean_ms:.1f} ms",
        offered=rate,
        achieved=min(rate, 1 / SERVICE_S),
        dropped=0,
        mean_ms=mean_ms,
        p50_ms=mean_ms * 0.7,
        p95_ms=mean_ms * 3,
        p99_ms=mean_ms * 4.6,
        settled_after_s=0,
        uses=(
            Use(resource="the machine's CPU", share=min(rho, 1.0)),
            Use(resource="the pods' database pools", share=min(rho / 2, 1.0)),
        ),
        confirms=confirms,
    )


def swept(bounds: Bounds) -> Sweep:
    levels: list[Level] = []
    while (rate := next_rate(levels, bounds)) is not None:
        levels.append(measured(rate))
    return sweep(*levels)


def sweep(*levels: Level) -> Sweep:
    return Sweep(id="s", scenario="mixed", machine=MACHINE, targets="the blueprint", levels=levels)


def test_levels_rise_and_then_close_in() -> None:
    found = swept(Bounds(20, 2_000))
    rates = [level.rate for level in found.levels]
    rising = rates[: rates.index(max(rates)) + 1]
    assert rising == sorted(rising)
    assert [b / a for a, b in pairwise(rising)] == pytest.approx(
        [1.6] * (len(rising) - 1), rel=0.01
    )
    # 20 ms are reached at 90 % of the queue's 500 a second
    largest = found.largest()
    assert largest.low is not None
    assert largest.high is not None
    assert largest.low < 450 <= largest.high
    assert largest.high / largest.low <= 1.11
    assert largest.because.startswith("mean ")
    # only the first broken level lies beyond what the search needed
    assert sum(rate > 450 * 1.6 for rate in rates) <= 1


@given(first=st.floats(1, 440), factor=st.floats(1.2, 4), precision=st.floats(0.02, 0.5))
def test_the_largest_load_is_enclosed_from_any_start(
    first: float, factor: float, precision: float
) -> None:
    found = swept(Bounds(first, 10_000, factor, precision, most_levels=60))
    largest = found.largest()
    assert largest.low is not None
    assert largest.high is not None
    assert largest.low < 450 <= largest.high
    assert largest.high / largest.low <= 1 + precision + 0.01


def test_a_sweep_that_starts_too_high_goes_down() -> None:
    found = swept(Bounds(800, 2_000))
    rates = [level.rate for level in found.levels]
    assert rates[1] < rates[0]
    largest = found.largest()
    assert largest.low is not None
    assert largest.low < 450


def test_the_limit_ends_a_sweep_that_breaks_nothing() -> None:
    found = swept(Bounds(20, 100))
    assert [level.rate for level in found.levels] == pytest.approx([20, 32, 51.2, 81.9, 100])
    assert (found.largest().low, found.largest().high) == (100, None)
    assert "limit" in found.largest().because


def test_levels_are_bounded_in_number() -> None:
    assert len(swept(Bounds(0.001, 10_000, most_levels=7)).levels) == 7
    with pytest.raises(ValueError, match="above 0"):
        Bounds(0, 10)
    with pytest.raises(ValueError, match="not below"):
        Bounds(20, 10)


def test_an_invalid_level_ends_the_rise_and_refutes_nothing() -> None:
    levels = [measured(100), measured(160, State.INVALID)]
    assert next_rate(levels, Bounds(100, 1_000)) == 126
    largest = sweep(*levels).largest()
    assert (largest.low, largest.high) == (100, None)
    assert "nothing above can be judged" in largest.because


def test_an_undecided_level_neither_breaks_nor_counts_as_within() -> None:
    levels = [measured(10, State.UNDECIDED), measured(16, State.UNDECIDED)]
    assert next_rate(levels, Bounds(10, 1_000)) == 25.6
    assert sweep(*levels).largest().low is None
    assert "no level could be decided: mean 2.1 ms" in sweep(*levels).largest().because


def test_a_level_that_breaks_when_repeated_is_broken() -> None:
    levels = [measured(100), measured(160), measured(160, State.BROKEN, confirms=True)]
    largest = sweep(*levels).largest()
    assert (largest.low, largest.high) == (100, 160)


def test_the_first_resource_used_up() -> None:
    found = sweep(measured(499), measured(100), measured(460))
    saturated = found.first_saturated()
    assert saturated is not None
    assert (saturated[0].rate, saturated[1].resource) == (460, "the machine's CPU")
    assert sweep(measured(100)).first_saturated() is None


def test_the_knee_of_a_queue_is_where_it_is_known_to_be() -> None:
    """Kleinrock 1979: an M/M/1 queue's power is largest when it is busy half the time."""
    points = [Point(rate, rate, SERVICE_S / (1 - rate * SERVICE_S)) for rate in range(25, 500, 25)]
    found = knee(points)
    assert found is not None
    assert (found.low, found.offered, found.high) == (225, 250, 275)
    rising = knee(points[:6])
    assert rising is not None
    assert (rising.offered, rising.high) == (150, None)
    assert knee(points[:2]) is None


def test_a_level_measured_twice_is_one_point_of_the_knee() -> None:
    found = sweep(*map(measured, (100, 250, 400)), measured(250, confirms=True)).knee()
    assert found is not None
    assert (found.low, found.offered, found.high) == (100, 250, 400)


def test_a_sweeps_knee_leaves_out_what_is_not_to_be_trusted() -> None:
    rates = (50, 100, 200, 250, 300, 400)
    found = sweep(*map(measured, rates)).knee()
    assert found is not None
    assert found.offered == 250
    spoiled = [measured(rate, State.INVALID if rate == 250 else None) for rate in rates]
    found = sweep(*spoiled).knee()
    assert found is not None
    assert found.offered in (200, 300)
