"""`hmb calibrate --from`: a table or JSON, a model kept, and clear refusals."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from capacity.errors import UsageError
from capacity.store import model_folder, read_model
from cli.calibrate import calibrate
from tests.capacity import synthetic
from tests.capacity.synthetic import Kind
from tests.cli.conftest import Said

Hmb = Callable[..., Said]
MIXES = ("mixed-search", "mixed-detail", "mixed-apply", "mixed-login")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("calibrated")
    for users in (60, 120, 180):
        synthetic.write(found / "runs", Kind("mixed", users, seconds=30))
    for mix in MIXES:
        synthetic.write(found / "runs", Kind(mix, 100, seconds=30))
    synthetic.write(found / "runs", Kind("mixed", 150, seconds=30), seed=9)
    return found


def _words(folder: Path) -> list[str]:
    words = ["calibrate"]
    for run in sorted((folder / "runs").glob("2026*")):
        words += ["--held-out" if run.name.endswith("-9") else "--from", run.name]
    return words


def test_a_table_with_demands_and_errors(hmb: Hmb, folder: Path) -> None:
    said = hmb(folder, *_words(folder))
    assert said.code == 0, said.err
    for part in (*synthetic.ENDPOINTS, "condition number", "throughput", "p95", "machine"):
        assert part in said.out
    model = read_model(model_folder(folder / "runs", "reference"))
    assert len(model.runs) == 7
    assert {row.run for row in model.held_out} == {"20261101-000000-mixed-150-3-9"}
    assert "model.json" in said.err


def test_json_is_the_model_and_the_same_every_time(hmb: Hmb, folder: Path) -> None:
    said = hmb(folder, *_words(folder), "--name", "again", "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    kept = read_model(model_folder(folder / "runs", "again"))
    assert told == json.loads(kept.model_dump_json())
    first = read_model(model_folder(folder / "runs", "reference"))
    assert first.model_copy(update={"made_at": kept.made_at}) == kept


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--from", "nothing"], 1, "no run record"),
        (["--from", "20261101-000000-mixed-60-3-1"], 2, "too few levels"),
    ],
)
def test_refusals_are_one_line_and_leave_nothing(
    hmb: Hmb, folder: Path, words: list[str], code: int, says: str
) -> None:
    before = sorted(folder.rglob("*"))
    said = hmb(folder, "calibrate", *words)
    assert said.code == code, said.err
    assert said.out == ""
    last = said.err.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert says in last
    assert "Traceback" not in said.err
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"held_out": ["latest"]}, "--from"),
        ({"fit_from": ["latest"], "quick": True}, "--quick"),
        ({"fit_from": ["latest"], "users": 100}, "--users"),
        ({"fit_from": ["latest"], "name": "a/b"}, "no name for a model"),
    ],
)
def test_what_does_not_go_together_is_refused_before_any_load(
    asked: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        calibrate(**asked)
