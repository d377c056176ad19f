"""Records on disk: whole or not at all, of this version or an error that says so."""

import errno
import json
import os
from pathlib import Path

import pandas as pd
import pytest

from capacity.histogram import Histogram
from capacity.load_model import OpenLoad, level
from capacity.run import Phase, Run, Status
from capacity.spool import Beat, Cell, Opening, PlannedStep, to_line
from capacity.store import (
    RecordError,
    TimelineWriter,
    list_runs,
    read_run,
    read_timeline,
    write_run,
    write_text,
)
from tests.reports.sample import sample_run


@pytest.fixture
def run() -> Run:
    return sample_run()


def test_a_record_comes_back_as_it_was_from_folder_or_file(tmp_path: Path, run: Run) -> None:
    file = write_run(tmp_path / run.id, run)
    assert read_run(tmp_path / run.id) == run
    assert read_run(file) == run


def test_a_record_from_before_open_loads_is_read(tmp_path: Path, run: Run) -> None:
    file = write_run(tmp_path, run)
    old = json.loads(file.read_text())
    assert old["version"] == 2
    old["version"] = 1
    assert old["what"]["load"] == {"kind": "closed", "users": 2000, "mean_think_s": 12.0}
    file.write_text(json.dumps(old))
    assert read_run(file) == run.model_copy(update={"version": 1})


def test_an_open_load_comes_back_as_it_was(tmp_path: Path, run: Run) -> None:
    load = OpenLoad(
        kind="constant", users=9, spacing="even", stages=(level("measured", 20, 30),), source=None
    )
    what = run.what.model_copy(update={"load": load})
    written = run.model_copy(update={"what": what})
    assert read_run(write_run(tmp_path, written)) == written
    assert (load.offered_rate, load.peak_rate, load.seconds) == (20, 20, 30)


def test_nothing_but_the_record_is_left_in_the_folder(tmp_path: Path, run: Run) -> None:
    write_run(tmp_path, run)
    write_run(tmp_path, run)
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_record_and_no_draft(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    write_run(tmp_path, run)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    later = run.model_copy(update={"status": Status.INTERRUPTED})
    with pytest.raises(RecordError, match="No space left on device") as caught:
        write_run(tmp_path, later)
    assert "\n" not in str(caught.value)
    monkeypatch.undo()
    assert read_run(tmp_path) == run
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_a_folder_that_is_a_file_is_an_error_in_one_line(tmp_path: Path, run: Run) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(RecordError, match="cannot write"):
        write_run(tmp_path / "runs", run)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"version": 3}', "record of version 3, this hmb reads up to 2"),
        ('{"version": 1}', "is damaged: id"),
        ("{}", "states no version"),
        ("[1]", "not a run record"),
        ('{"version": 1', "no JSON at line 1"),
    ],
)
def test_what_is_no_record_of_this_version_says_so(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(RecordError, match=message) as caught:
        read_run(tmp_path)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_missing_record_names_the_place(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=f"no run record at {tmp_path}"):
        read_run(tmp_path / "nowhere" / "run.json")


def _killed(directory: Path, run: Run) -> None:
    """A run killed in its fourth second, with a torn last line in its spool."""
    begun = run.model_copy(
        update={"status": Status.RUNNING, "ended_at": None, "steps": [], "endpoints": []}
    )
    write_run(directory, begun)
    latencies = Histogram()
    latencies.record(20_000, 8)
    blob = latencies.encode()
    planned = (
        PlannedStep("warm-up", Phase.WARMUP, 0, 2),
        PlannedStep("measured", Phase.MEASURED, 2, 32),
    )
    lines = [to_line(Opening("1", 1_000_000.0, 24, 2.0, planned))]
    for second in range(4):
        step = "warm-up" if second < 2 else "measured"
        cell = Cell("1", second, step, "GET", "/jobs", 8, raw=blob, corrected=blob)
        lines += [to_line(cell), to_line(Beat("1", second, 1.0, 24, 0.1, 1, 0))]
    torn = lines[-1][: len(lines[-1]) // 2]
    (directory / "load.jsonl").write_text("\n".join([*lines, torn]))


def test_a_killed_run_opens_with_what_its_generator_wrote(tmp_path: Path, run: Run) -> None:
    _killed(tmp_path, run)
    found = read_run(tmp_path)
    assert found.status is Status.RUNNING
    assert [(step.name, step.start_s, step.end_s) for step in found.steps] == [
        ("warm-up", 0, 2),
        ("measured", 2, 4),
    ]
    (measured,) = [stats for stats in found.endpoints if stats.step == "measured"]
    assert measured.requests == 16
    assert Histogram.decode(measured.raw).count == 16


def test_a_spool_damaged_in_the_middle_says_so(tmp_path: Path, run: Run) -> None:
    _killed(tmp_path, run)
    spool = tmp_path / "load.jsonl"
    spool.write_text("nonsense\n" + spool.read_text())
    with pytest.raises(RecordError, match=r"load\.jsonl is damaged"):
        read_run(tmp_path)


def test_a_run_killed_before_it_sent_anything_still_opens(tmp_path: Path, run: Run) -> None:
    begun = run.model_copy(update={"status": Status.RUNNING, "steps": [], "endpoints": []})
    write_run(tmp_path, begun)
    assert read_run(tmp_path) == begun


def test_runs_are_listed_by_time_with_the_unreadable_ones_first(tmp_path: Path, run: Run) -> None:
    for number, name in enumerate(("b-later", "a-latest"), start=1):
        started = run.started_at.replace(hour=10 + number)
        write_run(tmp_path / name, run.model_copy(update={"id": name, "started_at": started}))
    write_run(
        tmp_path / run.id, run.model_copy(update={"started_at": run.started_at.replace(hour=1)})
    )
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "run.json").write_text('{"version": 99}')
    (tmp_path / "not-a-run").mkdir()
    listed = list_runs(tmp_path)
    assert [entry.id for entry in listed] == ["old", run.id, "b-later", "a-latest"]
    assert listed[0].run is None
    assert "version 99" in listed[0].problem
    assert list_runs(tmp_path / "nowhere") == []


def test_a_timeline_comes_back_wide_with_gaps(tmp_path: Path) -> None:
    with TimelineWriter(tmp_path) as writer:
        writer.append(0, {"load.p50": 12.25, "load.users": 4})
        writer.append(2, {"load.users": 5})
    with TimelineWriter(tmp_path) as again:
        again.append(3, {"load.users": 6})
    frame = read_timeline(tmp_path)
    assert frame["load.users"].to_dict() == {0: 4.0, 2: 5.0, 3: 6.0}
    assert frame["load.p50"].dropna().to_dict() == {0: 12.25}


def test_a_second_told_twice_keeps_its_last_value(tmp_path: Path) -> None:
    with TimelineWriter(tmp_path) as writer:
        writer.append(1, {"load.users": 4})
        writer.append(1, {"load.users": 7})
    assert read_timeline(tmp_path)["load.users"].to_dict() == {1: 7.0}


def test_what_was_written_is_there_before_the_writer_closes(tmp_path: Path) -> None:
    writer = TimelineWriter(tmp_path)
    writer.append(0, {"load.users": 4})
    assert read_timeline(tmp_path)["load.users"].to_dict() == {0: 4.0}
    writer.close()


def test_the_torn_last_line_of_a_killed_run_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "timeline.csv").write_text("second,series,value\n0,load.users,4\n1,load.users,12")
    assert read_timeline(tmp_path)["load.users"].to_dict() == {0: 4.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("second,series,value\n0,load.users\n1,a,2\n", "damaged at line 2"),
        ("second,series,value\n0,load.users,many\n", "damaged at line 2"),
        ("time,what\n", "not a timeline"),
    ],
)
def test_a_damaged_timeline_names_the_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "timeline.csv").write_text(text)
    with pytest.raises(RecordError, match=message):
        read_timeline(tmp_path)


def test_a_run_without_a_timeline_has_an_empty_one(tmp_path: Path) -> None:
    frame = read_timeline(tmp_path)
    assert isinstance(frame, pd.DataFrame)
    assert frame.empty


def test_text_is_readable_by_whoever_may_read_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_text(path, "hello")
    other = tmp_path / "other"
    other.write_text("hello")
    assert path.stat().st_mode == other.stat().st_mode


def test_a_record_is_plain_json(tmp_path: Path, run: Run) -> None:
    document = json.loads(write_run(tmp_path, run).read_text())
    assert document["version"] == 2
    assert document["what"]["scenario"] == "mixed"
