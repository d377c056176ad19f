"""The tutorial's CI files: what GitHub and GitLab require of them, and their steps in order."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
import yaml

from tests.cli.commits import git
from tests.docs.pages import CHECKOUT, Block, blocks_of
from tests.docs.runner import Job, PullRequest, equip, filled
from tests.docs.shop import PAGE, slower, write_shop

WORKFLOW, GITLAB = (one for one in blocks_of(PAGE) if one.language == "yaml")
_ACTION = CHECKOUT / ".github/actions/gate/action.yml"
_SCHEMAS = {
    "vendor.github-workflows": [*sorted((CHECKOUT / ".github/workflows").iterdir()), WORKFLOW],
    "vendor.github-actions": [_ACTION],
    "vendor.gitlab-ci": [CHECKOUT / "deploy/gitlab-ci.yml", GITLAB],
}
_PART_OF_HMB = ("Makefile", "pyproject.toml", "requirements.lock", "deploy", ".github")
_OPTIONS = "--users 20 --duration 5s --warmup 1s"


def refused(schema: str, file: Path) -> str:
    """What the schema says against a file; nothing when it fits."""
    tool = Path(sys.executable).with_name("check-jsonschema")
    more = ["--data-transform", "gitlab-ci"] if schema == "vendor.gitlab-ci" else []
    done = subprocess.run(
        [tool, "--builtin-schema", schema, *more, file],
        check=False,
        capture_output=True,
        text=True,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "file"),
    [(schema, file) for schema, files in _SCHEMAS.items() for file in files],
    ids=lambda given: given.name if isinstance(given, Path) else str(given),
)
def test_the_file_is_one_by_its_schema(schema: str, file: Path | Block, tmp_path: Path) -> None:
    text = file.text if isinstance(file, Block) else file.read_text("utf-8")
    (tmp_path / "ci.yml").write_text(text)
    assert refused(schema, tmp_path / "ci.yml") == ""


@pytest.mark.parametrize(
    ("schema", "block", "right", "wrong"),
    [
        ("vendor.github-workflows", WORKFLOW, "runs-on:", "run-on:"),
        ("vendor.gitlab-ci", GITLAB, "exit_codes: 5", "exit_codes: five"),
    ],
    ids=["github", "gitlab"],
)
def test_a_slip_in_the_page_is_found(
    schema: str, block: Block, right: str, wrong: str, tmp_path: Path
) -> None:
    assert right in block.text
    (tmp_path / "ci.yml").write_text(block.text.replace(right, wrong))
    assert refused(schema, tmp_path / "ci.yml")


@pytest.fixture(scope="module")
def hmb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of what the jobs need of hmb before it is installed."""
    folder = tmp_path_factory.mktemp("hmb")
    for name in _PART_OF_HMB:
        if (CHECKOUT / name).is_dir():
            shutil.copytree(CHECKOUT / name, folder / name)
        else:
            shutil.copy(CHECKOUT / name, folder)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "hmb")
    return folder


@pytest.fixture
def pull_request(tmp_path: Path) -> PullRequest:
    """The tutorial's: the shop as it is, and on a branch the list sorted."""
    origin = tmp_path / "origin"
    origin.mkdir()
    write_shop(origin)
    (origin / ".gitignore").write_text("runs/\ngate/\n")
    git(origin, "init", "--quiet", "--initial-branch", "main")
    git(origin, "add", ".")
    git(origin, "commit", "--quiet", "--message", "The shop, and its load")
    base = git(origin, "rev-parse", "HEAD")
    git(origin, "switch", "--quiet", "--create", "sorted")
    slower(origin)
    git(origin, "commit", "--quiet", "--all", "--message", "The list is sorted by price")
    head = git(origin, "rev-parse", "HEAD")
    git(origin, "switch", "--quiet", "--detach", "main")
    git(origin, "merge", "--quiet", "--no-ff", "--message", "Merge", head)
    merge = git(origin, "rev-parse", "HEAD")
    # a shallow fetch asks for this very commit, which GitHub allows
    git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
    return PullRequest(origin, base, head, merge)


def steps(options: str, text: str = WORKFLOW.text) -> list[dict[str, Any]]:
    """Those of the tutorial's workflow, with other options of the gate."""
    assert _OPTIONS in text
    workflow = yaml.safe_load(text.replace(_OPTIONS, options))
    found: list[dict[str, Any]] = workflow["jobs"]["gate"]["steps"]
    return found


def run(tmp_path: Path, event: PullRequest, hmb: Path, steps: list[dict[str, Any]]) -> Job:
    job = Job(tmp_path / "job", event, hmb)
    job.folder.mkdir()
    job.run(steps)
    return job


def _records(folder: Path) -> list[int]:
    return [len(list((folder / side).iterdir())) for side in ("base", "head", "dropped")]


@pytest.mark.long
def test_the_job_fails_for_the_sorted_list_and_keeps_its_report(
    tmp_path: Path, pull_request: PullRequest, hmb: Path
) -> None:
    options = "--users 20 --duration 2s --warmup 0s --rounds 12"
    job = run(tmp_path, pull_request, hmb, steps(options))
    assert job.code == 4, job.log
    assert job.outputs["gate"] == {"code": "4"}
    assert job.summary.startswith("# Regressed"), job.summary
    assert "all requests: cpu" in job.summary
    assert re.search(r"^::error title=worse", job.log, re.MULTILINE)
    kept = job.artifacts / "performance-gate"
    assert "<html" in (kept / "comparison.html").read_text("utf-8")
    assert _records(kept) == [12, 12, 2]
    # both were checked out of the history, and nothing of that is left
    assert len(git(job.workspace, "worktree", "list").splitlines()) == 1


@pytest.mark.long
def test_the_job_passes_the_same_code_that_too_few_pairs_leave_open(
    tmp_path: Path, pull_request: PullRequest, hmb: Path
) -> None:
    same = replace(pull_request, head=pull_request.base)
    options = "--users 20 --duration 1s --warmup 0s --rounds 3"
    job = run(tmp_path, same, hmb, steps(options))
    assert (job.code, job.outputs["gate"]["code"]) == (0, "5"), job.log
    assert job.summary.startswith("# Undecided"), job.summary
    assert "::error" not in job.log
    assert (job.artifacts / "performance-gate/comparison.html").is_file()


def test_without_the_history_the_job_says_what_is_missing(
    tmp_path: Path, pull_request: PullRequest, hmb: Path
) -> None:
    text = re.sub(r"        with:\n          fetch-depth: 0.*\n", "", WORKFLOW.text, count=1)
    assert text != WORKFLOW.text
    job = run(tmp_path, pull_request, hmb, steps(_OPTIONS, text))
    assert (job.code, job.outputs["gate"]["code"]) == (2, "2")
    assert f"knows no commit '{pull_request.base}'" in job.log
    assert not job.artifacts.exists()


def test_an_expression_that_is_not_known_is_no_empty_word() -> None:
    assert filled("${{ a.b || c }}", {"a.b": "", "c": "d"}) == "d"
    with pytest.raises(KeyError):
        filled("${{ github.base_sha }}", {"github.event.pull_request.base.sha": "x"})


@pytest.mark.long
def test_gitlab_s_job_leaves_the_tests_it_reports(
    tmp_path: Path, pull_request: PullRequest, hmb: Path
) -> None:
    place = tmp_path / "opt-hmb"
    text = GITLAB.text.replace(_OPTIONS, "--users 20 --duration 1s --warmup 0s --rounds 2")
    (job,) = yaml.safe_load(text.replace("/opt/hmb", str(place))).values()
    work = tmp_path / "work"
    depth = {"0": []}[job["variables"]["GIT_DEPTH"]]
    git(tmp_path, "clone", "--quiet", *depth, str(pull_request.origin), str(work))
    git(work, "checkout", "--quiet", "--detach", pull_request.head)
    environment = {
        "PATH": os.defpath,
        "HOME": str(tmp_path),
        "CI": "true",
        "HMB_URL": f"file://{hmb}",
        "CI_COMMIT_SHA": pull_request.head,
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": pull_request.base,
    }

    def shell(lines: list[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(lines)],
            check=False,
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
        )

    fetch, *rest = job["script"]
    assert shell([fetch]).returncode == 0
    equip(place)
    done = shell(rest)
    # two pairs prove little: whether it is slower is the other job's question
    assert done.returncode in (0, 4, job["allow_failure"]["exit_codes"]), done.stderr
    assert shell(job["after_script"]).returncode == 0
    (kept,) = job["artifacts"]["paths"]
    assert _records(work / kept) == [2, 2, 2]
    told = (work / job["artifacts"]["reports"]["junit"]).read_text("utf-8")
    cases = list(Xml.fromstring(told).iter("testcase"))  # noqa: S314 - our own text
    assert any("all requests: cpu" in str(one.attrib) for one in cases)
    assert json.loads(next((work / kept / "head").glob("*/run.json")).read_text())["endpoints"]
