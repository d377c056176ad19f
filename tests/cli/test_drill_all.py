"""`hmb drill all`: every drill by one command, one table, and the worst decides."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
import typer

from capacity import drill as plans
from capacity.errors import HmbError
from capacity.run import Drilled, Event, Ledger
from capacity.store import write_run
from cli import drills as command
from tests.reports.sample import sample_run

EVENTS = [
    Event(at_s=12.0, kind="break", text="broken"),
    Event(at_s=20.0, kind="repair", text="mended"),
]
WHOLE = Ledger(acknowledged=40, refused=0, unanswered=0, kept=0, lost=[], doubled=[])
LOSSY = WHOLE.model_copy(update={"lost": ["4f2a"]})

Broken = Callable[[dict[str, Ledger | None]], None]


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Broken:
    """These drills are all there are, and each leaves this ledger; None: it breaks off."""

    def arrange(ledgers: dict[str, Ledger | None]) -> None:
        def leave(wanted: plans.Drill, _request: object) -> Path:
            ledger = ledgers[wanted.name]
            if ledger is None:
                raise HmbError("the stack is not whole any more; see hmb status")
            drilled = Drilled(name=wanted.name, events=EVENTS, trouble=[], ledger=ledger)
            write_run(tmp_path / wanted.name, sample_run().model_copy(update={"drill": drilled}))
            return tmp_path / wanted.name

        wanted = tuple(one for one in plans.drills() if one.name in ledgers)
        monkeypatch.setattr(plans, "drills", lambda: wanted)
        monkeypatch.setattr(command, "own_stack", lambda *_: nullcontext())
        monkeypatch.setattr(command, "_break", leave)

    return arrange


def all_of_them(*, as_json: bool = False) -> int:
    with pytest.raises(typer.Exit) as ended:
        command.drill("all", as_json=as_json)
    return ended.value.exit_code


def test_every_drill_has_its_line_and_one_that_failed_says_why(
    broken: Broken, capsys: pytest.CaptureFixture[str]
) -> None:
    broken({"pod-kill": WHOLE, "replica-loss": LOSSY, "nginx-reload": WHOLE})
    assert all_of_them() == 3
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["drill", "verdict"]
    assert [line.split()[:2] for line in lines[:3]] == [
        ["pod-kill", "passed"],
        ["replica-loss", "failed"],
        ["nginx-reload", "passed"],
    ]
    lost, acknowledged = head.index("lost"), head.index("acknowledged")
    for line, count in zip(lines[:3], ("0", "1", "0"), strict=True):
        assert line[lost : lost + 4].strip() == count
        assert line[acknowledged : acknowledged + 12].strip() == "40"
    assert [line.partition(":")[0] for line in lines[3:]] == ["replica-loss"]


def test_json_has_every_drill_and_each_has_its_report(
    broken: Broken, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken({"pod-kill": WHOLE, "redis-loss": WHOLE})
    assert all_of_them(as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert {one["name"]: one["lost"] for one in told} == {"pod-kill": 0, "redis-loss": 0}
    for one in told:
        assert (tmp_path / one["name"] / "report.html").is_file()


def test_what_is_known_is_told_also_when_a_later_one_breaks_off(
    broken: Broken, capsys: pytest.CaptureFixture[str]
) -> None:
    broken({"pod-kill": WHOLE, "redis-loss": None})
    with pytest.raises(HmbError, match="not whole"):
        command.drill("all", as_json=False)
    assert "pod-kill" in capsys.readouterr().out
