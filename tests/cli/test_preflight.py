"""`hmb preflight` as a person runs it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from capacity.checklist.steps import phases, steps
from cli.options import COMPOSE_FILE
from tests.cli.conftest import Said


def _home(folder: Path) -> Path:
    """A folder that is taken for a checkout, so that ticks are kept in it."""
    (folder / COMPOSE_FILE).write_text("services: {}\n")
    (folder / ".env.production.example").write_text("# SET=1\n")
    return folder


def test_ticks_findings_and_exit_codes(hmb: Callable[..., Said], tmp_path: Path) -> None:
    home = _home(tmp_path)
    said = hmb(home, "preflight", "--done", "stripe-account", "--json")
    assert said.code == 3  # the files of a checkout are not there
    told = json.loads(said.out)
    assert sum(told["counts"].values()) == len(steps()) == len(told["steps"])
    states = {one["id"]: one["state"] for one in told["steps"]}
    assert states["stripe-account"] == "done"
    assert states["health-lives"] == "not checked"
    assert states["runbook-pod"] == "failed"
    table = hmb(home, "preflight").out
    assert "done         stripe-account" in table
    headings = re.findall(r"^Phase \d+: (.+) \((.+)\)$", table, re.MULTILINE)
    assert [title for title, _ in headings] == [one.title for one in phases()]
    (tally,) = re.findall(r"^All: (.+)$", table, re.MULTILINE)
    for state, count in told["counts"].items():
        assert f"{count} {state}" in tally
        each = re.findall(rf"(\d+) {state}\b", " ".join(tally for _, tally in headings))
        assert sum(map(int, each)) == count
    # what to do stands with what was seen
    (runbook,) = (one for one in steps() if one.id == "runbook-pod")
    (line,) = re.findall(rf"^failed +runbook-pod +{re.escape(runbook.do)}: (.+)$", table, re.M)
    assert line == next(one["note"] for one in told["steps"] if one["id"] == "runbook-pod")
    again = hmb(home, "preflight", "--undone", "stripe-account", "--format", "markdown")
    assert "| to do | stripe-account |" in again.out


def test_bad_input_is_one_line_and_2(here: Callable[..., Said], tmp_path: Path) -> None:
    home = _home(tmp_path)
    (home / "picture.env").write_bytes(b"\x89PNG")
    for words, why in (
        (("--done", "stripe-acount"), 'did you mean "stripe-account"'),
        (("--done", "health-lives"), "cannot be ticked"),
        (("--env-file", "nowhere"), "cannot read nowhere: No such file or directory\n"),
        (("--env-file", "picture.env"), "cannot read picture.env: it is no text in UTF-8\n"),
        (("--url", "board"), "--url board"),
        (("--url", "http://127.0.0.1:99999"), "--url http://127.0.0.1:99999"),
        (("--url", "http://192.0.2.1"), "--allow-remote 192.0.2.1"),
    ):
        said = here(home, "preflight", *words)
        assert (said.code, said.out) == (2, ""), words
        assert why in said.err
        assert "Traceback" not in said.err
