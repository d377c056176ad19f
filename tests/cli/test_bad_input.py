"""Every bad input: one clear line, the right exit code, nothing left behind."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from capacity.store import RecordError, write_run
from cli.judging import tell
from tests.cli.conftest import Said
from tests.reports.sample import sample_run

Hmb = Callable[..., Said]

SLO = """
[[slo]]
id = "quick"
metric = "latency"
statistic = "p95"
op = "<"
limit = 200
"""


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["loadtest", "mixd"], 2, "did you mean mixed"),
        (["loadtest", "--users", "0"], 2, "--users"),
        (["loadtest", "--users", "many"], 2, "--users"),
        (["loadtest", "--duration", "1x"], 2, "'1x' is not a duration"),
        (["loadtest", "--duration", "0"], 2, "above 0"),
        (["loadtest", "--warmup", "-5s"], 2, "'-5s' is not a duration"),
        (["loadtest", "--duratoin", "5s"], 2, "--duratoin"),
        (["loadtset"], 2, "Did you mean 'loadtest'"),
        (["loadtest", "--pods", "11"], 2, "--pods"),
        (["loadtest", "gone.py", "--host", "http://127.0.0.1:1"], 2, "no locustfile gone.py"),
        (["loadtest", "mixed", "--host", "http://127.0.0.1:1"], 2, "leave out --host"),
        (["loadtest", "mine.py", "--host", "127.0.0.1:80"], 2, "write http://"),
        (["loadtest", "mine.py", "--host", "http://[::1"], 2, "write http://"),
        (["loadtest", "mine.py", "--host", "http://192.0.2.7"], 2, "--allow-remote 192.0.2.7"),
        (["loadtest", "mine.py", "--host", "http://127.0.0.1:1"], 1, "cannot reach"),
        (["loadtest", "--slo", "none.toml"], 2, "no SLO file at none.toml"),
        (["loadtest", "--slo", "key.toml"], 2, "limit"),
        (["loadtest", "--slo", "metric.toml"], 2, "latency"),
        (["loadtest", "--slo", "broken.toml"], 2, "not TOML"),
        (["report"], 1, "no run in"),
        (["report", "20200101-000000-mixed"], 1, "20200101-000000-mixed"),
        (["report", "old"], 1, "version"),
        (["report", "latest", "--format", "pdf"], 2, "--format"),
        (["up", "--engine", "podman"], 2, "--engine"),
        (["up", "--profile", "grafana"], 2, "--profile"),
    ],
)
def test_one_line_and_the_right_code(
    here: Hmb, tmp_path: Path, words: list[str], code: int, says: str
) -> None:
    _told_in_one_line(here, tmp_path, words, code, says)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [(["loadtest", "mixd"], 2, "did you mean mixed"), (["report", "old"], 1, "version")],
)
def test_a_process_ends_with_that_code(
    hmb: Hmb, tmp_path: Path, words: list[str], code: int, says: str
) -> None:
    _told_in_one_line(hmb, tmp_path, words, code, says)


def _told_in_one_line(run: Hmb, tmp_path: Path, words: list[str], code: int, says: str) -> None:
    _fill(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    said = run(tmp_path, *words)
    assert said.code == code, said
    assert said.out == ""
    lines = said.err.strip().splitlines()
    assert len(lines) == 1, said.err
    assert lines[0].startswith("error: ")
    assert says in lines[0]
    left = [path for path in sorted(tmp_path.rglob("*")) if path not in before]
    assert [path for path in left if path.is_file()] == []


def _fill(folder: Path) -> None:
    (folder / "mine.py").write_text("from locust import HttpUser, task\n")
    (folder / "key.toml").write_text(SLO.replace("limit", "limt"))
    (folder / "metric.toml").write_text(SLO.replace('"latency"', '"latencey"'))
    (folder / "broken.toml").write_text("[[slo]\n")
    old = folder / "runs" / "old"
    old.mkdir(parents=True)
    (old / "run.json").write_text(json.dumps({"version": 999, "id": "old"}))


def test_a_damaged_histogram_is_one_line(here: Hmb, tmp_path: Path) -> None:
    record = sample_run()
    hurt = [one.model_copy(update={"corrected": "HISTFnone"}) for one in record.endpoints]
    write_run(tmp_path / "runs" / record.id, record.model_copy(update={"endpoints": hurt}))
    said = here(tmp_path, "report")
    assert said.code == 1
    assert len(said.err.strip().splitlines()) == 1
    assert "histogram of the record is damaged" in said.err


def test_verdicts_are_told_even_if_the_report_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = sample_run()
    write_run(tmp_path, record)
    (tmp_path / "report.html").mkdir()
    with pytest.raises(RecordError, match="cannot write"):
        tell(tmp_path, as_json=False)
    assert "latency-p95" in capsys.readouterr().out


def test_help_names_every_command(hmb: Hmb, tmp_path: Path) -> None:
    said = hmb(tmp_path, "--help")
    assert said.code == 0
    for command in ("up", "down", "status", "seed", "loadtest", "report", "runs", "scenarios"):
        assert f"\n  {command} " in said.out


def test_help_imports_nothing_heavy() -> None:
    import subprocess
    import sys

    heavy = ("pandas", "numpy", "matplotlib", "locust", "psycopg", "scipy", "stack.engine")
    code = f"import sys, cli.main; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_scenarios_are_listed_with_what_they_do(here: Hmb, tmp_path: Path) -> None:
    said = here(tmp_path, "scenarios")
    assert said.code == 0
    lines = said.out.splitlines()
    does = {line.split()[0]: line for line in lines[::2]}
    people = dict(zip(does, lines[1::2], strict=True))
    assert {"mixed", "smoke", "browse"} <= set(does)
    assert all(len(line.split()) > 4 for line in does.values())
    assert people["browse"].split() == ["100", "%", "anonymous"]
    assert "50.0 % anonymous, 41.6 % Free, 0.850 % Pro" in people["mixed"]
    assert people["mixed"].endswith("7.50 % Pro or Business (tiers claimed)")
    assert people["paying"].endswith("10.0 % Business (tiers assumed)")


@pytest.mark.parametrize(
    ("words", "text", "problem"),
    [
        (["mixed"], "free = 0.5\npremium = 0.5", "no tier is called 'premium'"),
        (["mixed"], "free = 0.5", "the shares must add up to 1, and they come to 0.5"),
        (["mixed"], "anonymous = 0.5\nfree = 0.5", "0 Business and Pro accounts for 150"),
        (["browse"], "free = 1", "nobody signs in in scenario browse"),
        (["mine.py"], "free = 1", "--population picks accounts for built-in scenarios"),
    ],
)
def test_people_that_cannot_be_are_refused_before_a_stack_is_started(
    here: Hmb, tmp_path: Path, words: list[str], text: str, problem: str
) -> None:
    (tmp_path / "people.toml").write_text(text)
    (tmp_path / "mine.py").write_text("")
    for command in ("loadtest", "sweep"):
        said = here(tmp_path, command, *words, "--population", "people.toml")
        assert (said.code, said.out) == (2, "")
        assert problem in said.err
        assert len(said.err.splitlines()) == 1
