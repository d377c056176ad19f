"""hmb history trend along a branch: which runs lie on the line, and in which order."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from capacity import history
from capacity.compare.readings import ALL
from cli.main import app
from tests.cli.commits import git
from tests.compare.sets import run_set


@pytest.fixture(scope="module")
def measured_commits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve commits of `main`, two of a branch merged into it, and a run of each.

    The runs of `main` were made from the newest commit to the oldest; `bare` was not measured.
    """
    folder = tmp_path_factory.mktemp("history")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commits = [committed(folder, f"main {number}") for number in range(6)]
    git(folder, "checkout", "--quiet", "-b", "side")
    aside = [committed(folder, f"side {number}") for number in range(2)]
    git(folder, "checkout", "--quiet", "main")
    git(folder, "merge", "--quiet", "--no-ff", "-m", "merged", "side")
    commits.append(git(folder, "rev-parse", "HEAD"))
    commits += [committed(folder, f"main {number}") for number in range(7, 12)]
    git(folder, "checkout", "--quiet", "--orphan", "bare")
    committed(folder, "alone")
    # from its seventh commit on main is slower; what was merged there is slower still
    measured(folder, commits[::-1], [1.5] * 6 + [1.0] * 6, timedelta(0))
    measured(folder, aside, [3.0, 3.0], timedelta(days=1))
    return folder


@pytest.fixture
def folder(measured_commits: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder to stand in."""
    monkeypatch.chdir(measured_commits)
    return measured_commits


def committed(folder: Path, what: str) -> str:
    git(folder, "commit", "--quiet", "--allow-empty", "-m", what)
    return git(folder, "rev-parse", "HEAD")


def measured(
    folder: Path, commits: Sequence[str], factors: Sequence[float], apart: timedelta
) -> None:
    runs = run_set("head", factors, endpoints=(ALL,), apart=apart)
    for one, commit in zip(runs, commits, strict=True):
        where = one.run.where.model_copy(update={"commit": commit})
        run = one.run.model_copy(update={"where": where, "id": f"run-of-{commit[:7]}"})
        p50 = {key: found for key, found in one.readings.items() if key.statistic == "p50"}
        history.add(folder / "runs" / "history.sqlite", run, p50)


def test_a_branchs_own_commits_in_its_order(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main = git(folder, "rev-list", "--first-parent", "--reverse", "main").split()
    assert len(main) == 12
    assert not app(["history", "trend", "--branch", "main", "--json"], standalone_mode=False)
    said = capsys.readouterr()
    assert "12 runs of 14 are of commits of main" in said.err
    told = json.loads(said.out)
    assert [one["commit"] for one in told["runs"]] == main
    (p50,) = told["trends"]
    assert p50["values"] == [10.0] * 6 + [15.0] * 6
    (change,) = p50["changes"]
    assert (change["commit"], change["worse"]) == (main[6], True)


@pytest.mark.usefixtures("folder")
def test_without_a_branch_all_runs_by_their_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert not app(["history", "trend", "--json"], standalone_mode=False)
    told = json.loads(capsys.readouterr().out)
    (p50,) = told["trends"]
    assert p50["values"] == [15.0] * 6 + [10.0] * 6 + [30.0] * 2


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("branch", "said"),
    [("nowhere", "knows no commit 'nowhere'"), ("bare", "no run of a commit of bare")],
)
def test_a_branch_that_is_not_there_or_was_not_measured(
    capsys: pytest.CaptureFixture[str], branch: str, said: str
) -> None:
    assert app(["history", "trend", "--branch", branch], standalone_mode=False) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1
    assert said in errors[0]
