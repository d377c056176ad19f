"""The spool: written, torn, read back and added up."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity.histogram import Histogram
from capacity.run import Phase
from capacity.senders import missing, senders
from capacity.spool import (
    Beat,
    Cell,
    Closing,
    Due,
    Entry,
    Lost,
    Opening,
    PlannedStep,
    SpoolError,
    entries,
    fold,
    from_line,
    to_line,
)
from scenarios.live import Live

STEPS = (
    PlannedStep("warmup", Phase.WARMUP, 0, 2),
    PlannedStep("measured", Phase.MEASURED, 2, 5),
)


def blob(*times_us: int) -> str:
    histogram = Histogram()
    for time_us in times_us:
        histogram.record(time_us)
    return histogram.encode()


def opening(generator: str = "one", rate: float | None = 10.0) -> Opening:
    return Opening(generator, 1_800_000_000.5, 20, rate, STEPS)


def beat(second: int, generator: str = "one", length_s: float = 1.0) -> Beat:
    return Beat(generator, second, length_s, 20, 0.5, 1_000, 300)


def cell(second: int, step: str, *times_us: int, generator: str = "one") -> Cell:
    return Cell(
        generator,
        second,
        step,
        "GET",
        "/jobs",
        requests=len(times_us) + 2,
        failures=1,
        refusals=1,
        errors={"http 500": 1},
        bytes_received=100,
        raw=blob(*times_us),
        corrected=blob(*(time_us + 50 for time_us in times_us)),
        failed=blob(9),
    )


WHOLE: list[Entry] = [
    opening(),
    cell(0, "warmup", 100),
    beat(0),
    beat(1),
    cell(2, "warmup", 300),
    cell(2, "measured", 1_000, 2_000),
    beat(2),
    cell(3, "measured", 3_000),
    beat(3),
    beat(4),
    Closing("one", 5.01),
]
LINES = [to_line(entry) for entry in WHOLE]


@pytest.mark.parametrize(
    "entry",
    [
        *WHOLE,
        opening(rate=None),
        Due("one", 3, "measured", 9, 2),
        Closing("one", 0, "no é"),
        Lost("two", 4.5, "why"),
    ],
)
def test_what_is_written_is_read_back(entry: Entry) -> None:
    line = to_line(entry)
    assert "\n" not in line
    assert from_line(line) == entry


def test_a_whole_spool_adds_up() -> None:
    whole = fold(LINES)
    warm, measured = whole.steps()
    assert (warm.start_s, warm.end_s, warm.arrivals.offered) == (0, 2, 20)
    assert (measured.start_s, measured.end_s, measured.arrivals.offered) == (2, 5, 30)
    assert (warm.arrivals.achieved, measured.arrivals.achieved) == (3 + 3, 4 + 3)
    first, second = whole.endpoints()
    assert (first.step, second.step) == ("warmup", "measured")
    assert (second.requests, second.failures, second.refusals) == (7, 2, 2)
    assert second.errors == {"http 500": 2}
    assert second.bytes_received == 200
    raw = Histogram.decode(second.raw)
    assert raw.count == 3
    assert raw.percentile(100) == pytest.approx(3_000, rel=0.001)
    assert Histogram.decode(second.corrected).percentile(1) == pytest.approx(1_050, rel=0.001)
    assert Histogram.decode(second.failed).count == 2


def test_what_was_not_reached_is_no_step_and_a_step_cut_short_is_short() -> None:
    early = fold(LINES[:3])
    assert [(step.name, step.end_s) for step in early.steps()] == [("warmup", 1.0)]
    assert early.steps()[0].arrivals.offered == 10
    later = fold(LINES[:9])
    assert [(step.name, step.end_s) for step in later.steps()] == [("warmup", 2), ("measured", 4)]
    assert fold([]).steps() == []
    assert fold(LINES[:1]).endpoints() == []


@given(st.data())
def test_a_spool_torn_anywhere_gives_what_was_whole_before(data: st.DataObject) -> None:
    text = "\n".join(LINES) + "\n"
    cut = data.draw(st.integers(0, len(text)))
    torn = text[:cut]
    whole_lines = torn.count("\n")
    found = list(entries(torn.split("\n")))
    # a line that lost nothing but its line end is whole all the same
    assert found in (WHOLE[:whole_lines], WHOLE[: whole_lines + 1])


def test_damage_elsewhere_is_an_error() -> None:
    for wrong in ("{", "[]", '{"kind":"beat"}', '{"kind":"other"}', '{"no":1}', "12"):
        with pytest.raises(SpoolError, match="not a spool line"):
            list(entries([LINES[0], wrong, LINES[1]]))


def test_spools_of_several_generators_add_up() -> None:
    both = fold(
        [
            *(to_line(opening(name)) for name in ("one", "two")),
            to_line(cell(2, "measured", 1_000)),
            to_line(cell(2, "measured", 2_000, generator="two")),
            *(to_line(beat(second, name)) for second in range(5) for name in ("one", "two")),
        ]
    )
    (stats,) = both.endpoints()
    assert Histogram.decode(stats.raw).count == 2
    assert both.steps()[1].users == 40
    assert both.steps()[1].arrivals.offered == 60
    assert (
        fold([to_line(opening("one")), to_line(opening("two", None)), to_line(beat(0))])
        .steps()[0]
        .arrivals.offered
        is None
    )


def test_a_second_of_several_generators_is_whole_when_all_have_told_of_it() -> None:
    live = Live(2)
    both = [opening("one"), opening("two"), cell(0, "warmup", 1_000), beat(0)]
    assert [live.add(entry) for entry in both] == [[]] * 4
    assert live.add(cell(0, "warmup", 3_000, 3_000, generator="two")) == []
    # one held up for two seconds tells of both at once, and its rate is over its own time
    (first,) = live.add(replace(beat(0, "two", length_s=2.0), cpu=0.8))
    assert first.tick.requests == 3 + 4
    assert first.series["load.requests"] == 3 / 1.0 + 4 / 2.0
    assert (first.tick.users, first.tick.offered_rate) == (40, 20.0)
    assert first.tick.generator_cpu == first.series["generator.cpu"] == 0.8
    assert first.series["generator.cpu_total"] == pytest.approx(1.3)
    assert [one.second for one in live.add(beat(1))] == [1]
    # nobody waits for one that is lost, nor counts what it still says of seconds told
    assert live.add(beat(2)) == []
    assert [one.second for one in live.add(Lost("two", 2.0, "gone"))] == [2]
    assert live.add(beat(1, "two")) == []
    assert [one.second for one in live.add(beat(3))] == [3]


def test_one_elsewhere_takes_nothing_of_this_machine() -> None:
    live = Live(2)
    live.add(opening("one"))
    live.add(replace(opening("two"), elsewhere=True))
    live.add(beat(0))
    (second,) = live.add(beat(0, "two"))
    assert second.series["generator.cpu_total"] == 0.5


def test_who_watches_sees_latencies_as_they_are_judged() -> None:
    live = Live()
    late = replace(cell(0, "warmup", 1_000), corrected=blob(700_000))
    (second,) = [one for entry in (opening(), late, beat(0)) for one in live.add(entry)]
    for shown in (second.tick.last_second, second.tick.so_far):
        assert shown is not None
        assert shown.p50 == pytest.approx(700, rel=1e-3)
    # the timeline keeps both
    assert second.series["load.p50"] == pytest.approx(1, rel=1e-3)
    assert second.series["load.p95_corrected"] == pytest.approx(700, rel=1e-3)


def test_a_second_tells_how_late_its_latest_generator_was() -> None:
    live = Live(3)
    for name in ("one", "two", "master"):
        live.add(opening(name))
    live.add(replace(beat(0), lateness_us=1_500))
    live.add(replace(beat(0, "two"), lateness_us=40_250))
    # who sends nothing delays nothing
    (second,) = live.add(replace(beat(0, "master"), lateness_us=900_000))
    assert second.series["generator.lateness"] == 40.25


def test_senders_say_who_sent_what_and_who_was_lost() -> None:
    away = replace(opening("two"), ahead_s=-2.5, within_s=0.004, elsewhere=True)
    busy = [replace(beat(second, "two"), cpu=0.95) for second in (2, 3)]
    gone = [Lost("two", 4.0, "it was heard no more"), Lost("two", 9.0, "it left")]
    whole = fold(to_line(entry) for entry in [*WHOLE, away, *busy, *gone])
    one, two = senders(whole)
    assert (one.name, one.cpu, one.memory_bytes, one.lost) == ("one", 0.5, 1_000, "")
    assert (two.cpu, two.elsewhere, two.lost) == (0.95, True, "it was heard no more")
    assert (two.clock_ahead_s, two.clock_within_s) == (-2.5, 0.004)
    (reason,) = missing(whole.lost.values())
    assert reason.reason == "generator-lost"
    assert "two was lost in second 4: it was heard no more" in reason.detail


@pytest.mark.parametrize("method", ["SOCKET", "STORE"])
def test_what_happens_beside_the_requests_is_no_arrival(method: str) -> None:
    beside = replace(cell(2, "measured", 900_000), method=method, endpoint="/{object}")
    whole = fold([*LINES, to_line(beside)])
    assert whole.steps() == fold(LINES).steps()
    assert [one.method for one in whole.endpoints()].count(method) == 1
    live = Live()
    for entry in (opening(), beside, cell(2, "measured", 1_000)):
        assert live.add(entry) == []
    (second,) = live.add(beat(2))
    assert (second.tick.requests, second.tick.failures) == (3, 1)
    assert second.tick.last_second is not None
    assert second.tick.last_second.p99 == pytest.approx(1.05, rel=0.01)


def test_an_open_load_tells_what_was_due_and_what_was_dropped() -> None:
    due = [
        Due("one", 0, "warmup", 10, 0),
        Due("one", 2, "measured", 8, 0),
        Due("one", 3, "measured", 12, 5),
        Due("two", 3, "measured", 12, 1),
    ]
    lines = [to_line(opening(rate=None)), *map(to_line, due), *LINES[1:]]
    warm, measured = fold(lines).steps()
    assert (warm.arrivals.offered, warm.arrivals.dropped) == (10, 0)
    assert (measured.arrivals.offered, measured.arrivals.dropped) == (32, 6)
    live = Live()
    for entry in (opening(rate=None), *due):
        live.add(entry)
    (second,) = live.add(beat(3))
    assert (second.tick.offered_rate, second.tick.dropped) == (24, 6)
    assert (second.series["load.offered"], second.series["load.dropped"]) == (24, 6)
    # of a closed load nothing is ever dropped, and none is counted
    closed = Live()
    closed.add(opening())
    (second,) = closed.add(beat(0))
    assert (second.tick.dropped, second.series["load.dropped"]) == (None, 0)
