"""What charts are made of: sums over instances, gaps, shared axes, texts that stay harmless."""

import re
from xml.etree import ElementTree as Xml

import pandas as pd
import pytest

from capacity.observation import Observation
from capacity.targets import Target
from reports.charts.canvas import draw
from reports.charts.over_time import Drawn, Line, TimeAxis, TimeChart, render
from reports.charts.selection import answer_charts, latency_chart, tier_charts
from reports.charts.slo_limits import with_limits
from tests.reports.sample import sample_run, sample_timeline

AXIS = TimeAxis(40, ((0, 10),), ((10, 40),))


def lines_of(charts: list[TimeChart], name: str) -> dict[str, pd.Series]:
    (chart,) = [chart for chart in charts if chart.name == name]
    return {line.label: line.values for line in chart.lines}


def chart(values: list[float | None], **fields: object) -> TimeChart:
    series = pd.Series(values, index=range(len(values)), dtype=float)
    given: dict[str, object] = {"unit": "ms", "lines": [Line("line", series)], **fields}
    return TimeChart("test", "Title", "Caption.", **given)  # type: ignore[arg-type]


def drawn(one: TimeChart) -> Drawn:
    found = render(one, AXIS)
    assert found is not None
    Xml.fromstring(found.svg.replace("xlink:href", "href"))  # noqa: S314  (well-formed)
    return found


def subpaths(svg: str) -> int:
    """How many strokes the first series is drawn in."""
    paths = re.findall(r'd="([^"]*)"[^>]*style="[^"]*stroke: var\(--s1\)', svg)
    return sum(path.count("M") for path in paths)


def test_a_tier_is_the_sum_of_its_instances() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    found = lines_of(tier_charts(Observation(run, timeline)), "cpu-time")
    pods = sum(timeline[f"service.backend-{number}.cpu"] for number in (1, 2, 3))
    assert found["pods"].tolist() == pytest.approx(pods.tolist())
    assert list(found)[-2:] == ["load generator", "all else on the machine"]
    assert sum(found.values()).max() >= timeline["machine.cpu"].max()


def test_what_the_hypervisor_took_is_shown() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    timeline["machine.steal"] = 0.25
    found = lines_of(tier_charts(Observation(run, timeline)), "cpu-time")
    assert set(found["taken by the hypervisor"]) == {0.25}


def test_a_service_of_no_known_tier_is_not_lost() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    timeline["service.search.cpu"] = 0.25
    found = lines_of(tier_charts(Observation(run, timeline)), "cpu-time")
    assert set(found["others"]) == {0.25}


def test_memory_read_in_turns_is_summed_as_it_stands() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    for number in (1, 2, 3):
        column = f"service.backend-{number}.memory"
        timeline[column] = float("nan")
        timeline.loc[number * 10, column] = 100e6
    found = lines_of(tier_charts(Observation(run, timeline)), "memory-time")
    assert set(found["pods"]) == {300e6}


def test_no_more_reached_the_pods_than_was_sent() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    timeline["load.requests"] *= 0.9
    found = lines_of(answer_charts(Observation(run, timeline)), "answers-time")
    assert set(found["nginx alone"]) == {0.0}


def test_seconds_counted_a_little_apart_add_no_requests_to_nginx() -> None:
    run = sample_run()
    timeline = sample_timeline(run)
    reached = sum(timeline[f"pod.backend-{number}.requests"] for number in (1, 2, 3))
    swing = pd.Series([5.0, -5.0] * (len(timeline) // 2), index=timeline.index)
    timeline["load.requests"] = reached + swing
    found = lines_of(answer_charts(Observation(run, timeline)), "answers-time")
    assert found["nginx alone"].sum() == pytest.approx(0.0, abs=1e-6)
    timeline["load.requests"] = reached + swing + 2.0
    found = lines_of(answer_charts(Observation(run, timeline)), "answers-time")
    assert found["nginx alone"].sum() == pytest.approx(2.0 * len(timeline))


def test_a_gap_in_a_line_is_a_gap() -> None:
    whole = subpaths(drawn(chart([5.0] * 40)).svg)
    torn = subpaths(drawn(chart([5.0] * 15 + [None] * 5 + [5.0] * 20)).svg)
    assert torn == whole + 1


def test_a_reading_between_gaps_is_a_dot() -> None:
    dot = "fill: var(--s1)"
    lonely: list[float | None] = [5.0] * 15 + [None, 5.0, None] + [5.0] * 22
    assert dot in drawn(chart(lonely)).svg
    assert dot not in drawn(chart([5.0] * 40)).svg


def test_a_band_unread_is_a_gap_and_not_a_dip() -> None:
    values = pd.Series([5.0] * 20 + [float("nan")] * 3 + [5.0] * 17)
    always = pd.Series([1.0] * 40)
    lines = [Line("a", values), Line("b", values), Line("generator", always)]
    svg = drawn(TimeChart("test", "T", "C.", "cores", lines, stacked=True)).svg
    bands = re.findall(r'd="([^"]*)"[^>]*style="fill: var\(--s3\)', svg)
    assert sum(path.count("M") for path in bands) == 2


def test_the_table_under_a_chart_is_of_the_measured_time() -> None:
    (row,) = drawn(chart([900.0] * 10 + [10.0] * 29 + [40.0])).legend
    assert (row.mean, row.largest) == ("11.0 ms", "40.0 ms")


def test_a_chart_without_readings_is_not_drawn() -> None:
    assert render(chart([None] * 40), AXIS) is None


def test_a_limit_far_above_stands_in_the_table_only() -> None:
    near = drawn(chart([80.0] * 40, limits=((100.0, "promised"),)))
    far = drawn(chart([8.0] * 40, limits=((100.0, "promised"),)))
    assert "promised</text>" in near.svg
    assert "promised</text>" not in far.svg
    assert far.legend[-1].largest == "100 ms"


def test_zeros_still_have_an_axis() -> None:
    texts = re.findall(r">([^<>]+)</text>", drawn(chart([0.0] * 40)).svg)
    assert {"0", "1"} <= set(texts)


def test_words_in_a_drawing_are_escaped_and_never_mathematics() -> None:
    hostile = "<script>$\\frac{1}{0}$</script>&"

    def paint(axes: object) -> None:
        axes.annotate(hostile, (0.5, 0.5))  # type: ignore[attr-defined]

    svg = draw("test", hostile, hostile, hostile, 2.0, paint)
    root = Xml.fromstring(svg.replace("xlink:href", "href"))  # noqa: S314
    assert "<script>" not in svg
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert texts.count(hostile) == 2


def test_small_numbers_on_an_axis_keep_their_digits() -> None:
    texts = re.findall(r">([^<>]+)</text>", drawn(chart([0.021] * 40)).svg)
    assert "0.02" in texts


@pytest.mark.parametrize(("length", "unit"), [(40, "s"), (600, "s"), (3600, "min")])
def test_long_runs_are_told_in_minutes(length: int, unit: str) -> None:
    found = render(chart([1.0] * length), TimeAxis(length, (), ((0, length),)))
    assert found is not None
    texts = re.findall(r">([^<>]+)</text>", found.svg)
    assert f"time since start, {unit}" in texts
    marks = [float(text) for text in texts if re.fullmatch(r"[\d.]+", text)]
    assert max(marks) == (length / 60 if unit == "min" else length)


def test_binning_keeps_the_worst_second_of_what_matters_at_its_worst() -> None:
    values = pd.Series([1.0] * 3600)
    values[1801] = 90.0
    for peaks, seen in ((True, True), (False, False)):
        one = TimeChart("test", "T", "C.", "ms", [Line("line", values, peaks)])
        found = render(one, TimeAxis(3600, (), ((0, 3600),)))
        assert found is not None
        texts = re.findall(r">([^<>]+)</text>", found.svg)
        assert any(text in texts for text in ("75", "80")) is seen


def test_slo_limits_are_drawn_where_a_chart_shows_their_figure() -> None:
    def slo(name: str, metric: str, statistic: str, unit: str, **fields: object) -> Target:
        given = {"id": name, "text": name, "metric": metric, "statistic": statistic}
        how = {"op": "<", "limit": 30, "unit": unit, "gate": True}
        return Target.model_validate(given | how | fields)

    targets = [
        slo("whole", "latency", "p95", "ms"),
        slo("warned", "load.p99", "max", "ms", gate=False, warn=True),
        slo("told", "latency", "p50", "ms", gate=False),
        slo("one-endpoint", "latency", "p95", "ms", endpoints=("/jobs",)),
        slo("late", "replica_lag", "max", "s"),
    ]
    run = sample_run()
    seen = Observation(run, sample_timeline(run))
    limited = with_limits(latency_chart(seen), targets)
    assert [name for _, name in limited.limits] == ["whole", "warned"]
    assert "whole" in drawn(limited).svg
    (lag,) = (one for one in tier_charts(seen) if one.name == "lag-time")
    assert [name for _, name in with_limits(lag, targets).limits] == ["promised", "late"]
