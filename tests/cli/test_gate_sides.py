"""How a gate's sides are started, measured by turns and taken away, without a load."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from capacity.errors import UsageError
from cli import gating
from cli.stacking import Scale
from scenarios.fingerprint import where
from scenarios.runner import RunRequest
from stack import data, engine, worktrees
from stack.errors import StackError
from tests.cli.commits import git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits; the second changes `version`."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    for version in ("one", "two"):
        (folder / "version").write_text(version)
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "-m", version)
    return folder


@contextmanager
def started(
    repository: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, *, fails: bool = False
) -> Iterator[tuple[gating.Side, list[Any]]]:
    """The side of the first commit, its stack only pretended."""
    seen: list[Any] = []

    def up(home: Path, **asked: Any) -> str:
        seen.append(("up", (home / "version").read_text(), asked["bound"], asked["pods"]))
        if fails:
            raise StackError("a server does not start")
        return "running"

    monkeypatch.setattr(engine, "up", up)
    monkeypatch.setattr(engine, "wipe", lambda home: seen.append(("wipe", home.exists())))
    monkeypatch.setattr(data, "ensure_seeded", lambda *asked: seen.append(("seed", asked[1])))
    checkout = gating.Checkout(repository, "HEAD~1", worktrees.commit_of(repository, "HEAD~1"))
    with gating.own_stack_at("base", checkout, scratch, 2, Scale.SMALL) as side:
        yield side, seen


def test_a_stack_of_a_commit_is_started_in_a_worktree_and_wiped(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started(repository, tmp_path, monkeypatch) as (side, seen):
        assert side.name == "base"
        # it ends with this process, however that ends
        assert seen == [("up", "one", True, 2), ("seed", "small")]
        assert len(git(repository, "worktree", "list").splitlines()) == 2
    # wiped while its files were still there
    assert seen[-1] == ("wipe", True)
    assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert not (tmp_path / "base").exists()


def test_a_stack_that_does_not_start_is_taken_away_too(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        pytest.raises(StackError, match="does not start"),
        started(repository, tmp_path, monkeypatch, fails=True),
    ):
        pass
    assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert not (tmp_path / "base").exists()


def test_what_is_no_commit_and_no_checkout_is_told(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="knows no commit 'nothing'"):
        worktrees.commit_of(repository, "nothing")
    with pytest.raises(UsageError, match="knows no commit '--help'"):
        worktrees.commit_of(repository, "--help")
    with pytest.raises(UsageError, match="is no git checkout"):
        worktrees.root_of(tmp_path)
    assert not worktrees.changed(repository)
    (repository / "version").write_text("three")
    assert worktrees.changed(repository)


def measured(plan: gating.Plan, folder: Path) -> tuple[int, list[tuple[str, int, str]]]:
    """The rounds that count, and every run: which side, its seed, the folder it went to."""
    runs: list[tuple[str, int, str]] = []

    def side(name: str) -> gating.Side:
        def run(request: RunRequest, into: Path) -> Path:
            runs.append((name, request.seed, into.name))
            return into

        return gating.Side(name, run)

    request = RunRequest(folder / "mine.py", "", where(folder))
    return gating.measure([side("base"), side("head")], plan, request, folder), runs


def test_sides_take_turns_in_an_order_that_is_drawn(tmp_path: Path) -> None:
    plan = gating.Plan(12, 2, 1.0, 2.0, 0.0, seed=3)
    rounds, runs = measured(plan, tmp_path)
    assert rounds == 12
    pairs = [runs[at : at + 2] for at in range(0, len(runs), 2)]
    assert all({name for name, _, _ in pair} == {"base", "head"} for pair in pairs)
    # the two of a pair decide alike, the next pair otherwise
    assert [{seed for _, seed, _ in pair} for pair in pairs] == [{3 + n} for n in range(13)]
    assert {into for _, _, into in pairs[0]} == {"dropped"}
    assert all(name == into for pair in pairs[1:] for name, _, into in pair)
    first = [pair[0][0] for pair in pairs]
    assert 2 < first.count("base") < 11
    assert measured(plan, tmp_path) == (rounds, runs)


def test_no_round_begins_when_the_time_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 10_000, 40))
    monkeypatch.setattr(gating.time, "monotonic", lambda: float(next(clock)))
    plan = gating.Plan(12, 2, 0.0, 1.0, 0.0, seed=1)
    assert plan.most_s == 2 * 13 * 2 * 6
    rounds, runs = measured(plan, tmp_path)
    # 40 s a round: the eighth look at the clock is past 312 s
    assert rounds == 7
    assert len(runs) == 2 * 8
    # by what those before took
    assert "round 1 of 12, about 8 min left: " in capsys.readouterr().err


def test_the_budget_is_told_in_words() -> None:
    told = gating.Plan(12, 2, 3.0, 10.0, 180.0, seed=1).words()
    assert told == "1 pair to warm up and 12 pairs of 3 s + 10 s: about 11 min, at most 22 min"
