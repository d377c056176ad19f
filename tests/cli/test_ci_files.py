"""The files CI systems run: their words are the command's, and exit codes arrive."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from cli.main import app

CHECKOUT = Path(__file__).resolve().parents[2]
ACTION = CHECKOUT / ".github" / "actions" / "gate" / "action.yml"
FILES = (
    ACTION,
    CHECKOUT / ".github" / "workflows" / "performance-gate.yml",
    CHECKOUT / "deploy" / "gitlab-ci.yml",
    CHECKOUT / "docs" / "guides" / "gate.md",
)
AUDIT = CHECKOUT / ".github" / "workflows" / "dependency-audit.yml"
FAKE = """#!/bin/bash
echo "$@" >> said
if [ "$1" = gate ]; then mkdir -p out/head; exit {code}; fi
echo "told as $5"
exit {code}
"""


def options_of(name: str) -> set[str]:
    command: Any = get_command(app)
    return {word for one in command.commands[name].params for word in one.opts}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_option_is_one_of_the_commands(path: Path) -> None:
    text = path.read_text().replace("\\\n", " ")
    used = [
        (name, option)
        for name, rest in re.findall(r"(?:hmb|\"\$HMB\") (gate|compare|import)\b([^\n|>`]*)", text)
        for option in re.findall(r"(--[a-z-]+)", rest)
    ]
    assert used or path == ACTION or "options: --users" in text
    for name, option in used:
        assert option in options_of(name)
    for option in re.findall(r"options: (--[a-z-]+)", text):
        assert option in options_of("gate")


@pytest.mark.parametrize(
    ("locked", "declared", "command"),
    [
        ("requirements.lock", "pyproject.toml", r"\S*pip-audit .*-r requirements\.lock"),
        (
            "reference_app/frontend/package-lock.json",
            "reference_app/frontend/package.json",
            "npm audit --omit=dev",
        ),
    ],
    ids=["python", "front end"],
)
def test_what_is_locked_is_audited_daily_and_when_it_changes(
    locked: str, declared: str, command: str
) -> None:
    workflow = yaml.safe_load(AUDIT.read_text())
    when = workflow[True]  # YAML 1.1 reads `on` so
    assert {locked, declared} <= set(when["pull_request"]["paths"])
    assert any(re.fullmatch(r"\d+ \d+ \* \* \*", each["cron"]) for each in when["schedule"])
    (job,) = (
        job
        for job in workflow["jobs"].values()
        if any(re.fullmatch(command, step.get("run", "")) for step in job["steps"])
    )
    folder = CHECKOUT / job.get("defaults", {}).get("run", {}).get("working-directory", "")
    assert (folder / Path(locked).name).samefile(CHECKOUT / locked)


@pytest.mark.parametrize(
    ("code", "inconclusive", "ends"),
    [(0, "pass", 0), (4, "pass", 4), (5, "pass", 0), (5, "fail", 5)],
)
def test_the_action_passes_on_what_the_gate_says(
    tmp_path: Path, code: int, inconclusive: str, ends: int
) -> None:
    step = yaml.safe_load(ACTION.read_text())["runs"]["steps"][0]
    fake = tmp_path / "hmb"
    fake.write_text(FAKE.format(code=code))
    fake.chmod(0o755)
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "HMB": "./hmb",
            "JOURNEYS": "my journeys.py",
            "BASE": "abc",
            "HEAD": "def",
            "BASE_CMD": "run it",
            "HEAD_CMD": "run it",
            "OPTIONS": "--rounds 12 --users 5",
            "FOLDER": "out",
            "INCONCLUSIVE": inconclusive,
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        },
    )
    assert done.returncode == ends, done.stderr
    assert set(step["env"]) <= {"INCONCLUSIVE", "FOLDER", "OPTIONS", "HMB", "JOURNEYS"} | {
        "BASE",
        "HEAD",
        "BASE_CMD",
        "HEAD_CMD",
    }
    said = (tmp_path / "said").read_text().splitlines()
    assert said[0] == (
        "gate my journeys.py --base abc --head def --folder out --base-cmd run it "
        "--head-cmd run it --rounds 12 --users 5"
    )
    assert (tmp_path / "output").read_text() == f"code={code}\n"
    assert (tmp_path / "summary").read_text() == "told as markdown\n"
    assert "told as annotations" in done.stdout
