"""The main job as its user runs it: one command, a verdict, a report, nothing left running."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from capacity.slo import blueprint_targets
from tests.cli.conftest import Going, Said, processes_of

pytestmark = pytest.mark.stack

Hmb = Callable[..., Said]
Begin = Callable[..., Going]

QUICK = ("--users", "30", "--warmup", "1s", "--duration", "4s")


@pytest.fixture(scope="module")
def home(make_home: Callable[[], Path]) -> Path:
    """A checkout whose first load test brings the stack up and fills it."""
    return make_home()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """One worker to a pod: how a command ends has nothing to do with how many there are."""
    monkeypatch.setenv("WEB_CONCURRENCY", "1")


@pytest.fixture(scope="module")
def first_run(home: Path, hmb: Hmb) -> Said:
    """`hmb loadtest smoke` in a checkout where nothing ran before."""
    return hmb(home, "loadtest", "smoke")


def test_from_nothing_to_a_verdict_and_a_report(home: Path, first_run: Said) -> None:
    # Few requests in a moment: undecided or missed is fine, broken or invalid is not.
    assert first_run.code in (0, 3, 5), first_run.err
    for target in blueprint_targets():
        assert target.id in first_run.out
    report = Path(first_run.err.strip().splitlines()[-1].removeprefix("report: "))
    assert report.is_file()
    page = report.read_text()
    assert all(target.id in page for target in blueprint_targets())
    assert processes_of(home) == []


def test_every_journey_works(home: Path, first_run: Said) -> None:
    """No request of the built-in journeys fails or is refused on a healthy stack."""
    (record,) = (home / "runs").glob("*-smoke/run.json")
    run = json.loads(record.read_text())
    assert run["status"] == "complete"
    assert run["invalid"] == []
    failed = {
        f"{one['method']} {one['endpoint']}": one["errors"]
        for one in run["endpoints"]
        if one["failures"] or one["refusals"]
    }
    assert failed == {}
    assert sum(one["requests"] for one in run["endpoints"]) > 50


def test_the_record_names_what_ran(home: Path, first_run: Said) -> None:
    (record,) = (home / "runs").glob("*-smoke/run.json")
    where = json.loads(record.read_text())["where"]
    assert where["topology"]["pods"] == 3
    assert where["topology"]["replicas"] == 2
    assert where["topology"]["workers_per_pod"] == 4
    assert {"postgres", "nginx", "pgbouncer", "redis", "locust"} <= set(where["versions"])


def test_a_second_telling(home: Path, first_run: Said, hmb: Hmb) -> None:
    markdown = hmb(home, "report", "latest", "--format", "markdown")
    assert markdown.code == 0
    assert "latency-p95" in markdown.out
    assert "<testsuite" in hmb(home, "report", "--format", "junit").out
    told = json.loads(hmb(home, "report", "--format", "json").out)
    assert {one["id"] for one in told["verdicts"]} == {one.id for one in blueprint_targets()}
    listed = json.loads(hmb(home, "runs", "--json").out)
    assert [one["scenario"] for one in listed] == ["smoke"]


@pytest.mark.parametrize(
    "phase",
    [
        pytest.param("ready on port", id="starting", marks=pytest.mark.long),
        pytest.param("s warmup", id="warmup", marks=pytest.mark.long),
        pytest.param("s measured", id="measured"),
    ],
)
def test_ctrl_c_leaves_nothing_running(
    home: Path, first_run: Said, small: None, begin: Begin, phase: str, hmb: Hmb
) -> None:
    before = set((home / "runs").iterdir())
    going = begin(home, "loadtest", "smoke", "--warmup", "5s", "--duration", "20s")
    going.wait_for(phase)
    said = going.interrupt()
    assert said.code == 130, said.err
    assert "Traceback" not in said.err
    assert said.err.strip().splitlines()[-1] == "interrupted"
    assert processes_of(home) == []
    kept = set((home / "runs").iterdir()) - before
    if phase == "ready on port":
        assert kept == set()
        return
    (folder,) = kept
    assert json.loads((folder / "run.json").read_text())["status"] == "interrupted"
    assert hmb(home, "report", str(folder)).code == 0


@pytest.mark.long
def test_a_second_load_test_waits_its_turn_and_the_first_ends_when_asked(
    home: Path,
    first_run: Said,
    small: None,
    begin: Begin,
    hmb: Hmb,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    going = begin(home, "loadtest", "smoke", "--duration", "30s")
    going.wait_for("s measured")
    assert list(tmp_path.glob("hmb-*/load.json")) != []
    for words in (["loadtest", "smoke"], ["seed"]):
        refused = hmb(home, *words)
        assert refused.code == 1
        assert refused.err.count("\n") == 1
        assert "is under way" in refused.err
    said = going.terminate()
    assert said.code == 130
    assert said.err.strip().splitlines()[-1] == "interrupted"
    assert processes_of(home) == []
    # the sessions it signed in with are not left lying about
    assert list(tmp_path.glob("hmb-*")) == []


@pytest.mark.long
def test_a_killed_command_takes_its_stack_along(
    home: Path, first_run: Said, small: None, begin: Begin, hmb: Hmb
) -> None:
    going = begin(home, "loadtest", "smoke", "--duration", "30s")
    going.wait_for("s measured")
    os.kill(going.process.pid, signal.SIGKILL)
    going.process.wait()
    deadline = time.monotonic() + 120
    while processes_of(home) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert processes_of(home) == []
    told = hmb(home, "report", "latest")
    assert told.code == 0, told.err
    assert "incomplete" in Path(told.out.strip()).read_text()


def test_a_running_stack_is_used_and_left_running(
    home: Path, first_run: Said, small: None, hmb: Hmb
) -> None:
    address = hmb(home, "up").out.strip()
    try:
        assert hmb(home, "up").out.strip() == address
        said = hmb(home, "loadtest", "smoke", *QUICK, "--json")
        assert said.code in (0, 3, 5), said.err
        assert json.loads(said.out)["exit_code"] == said.code
        status = hmb(home, "status", "--json")
        assert status.code == 0
        assert json.loads(status.out)["base_url"] == address
        assert "backend-3" in hmb(home, "status").out
    finally:
        assert hmb(home, "down").code == 0
    assert processes_of(home) == []
    assert hmb(home, "status").code == 1
