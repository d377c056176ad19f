"""How a seeding that fails is told."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from stack import data
from stack.errors import StackError
from stack.state import Running


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('relation "campaigns" does not exist', "hmb down --purge"),
        ("the disk is full", "failed: the disk is full"),
    ],
)
def test_a_database_of_other_sources_is_named_with_the_way_out(
    said: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "seeding.py").write_text(f"import sys\nsys.exit({'seed: ' + said!r})\n")
    monkeypatch.setattr(data, "_MODULE", "seeding")
    running = cast("Running", SimpleNamespace(home=tmp_path, environment={}))
    with pytest.raises(StackError, match=told) as failed:
        data.seed_anew(running, "small", 1, lambda _line: None)
    assert "\n" not in str(failed.value)


OLDER = """
import argparse, json, pathlib, sys
parser = argparse.ArgumentParser()
parser.add_argument("command")
for name in ("--sessions", "--seed", "--out"):
    parser.add_argument(name)
asked = parser.parse_args()
pathlib.Path(asked.out).write_text(json.dumps({"sessions": int(asked.sessions)}))
"""


def test_an_older_board_that_knows_no_tiers_signs_in_enough_of_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "seeding.py").write_text(OLDER)
    monkeypatch.setattr(data, "_MODULE", "seeding")
    running = cast("Running", SimpleNamespace(home=tmp_path, environment={}))
    said: list[str] = []
    wanted = {"seeker": {"free": 80, "pro": 5}, "employer": {"any": 15}}
    written = data.export_load_data(running, wanted, 1, tmp_path / "x.json", said.append)
    assert written == {"sessions": 102}
    assert "as they come" in said[-1]
