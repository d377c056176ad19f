"""hmb gate, compare, import and history as a person runs them, against tiny services."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import gating
from cli.main import app
from scenarios.runner import RunRequest
from tests.cli.conftest import Going, Said, processes_of
from tests.scenarios.one_run import HERE

Hmb = Callable[..., Said]
SERVICE = Path(__file__).resolve().parents[1] / "bench" / "tiny_service.py"
JOURNEYS = """
from locust import FastHttpUser, constant, task

class Caller(FastHttpUser):
    wait_time = constant(0.01)

    @task
    def heavy(self):
        self.client.get("/heavy")
"""
QUICK = ("--users", "4", "--warmup", "0", "--duration", "2s")


def command(work: int, *more: str) -> str:
    return " ".join([sys.executable, "service.py", str(work), *more])


def counted(file: str) -> str:
    """A command that leaves a line in `file` for each start."""
    return f"sh -c 'echo started >> {file}; exec {command(5_000)}'"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a service and journeys of a person's own."""
    (tmp_path / "mine.py").write_text(JOURNEYS)
    (tmp_path / "service.py").write_text(SERVICE.read_text())
    return tmp_path


def test_two_commands_by_turns(hmb: Hmb, folder: Path) -> None:
    said = hmb(
        folder,
        *("gate", "mine.py", "--base-cmd", counted("starts")),
        *("--head-cmd", command(5_000, "0.5")),
        *("--rounds", "1", "--folder", "out", "--json", *QUICK),
    )
    # to see whether it does, for the warm-up round, for the pair
    assert (folder / "starts").read_text() == "started\n" * 3
    # one pair shows little; that half of the head's requests fail is plain all the same
    assert said.code == 4, said.err
    assert "1 pair to warm up and 1 pair of" in said.err.splitlines()[0]
    told = json.loads(said.out)
    assert (told["design"], told["state"]) == ("one run of each", "regressed")
    failures = next(one for one in told["findings"] if one["statistic"] == "failures")
    assert (failures["endpoint"], failures["outcome"]) == ("all requests", "worse")
    assert failures["change"] == pytest.approx(50, abs=15)
    assert [len(list((folder / "out" / name).iterdir())) for name in ("base", "head")] == [1, 1]
    assert len(list((folder / "out" / "dropped").iterdir())) == 2
    assert "<html" in (folder / "out" / "comparison.html").read_text()
    assert processes_of(folder) == []
    _compared_again(hmb, folder)
    _kept_in_a_history(hmb, folder)


def test_a_service_that_is_kept_running_is_started_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def load(request: RunRequest, _probes: object, *, into: Path) -> Path:
        loaded.append(request.host)
        return into

    monkeypatch.setattr(gating, "run_load", load)
    request = RunRequest(folder / "mine.py", "", HERE)
    with gating.service("one", counted("starts"), folder, None, folder, keep_running=True) as side:
        for _ in range(2):
            side.run(request, folder)
    assert (folder / "starts").read_text() == "started\n"
    assert len(loaded) == 2
    assert len(set(loaded)) == 1


def _compared_again(hmb: Hmb, folder: Path) -> None:
    """The records tell the same in every form: half of the head's requests failed."""
    said = hmb(folder, "compare", "out/base", "out/head")
    assert said.code == 4, said.out
    assert "Regressed: " in said.out
    worse = [line for line in said.out.splitlines() if "✗ worse" in line]
    assert any("all requests: failures" in line for line in worse)
    assert "not how much two runs of the same code differ" in said.out
    assert "all requests: cpu" in said.out
    annotations = hmb(folder, "compare", "out/base", "out/head", "--format", "annotations")
    assert "::error title=worse%3A all requests%3A failures::0 %25 to " in annotations.out
    assert (
        "# Regressed" in hmb(folder, "compare", "out/base", "out/head", "--format", "markdown").out
    )


def _kept_in_a_history(hmb: Hmb, folder: Path) -> None:
    assert hmb(folder, "history", "add", "out/base", "out/head").code == 0
    listed = json.loads(hmb(folder, "history", "list", "--json").out)
    assert [one["scenario"] for one in listed] == ["mine", "mine"]
    said = hmb(folder, "history", "trend")
    assert said.code == 0, said.err
    assert "No figure changed its level in 2 runs" in said.out
    assert "<svg" in (folder / "runs" / "trend.html").read_text()


def test_ctrl_c_leaves_no_process_and_no_worktree(
    begin: Callable[..., Going], folder: Path
) -> None:
    for words in (
        ["init", "--quiet"],
        ["add", "."],
        ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "-m", "one"],
    ):
        subprocess.run(["git", *words], cwd=folder, check=True)
    going = begin(
        folder,
        *("gate", "mine.py", "--base", "HEAD", "--head", "HEAD", "--folder", "out"),
        *("--base-cmd", command(5_000), "--head-cmd", command(5_000), *QUICK),
    )
    going.wait_for("warm-up round")
    # the services run in the worktrees
    worktrees = subprocess.run(
        ["git", "worktree", "list"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert len(worktrees) == 3
    said = going.interrupt()
    assert said.code == 130, said.err
    left = subprocess.run(
        ["git", "worktree", "list"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert len(left) == 1
    for line in worktrees[1:]:
        place = Path(line.split()[0])
        assert not place.exists()
        assert processes_of(place) == []
    assert processes_of(folder) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gate"], "name what to compare with"),
        (["gate", "--base", "HEAD", "--keep-running"], "--keep-running is for services of your"),
        (
            [
                "gate",
                "mine.py",
                *("--base-cmd", "x", "--head-cmd", "y", "--port", "9"),
                "--keep-running",
            ],
            "two services cannot both stay up at one --port",
        ),
        (["gate", "--base-cmd", "x"], "give both --base-cmd and --head-cmd"),
        (["gate", "--base-cmd", "x", "--head-cmd", "y"], "loads only hmb's own stack"),
        (["gate", "--base", "no-such-commit"], "knows no commit 'no-such-commit'"),
        (["gate", "mine.py", "--base-cmd", "'", "--head-cmd", "y"], "No closing quotation"),
        (["gate", "--against", "nowhere"], "no run record at"),
        (["compare", "runs", "runs"], "holds no run"),
        (["compare", "a", "b", "--min-effect", "0"], "no change that matters"),
        (["import", "mine.py"], "neither Locust's"),
        (["history", "trend"], "there is no history"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    (folder / "runs").mkdir()
    monkeypatch.chdir(folder)
    code = app(words, standalone_mode=False)
    assert code in (1, 2)
    errors = capsys.readouterr().err.splitlines()
    assert len([line for line in errors if line.startswith("error: ")]) == 1
    assert said in errors[-1]


def test_a_service_that_does_not_start_is_told_with_its_log(hmb: Hmb, folder: Path) -> None:
    done = hmb(
        folder,
        *("gate", "mine.py", "--base-cmd", command(1), "--head-cmd", f"{sys.executable} -c 1/0"),
        *("--folder", "out", *QUICK),
    )
    assert done.code == 1
    assert "the command of head ended with 1 before it listened" in done.err
    assert "ZeroDivisionError" in done.err
    assert processes_of(folder) == []


def test_an_imported_run_is_reported_and_compared(hmb: Hmb, folder: Path) -> None:
    for name, slower in (("base", 1.0), ("head", 1.5)):
        rows = [
            {
                "type": "Point",
                "metric": "http_req_duration",
                "data": {
                    "time": f"2026-11-23T12:00:{number // 50:02d}.5Z",
                    "value": slower * (10 + number % 10),
                    "tags": {"method": "GET", "status": "200", "name": "items"},
                },
            }
            for number in range(1_000)
        ]
        lines = "".join(f"{json.dumps(row)}\n" for row in rows)
        (folder / f"{name}.json").write_text(lines)
    paths = [hmb(folder, "import", f"{name}.json").out.strip() for name in ("base", "head")]
    said = hmb(folder, "compare", *paths)
    assert said.code == 4, said.out + said.err
    assert "median latency of all requests +50 %" in said.out
    assert "without the time to connect" in said.out
    assert hmb(folder, "report", paths[0]).code == 0
    assert "not recorded" in (Path(paths[0]) / "report.html").read_text()
    told = hmb(folder, "report", paths[0], "--format", "markdown").out
    assert "> **Imported**: k6's JSON lines: latencies are http" in told
