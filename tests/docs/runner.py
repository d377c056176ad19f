"""GitHub's runner as far as its documentation tells, for one job and without GitHub.

Steps are run as there: scripts by the shell GitHub takes, with its variables and files; a failed
step ends the job but for `always()`. Actions of GitHub's own have their local meaning.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.cli.commits import git

_EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
_SHELLS = {
    None: ("bash", "-e"),
    "bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail"),
}


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What a job is run for: an origin, its branch's commit and the one that merges it."""

    origin: Path
    base: str
    head: str
    merge: str


@dataclass(slots=True)
class Job:
    """One job on its way, in a workspace of its own."""

    folder: Path
    event: PullRequest
    hmb: Path
    """A repository of hmb."""
    code: int = 0
    log: str = ""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def workspace(self) -> Path:
        return self.folder / "work"

    @property
    def summary(self) -> str:
        """What the job's page shows."""
        return (self.folder / "summary").read_text("utf-8")

    @property
    def artifacts(self) -> Path:
        """What can be fetched from the job's page, a folder each."""
        return self.folder / "artifacts"

    def run(self, steps: list[dict[str, Any]], inputs: dict[str, str] | None = None) -> None:
        """Run a job's steps, or a composite action's with its `inputs`."""
        self.workspace.mkdir(exist_ok=True)
        for step in steps:
            condition = step.get("if", "success()")
            assert condition in ("success()", "always()"), condition
            if self.code != 0 and condition != "always()":
                continue
            known = self._known(inputs)
            if "run" in step:
                self._script(step, known)
            else:
                given = {
                    name: filled(str(value), known) for name, value in step.get("with", {}).items()
                }
                self._action(step["uses"], given)

    def _known(self, inputs: dict[str, str] | None) -> dict[str, str]:
        event = self.event
        known = {
            "github.event.pull_request.base.sha": event.base,
            "github.event.pull_request.head.sha": event.head,
            "github.sha": event.merge,
        }
        return known | {f"inputs.{name}": value for name, value in (inputs or {}).items()}

    def _script(self, step: dict[str, Any], known: dict[str, str]) -> None:
        # Each step writes to a file of its own.
        script, output = self.folder / "step.sh", self.folder / "output"
        script.write_text(filled(step["run"], known), "utf-8")
        output.write_text("", "utf-8")
        environment = {
            name: filled(str(value), known) for name, value in step.get("env", {}).items()
        }
        done = subprocess.run(
            [*_SHELLS[step.get("shell")], script],
            check=False,
            cwd=self.workspace,
            env={
                "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
                "HOME": str(self.folder),  # what a step configures stays here
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_WORKSPACE": str(self.workspace),
                "GITHUB_SHA": self.event.merge,
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            }
            | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=900,
        )
        self.log += done.stdout + done.stderr
        self.code = self.code or done.returncode
        if "id" in step:
            lines = output.read_text("utf-8").splitlines()
            self.outputs[step["id"]] = dict(line.split("=", 1) for line in lines)

    def _action(self, uses: str, given: dict[str, str]) -> None:
        name = uses.split("@")[0]
        if name.startswith("./"):
            action = yaml.safe_load((self.workspace / name / "action.yml").read_text("utf-8"))
            assert set(given) <= set(action["inputs"])
            known = self._known(None)
            defaults = {each: one["default"] for each, one in action["inputs"].items()}
            self.run(action["runs"]["steps"], _filled_each(defaults, known) | given)
        elif name == "actions/checkout":
            self._check_out(given)
        elif name == "actions/setup-python":
            assert given["python-version"] == f"3.{sys.version_info.minor}"
        elif name == "actions/upload-artifact":
            self._upload(given)
        else:
            raise AssertionError(f"what {uses} does is not known here")

    def _check_out(self, given: dict[str, str]) -> None:
        """As actions/checkout does: the merge commit alone, or with every branch's history."""
        if "repository" in given:
            assert given["repository"].endswith("/hmb")
            place = self.workspace / given["path"]
            git(self.folder, "clone", "--quiet", "--depth", "1", f"file://{self.hmb}", str(place))
            equip(place)
            return
        depth = given.get("fetch-depth", "1")
        merge = f"+{self.event.merge}:refs/remotes/pull/1/merge"
        what = [merge] if depth != "0" else ["+refs/heads/*:refs/remotes/origin/*", merge]
        how = [] if depth == "0" else [f"--depth={depth}"]
        git(self.workspace, "init", "--quiet")
        git(self.workspace, "remote", "add", "origin", f"file://{self.event.origin}")
        git(self.workspace, "fetch", "--quiet", *how, "origin", *what)
        git(self.workspace, "checkout", "--quiet", "--detach", "refs/remotes/pull/1/merge")

    def _upload(self, given: dict[str, str]) -> None:
        """As version 4 does: what is hidden stays behind."""
        source = self.workspace / given["path"]
        if not source.exists():
            assert given["if-no-files-found"] == "ignore"
            return
        shutil.copytree(source, self.artifacts / given["name"], ignore=shutil.ignore_patterns(".*"))


def equip(hmb: Path) -> None:
    """Have `make setup` find done in this clone what was installed for the tests."""
    (hmb / ".venv").mkdir()
    (hmb / ".venv/bin").symlink_to(Path(sys.executable).parent)
    (hmb / ".venv/.ready").touch()
    subprocess.run(["make", "--question", "setup"], cwd=hmb, check=True)


def filled(text: str, known: dict[str, str]) -> str:
    """The text with its expressions replaced. Raises `KeyError` for what is not known."""
    return _EXPRESSION.sub(lambda found: _value(found[1], known), text)


def _filled_each(values: dict[str, object], known: dict[str, str]) -> dict[str, str]:
    return {name: filled(str(value), known) for name, value in values.items()}


def _value(expression: str, known: dict[str, str]) -> str:
    first, *others = (part.strip() for part in expression.split("||"))
    return known[first] or (_value("||".join(others), known) if others else "")
