"""Limits over time: a window, a warning, a tag, any series; and what contradicts itself."""

from pathlib import Path

import pandas as pd
import pytest

from capacity.histogram import Histogram
from capacity.run import Run, Stopped
from capacity.slo import SloError, read_slo
from capacity.spool import Cell
from capacity.stretches import Reading, Stretch, held, longest
from capacity.targets import Target
from capacity.verdicts import ExitCode, Outcome, Verdict, exit_code, judge
from reports.junit import junit
from reports.render import as_json, markdown
from tests.capacity.cases import EMPTY, run_of, target
from tests.reports.sample import DURATION_S, WARMUP_S, sample_run, sample_timeline


def cells(slow: range, ms: int = 400, silent: range = range(0)) -> list[Cell]:
    """Ten requests every second, slow ones in these, none in those."""
    found = []
    for second in range(WARMUP_S, WARMUP_S + DURATION_S):
        if second in silent:
            continue
        latencies = Histogram()
        latencies.record((ms if second in slow else 20) * 1000, 10)
        blob = latencies.encode()
        found.append(Cell("g", second, "measured", "GET", "/jobs", 10, raw=blob, corrected=blob))
    return found


def judged(one: Target, found: list[Cell], run: Run | None = None) -> Verdict:
    (only,) = judge(run or run_of({20: 300}), EMPTY, [one], found)
    return only


def test_a_limit_past_for_three_seconds_is_not_missed_when_ten_are_asked_for() -> None:
    asked = target(for_s=10)
    short = judged(asked, cells(range(20, 23)))
    assert short.outcome is Outcome.MET
    assert "past the limit for 3 s at most, from second 20" in short.reason
    assert short.value == pytest.approx(20, rel=0.01)
    long = judged(asked, cells(range(20, 30)))
    assert long.outcome is Outcome.NOT_MET
    assert long.value == pytest.approx(400, rel=0.01)
    assert judged(asked, cells(range(20, 29))).outcome is Outcome.MET


def test_a_stall_without_answers_does_not_end_a_stretch() -> None:
    found = cells(range(20, 30), silent=range(21, 29))
    assert judged(target(for_s=10), found).outcome is Outcome.NOT_MET
    assert judged(target(for_s=11), found).outcome is Outcome.MET


def test_nothing_answered_at_all_is_a_rate_of_nothing() -> None:
    found = cells(range(0), silent=range(20, 25))
    asked = {"metric": "request_rate", "statistic": "mean", "unit": "req/s", "limit": 5}
    run = sample_run()
    timeline = sample_timeline(run)
    windows = [target(**asked, op=">", for_s=5), target(**asked, op=">", for_s=6)]
    verdicts = judge(run, timeline, windows, found)
    assert [one.outcome for one in verdicts] == [Outcome.NOT_MET, Outcome.MET]


def test_seconds_of_failures_alone_are_past_an_error_rate() -> None:
    asked = target(metric="error_rate", statistic="share", op="<", limit=1, unit="%", for_s=5)
    broken = [
        Cell("g", second, "measured", "GET", "/jobs", 4, failures=4, errors={"status 500": 4})
        for second in range(15, 20)
    ]
    rest = [one for one in cells(range(0)) if one.second not in range(15, 20)]
    assert judged(asked, broken + rest).outcome is Outcome.NOT_MET
    assert judged(asked, broken[1:] + rest).outcome is Outcome.MET


def test_without_figures_by_second_or_with_too_few_it_is_not_met() -> None:
    assert judged(target(for_s=10), []).outcome is Outcome.NOT_MEASURED
    few = judged(target(for_s=31), cells(range(10, 40)))
    assert few.outcome is Outcome.INCONCLUSIVE
    assert "30 seconds had a figure; it takes 31" in few.reason


@pytest.mark.parametrize("seconds", [1, 3, 5])
def test_what_lasted_is_past_the_limit_just_when_a_stretch_is_as_long(seconds: int) -> None:
    values = [1, 9, 9, 1, 9, 9, 9, 9, 2, 9]
    readings = [Reading(number, value, value > 5) for number, value in enumerate(values)]
    lasting = held("<", readings, seconds)
    assert longest(readings) == Stretch(4, 8)
    assert lasting is not None
    assert (lasting > 5) == (seconds <= 4)


def test_any_series_of_the_timeline_can_be_asked_for() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    one = {"op": "<", "statistic": "max", "limit": 1, "gate": True}
    waiting = target(metric="pod.*.pool_waiting", **one | {"limit": 7, "unit": "requests"})
    lag = target(metric="postgres.replica-1.lag", **one | {"unit": "s"})
    absent = target(metric="service.primry.cpu", **one | {"unit": "cores"})
    found = judge(run, timeline, [waiting, lag, absent])
    assert found[0].value == 6  # two in each of three pods, added up
    assert found[1].value == timeline["postgres.replica-1.lag"].iloc[WARMUP_S:].max()
    assert found[2].outcome is Outcome.NOT_MEASURED
    assert exit_code(run, found) == ExitCode.INVALID


def test_a_series_can_have_a_window() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    timeline["generator.cpu"] = pd.Series(0.2, index=timeline.index)
    timeline.loc[20:22, "generator.cpu"] = 0.8
    asked = {"metric": "generator.cpu", "statistic": "max", "limit": 0.5, "unit": "cores"}
    verdicts = judge(
        run, timeline, [target(**asked, for_s=3), target(**asked, for_s=4)], cells(range(0))
    )
    assert [one.outcome for one in verdicts] == [Outcome.NOT_MET, Outcome.MET]


def test_a_warning_is_told_everywhere_and_fails_nothing() -> None:
    run = run_of({400: 300})
    verdicts = judge(run, EMPTY, [target(gate=False, warn=True)])
    assert verdicts[0].outcome is Outcome.NOT_MET
    assert exit_code(run, verdicts) == ExitCode.PASSED
    assert "! warning" in markdown(run, EMPTY, verdicts)
    assert '"level": "warn"' in as_json(run, EMPTY, verdicts)
    told = junit(run, verdicts)
    assert "<failure" not in told
    assert "warning: " in told


def test_what_stopped_the_run_is_missed_whatever_the_whole_says() -> None:
    run = run_of({20: 300}).model_copy(
        update={"stopped": Stopped(at_s=15, target="t", reason="past the limit")}
    )
    assert judged(target(), [], run).outcome is Outcome.NOT_MET
    assert judged(target(id="other"), [], run).outcome is Outcome.MET


GOOD = """
[tags]
buying = ["POST /checkout", "* /cart*"]

[[slo]]
id = "buying-p95"
metric = "latency"
statistic = "p95"
tag = "buying"
op = "<"
limit = 250
for = "10 s"
abort_after = "1m"
"""


def test_a_file_names_tags_and_times(tmp_path: Path) -> None:
    file = tmp_path / "slo.toml"
    file.write_text(GOOD)
    (one,) = read_slo(file)
    assert one.endpoints == ("POST /checkout", "* /cart*")
    assert (one.for_s, one.abort_after_s, one.gate) == (10, 60, True)
    assert one.text == "Latency p95 of buying < 250 ms, or past it for less than 10 s"
    file.write_text(GOOD.replace('abort_after = "1m"', 'level = "warn"'))
    (one,) = read_slo(file)
    assert (one.gate, one.warn) == (False, True)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('for = "10 s"', 'for = "ten"', "key \"for\": 'ten' is no time in whole seconds"),
        ('for = "10 s"', "for = 10", 'key "for": 10 is no time in whole seconds'),
        ('for = "10 s"', 'fro = "10 s"', 'unknown key "fro": did you mean "for"?'),
        ('for = "10 s"', 'for = "2m"', "abort_after must be no shorter than for"),
        ('for = "10 s"', "gate = false", "only a target that gates can stop a run"),
        ('for = "10 s"', 'level = "warn"', "only a target that gates can stop a run"),
        ('for = "10 s"', 'level = "worn"', 'key "level"'),
        ('for = "10 s"', 'gate = false\nlevel = "warn"', "level = warn decides nothing"),
        ('tag = "buying"', 'tag = "bying"', 'unknown tag "bying": did you mean "buying"?'),
        ('tag = "buying"', 'tag = "buying"\nendpoint = "/x"', "names endpoint and tag"),
        ('tag = "buying"', 'tag = "buying"\njourney = "x"', "names tag and journey: give one"),
        ('["POST /checkout", "* /cart*"]', '"POST /checkout"', "[tags] gives each tag a list"),
        ('"latency"', '"pod.*.pool_wating"', 'did you mean "pod.*.pool_waiting"?'),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    file = tmp_path / "slo.toml"
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(SloError) as caught:
        read_slo(file)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
