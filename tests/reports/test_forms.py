"""The other forms of a report: Markdown, JUnit XML, JSON, rows; and the page without a browser."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Xml

import pandas as pd
import pytest

from capacity.run import Invalidity, Run, Status
from capacity.slo import blueprint_targets
from capacity.store import RecordError
from capacity.targets import Target
from capacity.verdicts import Outcome, Verdict, judge
from reports.charts.curve import nines, percent_at
from reports.render import annotations, as_json, html, junit, markdown, rows, write_report
from tests.reports.conftest import HOSTILE, hostile_run
from tests.reports.sample import as_typed, sample_run, sample_timeline

EMPTY = pd.DataFrame(index=pd.Index([], name="second", dtype="int64"))


def told(
    form: Callable[[Run, pd.DataFrame, list[Verdict]], str], run: Run, timeline: pd.DataFrame
) -> str:
    return form(run, timeline, judge(run, timeline, blueprint_targets()))


@pytest.fixture(scope="module")
def good() -> tuple[Run, pd.DataFrame, list[Verdict]]:
    run = sample_run()
    timeline = sample_timeline(run)
    return run, timeline, judge(run, timeline, blueprint_targets())


# --- Markdown ---


def test_markdown_holds_every_target_and_the_headline(
    good: tuple[Run, pd.DataFrame, list[Verdict]],
) -> None:
    text = markdown(*good)
    assert text.startswith("# All 4 gating targets met: half of 4,982 requests answered within")
    for target in blueprint_targets():
        assert f"| {target.id} |" in text or f"| **{target.id}** |" in text
    assert "10.4 ms (measured)" in text


def test_every_markdown_table_row_has_as_many_cells_as_its_head() -> None:
    run = hostile_run()
    lines = told(markdown, run, sample_timeline(run)).splitlines()
    width = 0
    seen = 0
    for line in lines:
        if not line.startswith("|"):
            width = 0
            continue
        cells = line.replace("\\|", "").count("|")
        width = width or cells
        assert cells == width, line
        seen += 1
    assert seen > 40


def test_markdown_shows_hostile_names_as_text() -> None:
    run = hostile_run()
    text = told(markdown, run, sample_timeline(run))
    assert "<script>" not in text.replace("\\<", "")
    assert "\\<script\\>" in text


def test_markdown_warns_of_invalid_and_incomplete_runs() -> None:
    bad = Invalidity(reason="load-not-reached", detail="80 % of the offered requests were sent")
    text = told(markdown, sample_run(invalid=[bad], status=Status.INTERRUPTED), EMPTY)
    assert text.startswith("# Incomplete. Not to be trusted: the offered load was not reached.")
    assert "> **Invalid**: 80 % of the offered requests were sent" in text
    assert "> **Incomplete**" in text


# --- JUnit ---


def suite(run: Run, verdicts: list[Verdict]) -> Xml.Element:
    found = Xml.fromstring(junit(run, verdicts)).find("testsuite")  # noqa: S314  (we wrote it)
    assert found is not None
    return found


def verdict(outcome: Outcome, *, gate: bool) -> Verdict:
    target = Target.model_validate(
        {
            "id": f"{outcome.value.replace('_', '-')}-{'gate' if gate else 'other'}",
            "text": "p95 below 200 ms",
            "metric": "latency",
            "statistic": "p95",
            "op": "<",
            "limit": 200,
            "unit": "ms",
            "gate": gate,
        }
    )
    return Verdict(target, outcome, "because", value=210.0, unit="ms", run="r")


@pytest.mark.parametrize(
    ("outcome", "gate", "tag"),
    [
        (Outcome.MET, True, "system-out"),
        (Outcome.NOT_MET, True, "failure"),
        (Outcome.NOT_MET, False, "system-out"),
        (Outcome.INCONCLUSIVE, True, "skipped"),
        (Outcome.INCONCLUSIVE, False, "skipped"),
        (Outcome.INCONSISTENT, False, "system-out"),
        (Outcome.NOT_MEASURED, False, "skipped"),
        (Outcome.NOT_MEASURED, True, "error"),
    ],
)
def test_an_outcome_becomes_what_ci_shows(outcome: Outcome, gate: bool, tag: str) -> None:
    one = verdict(outcome, gate=gate)
    found = suite(sample_run(), [one])
    (case,) = found.findall(f"testcase[@name='{one.target.id}']")
    (inside,) = list(case)
    assert inside.tag == tag
    words = inside.get("message") or inside.text or ""
    assert "because" in words
    assert "210 ms (measured) against < 200 ms" in words


@pytest.mark.parametrize(
    ("outcome", "gate", "warn", "level"),
    [
        (Outcome.MET, True, False, None),
        (Outcome.NOT_MET, True, False, "error"),
        (Outcome.NOT_MET, False, False, None),
        (Outcome.NOT_MET, False, True, "warning"),
        (Outcome.INCONSISTENT, True, False, "error"),
        (Outcome.INCONCLUSIVE, True, False, "warning"),
        (Outcome.INCONCLUSIVE, False, True, None),
        (Outcome.NOT_MEASURED, True, False, "error"),
        (Outcome.NOT_MEASURED, False, False, None),
    ],
)
def test_an_outcome_becomes_an_annotation(
    outcome: Outcome, gate: bool, warn: bool, level: str | None
) -> None:
    one = verdict(outcome, gate=gate)
    one = replace(one, target=one.target.model_copy(update={"warn": warn}), reason="100 %,\nsaid")
    run = sample_run()
    *lines, last = annotations(run, sample_timeline(run), [one]).splitlines()
    assert last.split(" ")[0] == ("::notice" if level is None or warn else "::warning")
    if level is None:
        assert lines == []
        return
    (line,) = lines
    assert line.startswith(f"::{level} title=")
    assert (
        f"%3A {one.target.id}::p95 below 200 ms: 210 ms against < 200 ms; 100 %25,%0Asaid" in line
    )


def test_an_invalid_run_is_annotated_first() -> None:
    bad = Invalidity(reason="generator-saturated", detail="97 % of a core")
    run = sample_run(invalid=[bad])
    first, last = annotations(run, sample_timeline(run), []).splitlines()
    assert first == "::error title=run invalid%3A generator-saturated::97 %25 of a core"
    assert last.startswith("::warning title=load test%3A invalid::")


def test_junit_counts_what_it_holds(good: tuple[Run, pd.DataFrame, list[Verdict]]) -> None:
    run, _, verdicts = good
    found = suite(run, verdicts)
    assert int(found.get("tests", "")) == len(blueprint_targets()) + 1
    assert found.get("failures") == "0"
    assert int(found.get("skipped", "")) == len(found.findall("testcase/skipped")) > 0


def test_an_invalid_run_is_an_error_in_junit() -> None:
    bad = Invalidity(reason="generator-saturated", detail="97 % of a core")
    found = suite(sample_run(invalid=[bad]), [])
    assert found.get("errors") == "1"
    assert found.find("testcase[@name='valid']/error").get("message") == "97 % of a core"  # type: ignore[union-attr]


def test_junit_survives_hostile_names() -> None:
    run = hostile_run()
    odd = run.invalid[0].model_copy(update={"detail": HOSTILE + "\x00\x1b[31m"})
    found = suite(run.model_copy(update={"invalid": [odd]}), [])
    assert HOSTILE in (found.find("testcase/error").get("message") or "")  # type: ignore[union-attr]


# --- JSON ---


def test_json_holds_verdicts_with_their_intervals(
    good: tuple[Run, pd.DataFrame, list[Verdict]],
) -> None:
    document = json.loads(as_json(*good))
    assert document["version"] == 1
    assert (document["state"], document["exit_code"]) == ("passed", 0)
    by_id = {one["id"]: one for one in document["verdicts"]}
    assert set(by_id) == {target.id for target in blueprint_targets()}
    p95 = by_id["latency-p95"]
    assert p95["interval"]["low"] < p95["value"] < p95["interval"]["high"] < 200
    assert p95["limit"] == {"op": "<", "value": 200, "unit": "ms"}
    assert p95["evidence"] == "measured"
    assert by_id["uptime"]["value"] is None
    assert by_id["uptime"]["evidence"] is None
    assert sum(one["requests"] for one in document["endpoints"]) == 4982
    shares = list(document["answered_by"].values())
    assert sum(shares) == pytest.approx(100, abs=0.5)


def test_json_of_a_foreign_run_says_null_for_what_it_cannot_see() -> None:
    run = sample_run(own_system=False)
    document = json.loads(told(as_json, run, sample_timeline(run)))
    assert set(document["answered_by"].values()) == {None}
    assert document["latency_ms"]["as_sent"]["p50"] > 0


def test_json_of_a_run_that_sent_nothing_is_valid_json() -> None:
    run = sample_run(status=Status.RUNNING).model_copy(update={"steps": [], "endpoints": []})
    document = json.loads(told(as_json, run, EMPTY))
    assert document["latency_ms"]["as_sent"] == dict.fromkeys(
        ("p50", "p75", "p90", "p95", "p99", "p99.9", "max", "mean")
    )
    assert document["state"] == "invalid"


# --- rows for the terminal ---


def test_rows_are_in_order_and_plain(good: tuple[Run, pd.DataFrame, list[Verdict]]) -> None:
    found = rows(good[2])
    assert [row.id for row in found] == [target.id for target in blueprint_targets()]
    first = found[0]
    assert (first.symbol, first.measured, first.limit) == ("✓", "10.4 ms", "< 100 ms")
    assert (first.samples, first.evidence, first.gate) == ("4,975 requests", "measured", True)


# --- the page itself ---


def test_the_page_is_small_and_refers_to_nothing_outside(
    good: tuple[Run, pd.DataFrame, list[Verdict]],
) -> None:
    page = html(*good)
    assert len(page) < 400_000
    for outside in (
        "http://www",
        "https://",
        '<link rel="stylesheet',
        "<script",
        "@import",
        "src=",
    ):
        assert outside not in page, outside


def test_an_hour_of_seconds_still_makes_a_small_page() -> None:
    run = sample_run()
    short = sample_timeline(run)
    long = pd.concat([short] * 90, ignore_index=True)
    long.index.name = "second"
    steps = [
        run.steps[0],
        run.steps[1].model_copy(update={"end_s": float(len(long))}),
    ]
    page = html(run.model_copy(update={"steps": steps}), long, [])
    assert len(page) < 1_500_000
    assert "time since start, min" in page


def test_a_run_of_nothing_still_makes_a_page() -> None:
    run = sample_run(status=Status.RUNNING).model_copy(update={"steps": [], "endpoints": []})
    page = told(html, run, EMPTY)
    assert "The run was killed or is still going" in page
    assert "No request ended in the measured time" in page


def test_a_run_without_targets_is_not_judged() -> None:
    run = sample_run(own_system=False)
    page = html(run, sample_timeline(run), [])
    assert "not judged" in page
    assert "No target was set" in page
    assert "<h1>Half of 4,982 requests answered within" in page


@pytest.mark.parametrize(
    ("run", "opening"),
    [
        (sample_run(slowness=9), "Not met: p95 latency is"),
        (sample_run(failures=9), "Undecided: error rate: the 95 % interval"),
        (sample_run(failures=50), "Not met: error rate is 1.0"),
    ],
)
def test_the_headline_names_the_first_gate_that_failed(run: Run, opening: str) -> None:
    assert as_typed(told(html, run, EMPTY)).split("<h1>")[1].startswith(opening)


def test_a_report_is_written_beside_its_record(
    tmp_path: Path, good: tuple[Run, pd.DataFrame, list[Verdict]]
) -> None:
    path = write_report(tmp_path, *good)
    assert path == tmp_path / "report.html"
    assert path.read_text().startswith("<!doctype html>")
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="cannot write"):
        write_report(tmp_path / "file", *good)


def test_the_axis_of_nines_puts_each_nine_a_step_further() -> None:
    assert [round(nines(percent), 9) for percent in (0, 90, 99, 99.9)] == [0, 1, 2, 3]
    assert percent_at(nines(97.3)) == pytest.approx(97.3)
