"""Drills as a person runs them: something breaks under load, and nothing stays broken."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from capacity import drill as plans
from capacity.run import Drilled
from capacity.store import read_run, read_spool
from tests.cli.conftest import Going, Said, processes_of

pytestmark = pytest.mark.stack

Hmb = Callable[..., Said]
Begin = Callable[..., Going]

FEW = ("--users", "60")
ENOUGH = ("--users", "150")
"""So that some twenty writes are under way while something is broken."""
_PATIENCE_S = 600


@pytest.fixture(scope="module")
def home(make_home: Callable[..., Path]) -> Path:
    """A checkout of these tests' own; durable, for nothing acknowledged may be lost."""
    return make_home(durable=True)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few workers: a drill of behaviour needs no more, and a pod starts sooner."""
    monkeypatch.setenv("WEB_CONCURRENCY", "2")


@pytest.fixture
def kept_stack(home: Path, hmb: Hmb) -> None:
    """A stack that somebody started before, and wants to keep."""
    said = hmb(home, "up", seconds=_PATIENCE_S)
    assert said.code == 0, said.err


def the_drill(home: Path, name: str) -> tuple[Path, Drilled]:
    """The newest record of this drill."""
    folder = max((home / "runs").glob(f"*-{name}"))
    found = read_run(folder).drill
    assert found is not None
    return folder, found


def test_a_killed_pod_costs_no_read_and_no_acknowledged_write(home: Path, hmb: Hmb) -> None:
    """From nothing to the verdict, and back to nothing."""
    said = hmb(home, "drill", "pod-kill", "--pods", "2", *FEW, seconds=_PATIENCE_S)
    assert said.code == 0, said.out + said.err
    assert processes_of(home) == []
    for promise in plans.promises(plans.drill("pod-kill")):
        assert promise.id in said.out
    folder, found = the_drill(home, "pod-kill")
    assert [event.kind for event in found.events] == ["break", "repair"]
    broken, mended = (event.at_s for event in found.events)
    assert 11.9 < broken < mended
    # it went on while the pod was gone, and after it came back
    written = read_spool(folder).written
    assert any(one.acknowledged and broken < one.at_s < mended for one in written)
    assert any(one.acknowledged and one.at_s > mended for one in written)
    assert found.ledger is not None
    assert found.ledger.acknowledged == sum(one.acknowledged for one in written)
    page = (folder / "report.html").read_text()
    assert "backend-2 killed" in page
    assert "uncertain writes" in page


@pytest.mark.long
@pytest.mark.parametrize("name", [one.name for one in plans.drills()])
def test_each_drill_keeps_its_promises_and_leaves_the_stack_as_it_was(
    home: Path, hmb: Hmb, kept_stack: None, name: str
) -> None:
    before = json.loads(hmb(home, "status", "--json").out)
    said = hmb(home, "drill", name, *ENOUGH, seconds=_PATIENCE_S)
    assert said.code == 0, said.out + said.err
    _, found = the_drill(home, name)
    assert found.ledger is not None
    assert found.ledger.acknowledged > 20
    after = hmb(home, "status", "--json")
    assert after.code == 0
    whole = json.loads(after.out)
    assert [one["name"] for one in whole["services"]] == [one["name"] for one in before["services"]]
    assert [one["port"] for one in whole["services"]] == [one["port"] for one in before["services"]]
    assert [one["state"] for one in whole["replication"]] == ["streaming"] * 2


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "phase"),
    [
        ("redis-loss", "s warmup"),
        ("redis-loss", "redis gives no reading"),
        ("pod-stall", "15/"),
        ("replica-promotion", "20/"),
        ("primary-restart", "15/"),
    ],
)
def test_ctrl_c_mends_what_is_broken(
    home: Path, begin: Begin, hmb: Hmb, kept_stack: None, name: str, phase: str
) -> None:
    going = begin(home, "drill", name, *FEW)
    going.wait_for(phase, seconds=_PATIENCE_S)
    said = going.interrupt(seconds=_PATIENCE_S)
    assert said.code == 130, said.err
    assert "Traceback" not in said.err
    assert said.err.strip().splitlines()[-1] == "interrupted"
    status = hmb(home, "status", "--json")
    assert status.code == 0, status.out
    whole = json.loads(status.out)
    assert {one["state"] for one in whole["services"]} == {"running"}
    assert [one["state"] for one in whole["replication"]] == ["streaming"] * 2
    folder, _ = the_drill(home, name)
    assert read_run(folder).status.value == "interrupted"
    assert hmb(home, "report", str(folder)).code == 0


@pytest.mark.long
def test_a_stack_of_its_own_ends_with_an_interrupted_drill(
    home: Path, begin: Begin, hmb: Hmb
) -> None:
    hmb(home, "down")
    going = begin(home, "drill", "redis-loss", *FEW)
    going.wait_for("redis gives no reading", seconds=_PATIENCE_S)
    assert going.interrupt(seconds=_PATIENCE_S).code == 130
    deadline = time.monotonic() + 120
    while processes_of(home) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert processes_of(home) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "name a drill"),
        (("pod-kil",), 'did you mean "pod-kill"'),
        (("--duration", "5s"), "--duration"),
    ],
)
def test_a_drill_that_cannot_be_is_one_line(
    tmp_path: Path, here: Hmb, words: tuple[str, ...], told: str
) -> None:
    said = here(tmp_path, "drill", *words)
    assert said.code == 2
    assert told in said.err
    assert said.err.count("\n") == 1


def test_the_list_tells_every_drill(tmp_path: Path, here: Hmb) -> None:
    said = here(tmp_path, "drill", "--list")
    assert said.code == 0
    assert [line.split()[0] for line in said.out.splitlines()] == [
        one.name for one in plans.drills()
    ]
