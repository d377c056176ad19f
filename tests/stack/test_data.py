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
