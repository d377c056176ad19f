"""Stored baselines: kept, held against, and refused when they are another machine's."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from capacity.load_model import ClosedLoad
from capacity.run import Machine, Run
from capacity.store import write_run
from cli import gating
from cli.main import app
from scenarios.fingerprint import where
from scenarios.runner import RunRequest
from tests.reports.sample import sample_run

Gate = Callable[..., int]
COMMAND = "python -c pass"


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """`hmb gate` in a folder of its own; its runs are made up, and no service is started."""
    (tmp_path / "mine.py").write_text("")
    monkeypatch.chdir(tmp_path)
    slowness = [1.0]
    runs = 0

    def measure(
        sides: Sequence[gating.Side], plan: gating.Plan, request: RunRequest, folder: Path
    ) -> int:
        nonlocal runs
        for number in range(plan.rounds):
            for side in sides:
                runs += 1
                run = made_up(f"run-{runs}", runs, slowness[0], number)
                write_run(folder / side.name / run.id, run)
        return plan.rounds

    monkeypatch.setattr(gating, "measure", measure)
    monkeypatch.setattr(
        gating, "service", lambda name, *_rest, **_how: _Nothing(gating.Side(name, _never))
    )

    def call(*words: str, slower: float = 1.0) -> int:
        slowness[0] = slower
        code: int = app(
            ["gate", "mine.py", "--head-cmd", COMMAND, "--rounds", "8", *words],
            standalone_mode=False,
        )
        return code or 0

    return call


class _Nothing:
    """A service that is there without being started."""

    def __init__(self, side: gating.Side) -> None:
        self._side = side

    def __enter__(self) -> gating.Side:
        return self._side

    def __exit__(self, *_error: object) -> None:
        """Nothing to end."""


def _never(_request: RunRequest, _into: Path) -> Path:
    raise AssertionError("no run is made here")


def made_up(name: str, minute: int, slowness: float, seed: int) -> Run:
    """A run of `mine` on this machine."""
    run = sample_run(own_system=False, slowness=slowness, seed=seed)
    what = run.what.model_copy(
        update={"scenario": "mine", "load": ClosedLoad(kind="closed", users=10)}
    )
    started = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(minutes=minute)
    return run.model_copy(
        update={"id": name, "what": what, "where": where(Path.cwd()), "started_at": started}
    )


def test_a_baseline_is_kept_and_held_against(
    gate: Gate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate("--save", "kept/baseline") == 0
    assert len(list((tmp_path / "kept/baseline").iterdir())) == 8
    capsys.readouterr()
    assert gate("--against", "kept/baseline", "--json", slower=1.4) == 4
    told = json.loads(capsys.readouterr().out)
    assert (told["design"], told["base"]["name"]) == ("two sets of runs", "baseline")
    assert any("did not run by turns" in note for note in told["notes"])
    first = told["findings"][0]
    assert (first["endpoint"], first["outcome"]) == ("all requests", "worse")
    # of the same code nothing is worse
    assert gate("--against", "kept/baseline") in (0, 5)


def test_what_is_there_is_not_overwritten(
    gate: Gate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "baseline").mkdir()
    assert gate("--save", "baseline") == 2
    assert "is not overwritten" in capsys.readouterr().err


@pytest.mark.parametrize("other", ["machine", "scenario"])
def test_a_baseline_of_another_machine_or_scenario_is_refused_before_anything_starts(
    gate: Gate, tmp_path: Path, capsys: pytest.CaptureFixture[str], other: str
) -> None:
    run = made_up("other", 1, 1.0, 1)
    if other == "machine":
        machine = Machine(
            cpu_model="a big one", cores=64, memory_bytes=10**12, system="Linux", python="3.11"
        )
        run = run.model_copy(update={"where": run.where.model_copy(update={"machine": machine})})
        said = "is from another machine, a big one with 64 cores"
    else:
        run = run.model_copy(update={"what": run.what.model_copy(update={"scenario": "theirs"})})
        said = "it ran theirs, not mine"
    write_run(tmp_path / "baseline" / "other", run)
    assert gate("--against", "baseline") == 2
    told = capsys.readouterr().err
    assert said in told
    assert "gate: 1 run to warm up" not in told
