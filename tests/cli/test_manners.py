"""The manners of the command: its greeting, its help, completion and colours."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.main import app
from stack import doctor, servers
from stack.outcome import State
from tests.cli.conftest import COMMAND, Said


def test_alone_it_says_what_to_do_next(hmb: Callable[..., Said], tmp_path: Path) -> None:
    said = hmb(tmp_path)
    assert said.code == 0
    known = {command.name for command in app.registered_commands}
    named = {line.split()[1] for line in said.out.splitlines() if line.startswith("  hmb ")}
    assert named
    assert named <= known


def test_the_shell_completes_commands(tmp_path: Path) -> None:
    asked = {"_HMB_COMPLETE": "complete_bash", "COMP_WORDS": "hmb pre", "COMP_CWORD": "1"}
    done = subprocess.run(
        COMMAND, env=os.environ | asked, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["preflight"]


def test_every_command_shows_an_example() -> None:
    groups = [("", app), *((f"{one.name} ", one.typer_instance) for one in app.registered_groups)]
    commands = {
        f"{group}{command.name or command.callback.__name__}": command.epilog or ""
        for group, typer in groups
        if typer is not None
        for command in typer.registered_commands
        if command.callback is not None
    }
    assert "history trend" in commands
    silent = [name for name, said in commands.items() if f"For example: hmb {name}" not in said]
    assert silent == []


def test_what_is_missing_is_named_with_its_cure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = servers.find
    monkeypatch.setattr(
        servers, "find", lambda name: None if name in ("redis-server", "chromium") else there(name)
    )
    found = {one.what: one for one in doctor.look(tmp_path)}
    assert found["redis-server"].outcome.state is State.FAILED
    assert "apt install redis-server" in found["redis-server"].mend
    assert found["nginx"].outcome.state is State.PASSED
    assert found["nginx"].mend == ""
    assert found["openssl"].outcome.note != "unknown"


def test_the_doctor_speaks_json(hmb: Callable[..., Said], tmp_path: Path) -> None:
    said = hmb(tmp_path, "doctor", "--json")
    found = json.loads(said.out)
    missing = any(one["state"] == "failed" for one in found)
    assert said.code == (1 if missing else 0)
    assert {"Python", "postgres", "ports", "cores", "memory"} <= {one["what"] for one in found}
