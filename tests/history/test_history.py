"""Figures kept in a file, and the trends in them."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from capacity import history
from capacity.compare.judge import Sample
from capacity.compare.readings import ALL, Key
from capacity.compare.statistic import statistics
from capacity.history import HistoryError
from capacity.trend import trends
from reports import trend as told
from tests.compare.sets import noise, run_set


def filled(path: Path, factors: list[float]) -> list[Sample]:
    samples = run_set("base", factors, endpoints=(ALL,))
    for one in samples:
        assert history.add(path, one.run, one.readings)
    return samples


def test_a_run_is_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "history.sqlite"
    (one,) = filled(path, [1.0])
    assert not history.add(path, one.run, one.readings)
    (kept,) = history.runs(path)
    assert (kept.id, kept.scenario) == ("base-0", one.run.what.scenario)


def test_figures_of_too_few_requests_are_not_kept(tmp_path: Path) -> None:
    (one,) = run_set("base", [1.0])
    readings = dict(one.readings)
    readings[Key(ALL, "p99")] = replace(readings[Key(ALL, "p99")], too_few="3 are too few")
    history.add(tmp_path / "h", one.run, readings)
    lines = history.lines(tmp_path / "h", history.runs(tmp_path / "h"))
    assert Key(ALL, "p99") not in {line.key for line in lines}
    assert Key(ALL, "p95") in {line.key for line in lines}


def test_the_trend_tells_since_which_run(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    filled(path, [*noise(15, 0.01, 1), *(1.2 * one for one in noise(10, 0.01, 2))])
    kept = history.runs(path)
    found = trends(history.lines(path, kept), statistics())
    p50 = found[0]
    assert (p50.key, len(p50.values)) == (Key(ALL, "p50"), 25)
    (change,) = p50.changes
    assert change.run.id == "base-15"
    assert change.worse
    assert change.change == pytest.approx(0.2, abs=0.02)
    throughput = next(one for one in found if one.key == Key(ALL, "throughput"))
    assert throughput.changes[0].change < 0
    assert throughput.changes[0].worse
    page = told.html(found, kept)
    assert "since" not in told.headline(found, kept)
    assert "base-15" in page
    assert page.count("<svg") == len(found)


def test_a_change_below_the_minimum_effect_is_not_told(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    filled(path, [*noise(15, 0.003, 1), *(1.03 * one for one in noise(10, 0.003, 2))])
    found = trends(history.lines(path, history.runs(path)), statistics())
    assert not [one for one in found if one.changes]


def test_runs_of_other_machines_lie_on_other_lines(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    filled(path, [1.0, 1.0])
    (other,) = run_set("head", [1.0], apart=timedelta(days=1))
    where = other.run.where
    elsewhere = where.model_copy(update={"machine": where.machine.model_copy(update={"cores": 64})})
    history.add(path, other.run.model_copy(update={"where": elsewhere}), other.readings)
    first, _, last = history.runs(path)
    assert first.series != last.series


def test_a_file_that_is_no_history_is_told_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    path.write_text("not a database, and long enough to be looked at as one" * 20)
    with pytest.raises(HistoryError, match="cannot be used"):
        history.runs(path)
    later = tmp_path / "later.sqlite"
    with sqlite3.connect(later) as database:
        database.execute("PRAGMA user_version = 9")
    with pytest.raises(HistoryError, match="version 9"):
        history.runs(later)
