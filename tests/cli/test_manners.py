"""The manners of the command: its greeting, its help, completion and colours."""

import io
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import verdict_table
from cli.main import app
from docs.reference_pages import commands as reference
from stack import doctor, servers
from stack.outcome import State
from tests.capacity.cases import run_of, target, verdict
from tests.cli.conftest import COMMAND, Said
from tests.docs.test_code import problem


def test_alone_it_says_what_to_do_next(hmb: Callable[..., Said], tmp_path: Path) -> None:
    said = hmb(tmp_path)
    assert said.code == 0
    known = {command.name for command in app.registered_commands}
    named = {line.split()[1] for line in said.out.splitlines() if line.startswith("  hmb ")}
    assert named
    assert named <= known


def _completed(words: str, folder: Path) -> list[str]:
    """What a shell offers for the last of these words."""
    last = str(words.count(" "))
    asked = {"_HMB_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": last}
    done = subprocess.run(
        COMMAND, env=os.environ | asked, cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("hmb pre", ["preflight"]),
        ("hmb history t", ["trend"]),
        ("hmb loadtest mix", ["mixed"]),
        ("hmb loadtest mine", []),  # the shell's own files then
        ("hmb drill pod-", ["pod-kill", "pod-stall"]),
        ("hmb report 2026-1", ["2026-12-b", "2026-11-a"]),
        ("hmb compare la", ["latest"]),
    ],
)
def test_the_shell_completes_what_has_a_name(
    words: str, offered: list[str], tmp_path: Path
) -> None:
    for run in ("2026-11-a", "2026-12-b"):
        (tmp_path / "runs" / run).mkdir(parents=True)
        (tmp_path / "runs" / run / "run.json").touch()
    assert _completed(words, tmp_path) == offered


def test_every_command_ends_its_help_with_examples_that_can_be_typed() -> None:
    groups = [("", app), *((f"{one.name} ", one.typer_instance) for one in app.registered_groups)]
    commands = {
        f"{group}{command.name or command.callback.__name__}": command.epilog or ""
        for group, typer in groups
        if typer is not None
        for command in typer.registered_commands
        if command.callback is not None
    }
    assert "history trend" in commands
    for name, said in commands.items():
        _, _, told = said.partition("For example:\n")
        examples = [line.strip() for line in told.splitlines()]
        assert examples, name
        for one in examples:
            assert one.startswith(f"hmb {name}"), one
            assert problem(one.removeprefix("hmb ")) == "", one


def test_help_names_values_by_what_one_types(hmb: Callable[..., Said], tmp_path: Path) -> None:
    for name, _ in reference.commands():
        said = hmb(tmp_path, *name.split()[1:], "--help")
        assert not re.search(r"<[a-z]|list\[", said.out.split("For example:")[0])
    up, gate = (hmb(tmp_path, name, "--help").out for name in ("up", "gate"))
    for option in ("--engine native|compose", "--pods N ", "--profile monitoring|local"):
        assert f"  {option}" in up
    for option in ("--base COMMIT", "--against PATH", "--duration TIME", "--json "):
        assert f"  {option}" in gate
    assert " gate [OPTIONS] [JOURNEYS]" in gate
    assert "\n  JOURNEYS  " in gate


def test_the_list_of_commands_cuts_no_sentence_off(
    hmb: Callable[..., Said], tmp_path: Path
) -> None:
    for words in ([], ["history"]):
        said = hmb(tmp_path, *words, "--help")
        _, _, listed = said.out.partition("Commands:")
        assert listed
        assert "..." not in listed


def test_a_group_alone_says_which_commands_it_has(hmb: Callable[..., Said], tmp_path: Path) -> None:
    said = hmb(tmp_path, "history")
    assert said.code == 0
    assert {"add", "list", "trend"} <= set(said.out.split())


@pytest.mark.parametrize("asked", [{}, {"NO_COLOR": "1"}])
def test_colours_are_left_out_where_nobody_wants_them(
    asked: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"TERM": "xterm-256color"} | asked).items():
        monkeypatch.setenv(name, value)
    shown = io.StringIO()
    monkeypatch.setattr(shown, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdout", shown)
    verdict_table.show(run_of({300: 5_000}), [verdict(run_of({300: 5_000}), target())])
    red = re.findall(r"\x1b\[[\d;]*31m", shown.getvalue())
    assert bool(red) == (asked == {})


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
    assert found["board's pages"].outcome.state is State.WANTED
    assert "make frontend" in found["board's pages"].mend
    assert found["nginx"].outcome.state is State.PASSED
    assert found["nginx"].mend == ""
    assert found["openssl"].outcome.note != "unknown"


def test_the_doctor_speaks_json(hmb: Callable[..., Said], tmp_path: Path) -> None:
    said = hmb(tmp_path, "doctor", "--json")
    found = json.loads(said.out)
    missing = [one["what"] for one in found if one["state"] == "failed"]
    assert said.code == (1 if missing else 0)
    last = said.err.splitlines()[-1]
    assert last.endswith(", ".join(missing) if missing else "hmb loadtest mixed")
    assert {"Python", "postgres", "ports", "cores", "memory"} <= {one["what"] for one in found}


@pytest.mark.parametrize(
    ("offered", "words"),
    [
        (None, "10.0 req/s."),
        (300.0, "10.0 req/s of 10.0 offered."),
        # a task of a locustfile that sends two requests for each arrival
        (150.0, "10.0 req/s from 5.00 arrivals/s."),
    ],
)
def test_what_was_offered_is_told_for_what_it_is(
    offered: float | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of({10: 300})
    (*warmup, step) = run.steps
    counted = step.arrivals.model_copy(update={"offered": offered, "achieved": 300})
    last = step.model_copy(update={"start_s": 0.0, "end_s": 30.0, "arrivals": counted})
    verdict_table.show(run.model_copy(update={"steps": [*warmup, last]}), [])
    assert words in capsys.readouterr().out
