"""When a run must not be trusted."""

from dataclasses import replace

import pytest

from capacity.run import Arrivals, Phase, Step
from capacity.spool import Beat
from capacity.validity import assess


def step(
    offered: float | None, achieved: int, phase: Phase = Phase.MEASURED, dropped: int = 0
) -> Step:
    arrivals = Arrivals(offered=offered, achieved=achieved, dropped=dropped)
    return Step(name="measured", phase=phase, start_s=10, end_s=40, users=9, arrivals=arrivals)


def beats(*cpu: float, start: int = 10, generator: str = "one") -> list[Beat]:
    return [
        Beat(generator, start + number, 1.0, 9, cores, 0, 0) for number, cores in enumerate(cpu)
    ]


def reasons(*found: object) -> list[str]:
    return [one.reason for one in assess(*found, {})]  # type: ignore[attr-defined,arg-type]


def test_a_sound_run_is_valid() -> None:
    assert assess([step(5_000, 4_990)], beats(0.3, 0.4), {"redis": []}, {}) == []


def test_saturation_counts_when_it_lasts() -> None:
    (busy,) = assess([step(None, 9)], beats(*[0.5] * 5, *[0.95] * 5), {}, {})
    assert busy.reason == "generator-saturated"
    assert "one used 95 % of a core" in busy.detail
    assert assess([step(None, 9)], beats(0.5, 1.0, 1.0, 0.5, 0.5, 0.5), {}, {}) == []
    # the warm-up may be busy, and so may one process of two
    assert assess([step(None, 9)], beats(*[1.0] * 10, start=0), {}, {}) == []
    two = beats(*[0.1] * 9) + beats(*[0.99] * 9, generator="two")
    assert [one.detail[:3] for one in assess([step(None, 9)], two, {}, {})] == ["two"]
    assert reasons([step(None, 9)], beats(0.95, 0.95), {}) == ["generator-saturated"]


@pytest.mark.parametrize(
    ("offered", "achieved", "valid"),
    [
        (5_000, 4_751, True),
        (5_000, 4_700, False),
        # few requests vary more: 85 of 100 may be chance, 65 is not
        (100, 85, True),
        (100, 65, False),
        (None, 0, True),
        (5_000, 6_000, True),
    ],
)
def test_the_offered_load_must_be_reached(
    offered: float | None, achieved: int, valid: bool
) -> None:
    found = assess([step(offered, achieved)], [], {}, {})
    assert [one.reason for one in found] == ([] if valid else ["load-not-reached"])
    if not valid:
        assert f"{achieved:,} of {offered:,.0f}" in found[0].detail


def test_the_warm_up_need_not_reach_anything() -> None:
    assert assess([step(5_000, 10, Phase.WARMUP)], [], {}, {}) == []


def test_a_probe_may_miss_a_tenth_of_the_measured_seconds() -> None:
    assert (
        assess([step(None, 1)], [], {"redis": [10, 20, 30], "primary": [0, 1, 2, 3, 50]}, {}) == []
    )
    (missing,) = assess([step(None, 1)], [], {"redis": [10, 20, 30, 39]}, {})
    assert missing.reason == "metric-missing"
    assert missing.detail == "redis gave no reading in 4 of 30 measured seconds"


SERIES = (
    "machine.cpu",
    "service.pgbouncer.cpu",
    "nginx.requests",
    "pod.backend-2.requests",
    "pod.backend-2.event_loop_lag",
    "pgbouncer.queries",
    "postgres.replica-1.lag",
    "redis.hits",
)


@pytest.mark.parametrize("series", SERIES)
def test_one_series_that_is_missing_spoils_a_run_though_all_probes_answered(series: str) -> None:
    # from second 10 to 40, of which the last sample comes with the end itself
    whole = {one: set(range(9, 39)) for one in SERIES}
    silent: dict[str, list[int]] = {"redis": [], "services": [], "machine": []}
    assert assess([step(None, 1)], [], silent, {}, whole) == []
    (found,) = assess([step(None, 1)], [], silent, {}, {**whole, series: ()})
    assert found.reason == "metric-missing"
    assert found.detail == f"{series} is missing in 29 of 29 measured seconds"
    some = whole | {series: set(range(9, 37))}
    assert assess([step(None, 1)], [], silent, {}, some) == []
    some = whole | {series: set(range(9, 36))}
    assert reasons_of(silent, some) == [f"{series} is missing in 3 of 29 measured seconds"]


def test_a_short_run_may_miss_one_second_but_not_all() -> None:
    short = step(None, 1).model_copy(update={"end_s": 20.0})
    for lost, valid in ((1, True), (2, False)):
        silent = {"redis": list(range(10, 10 + lost))}
        assert (assess([short], [], silent, {}) == []) == valid
        read = {"machine.cpu": set(range(10 + lost, 19))}
        assert (assess([short], [], {}, {}, read) == []) == valid
    shortest = short.model_copy(update={"end_s": 12.0})
    (one,) = assess([shortest], [], {}, {}, {"machine.cpu": set()})
    assert one.detail == "machine.cpu is missing in 1 of 1 measured seconds"
    (one,) = assess([short.model_copy(update={"end_s": 11.0})], [], {"redis": [10]}, {})
    assert one.detail == "redis gave no reading in 1 of 1 measured seconds"


def reasons_of(silent: dict[str, list[int]], read: dict[str, set[int]]) -> list[str]:
    return [one.detail for one in assess([step(None, 1)], [], silent, {}, read)]


def test_what_is_missing_is_told_once() -> None:
    gone: dict[str, set[int]] = {
        **{f"pod.backend-1.{name}": set() for name in ("a", "b", "c", "d", "e")},
        "postgres.replica-1.lag": set(),
        "service.redis.cpu": set(),
    }
    assert reasons_of({}, gone) == [
        "pod.backend-1.a, pod.backend-1.b, pod.backend-1.c and 2 more are missing in 29 of 29 "
        "measured seconds",
        "postgres.replica-1.lag is missing in 29 of 29 measured seconds",
        "service.redis.cpu is missing in 29 of 29 measured seconds",
    ]
    # a probe that said nothing explains all of its series
    silent = {name: list(range(10, 40)) for name in ("backend-1", "replica-1", "services")}
    assert reasons_of(silent, gone) == [
        "backend-1, replica-1, services gave no reading in 30 of 30 measured seconds"
    ]
    # each amount in a line of its own
    silent["replica-1"] = silent["replica-1"][5:]
    assert reasons_of(silent, gone) == [
        "backend-1, services gave no reading in 30 of 30 measured seconds",
        "replica-1 gave no reading in 25 of 30 measured seconds",
    ]


def test_slow_answers_lower_what_closed_users_owe() -> None:
    # 9 users over 30 s have 270 s between them; 135 of them spent waiting halve what is due
    assert assess([step(1_000, 500)], [], {}, {"measured": 135.0}) == []
    assert reasons_when_waiting(1_000, 500, 0.0) == ["load-not-reached"]
    assert reasons_when_waiting(1_000, 400, 135.0) == ["load-not-reached"]


def reasons_when_waiting(offered: float, achieved: int, seconds: float) -> list[str]:
    return [one.reason for one in assess([step(offered, achieved)], [], {}, {"measured": seconds})]


@pytest.mark.parametrize(
    ("dropped", "valid"), [(0, True), (50, True), (51, False), (1_000, False), (5_000, False)]
)
def test_one_arrival_in_a_hundred_may_be_dropped(dropped: int, valid: bool) -> None:
    found = assess([step(5_000, 5_000 - dropped, dropped=dropped)], [], {}, {})
    # what was dropped is told as that, and not as a load that was not reached, too
    assert [one.reason for one in found] == ([] if valid else ["arrivals-dropped"])
    if not valid:
        assert f"{dropped:,} of 5,000 arrivals" in found[0].detail


def test_the_warm_up_may_drop() -> None:
    assert assess([step(100, 0, Phase.WARMUP, dropped=100)], [], {}, {}) == []


def test_a_clock_that_jumps_spoils_what_is_measured() -> None:
    def jumping(second: int, jump_s: float) -> list[Beat]:
        return [replace(beats(0.1, start=second)[0], jump_s=jump_s)]

    assert assess([step(None, 9)], jumping(20, 0.009), {}, {}) == []
    assert assess([step(None, 9)], jumping(3, 5.0), {}, {}) == []
    (back,) = assess([step(None, 9)], jumping(20, -1.5), {}, {})
    assert back.reason == "clock-jumped"
    assert "-1.500 s in second 20" in back.detail


def test_a_machine_whose_time_goes_to_others_says_so() -> None:
    def robbed(*shares: float) -> list[Beat]:
        return [
            replace(beat, steal=share)
            for beat, share in zip(beats(*[0.1] * len(shares)), shares, strict=True)
        ]

    # a bad second is none; a bad run is
    assert assess([step(None, 9)], robbed(0.3, *[0.0] * 9), {}, {}) == []
    (found,) = assess([step(None, 9)], robbed(*[0.08] * 10), {}, {})
    assert found.reason == "machine-robbed"
    assert "8.0 %" in found.detail
