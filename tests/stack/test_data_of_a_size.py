"""Data of another scale: kept when any will do, replaced when a calibration wants one exactly."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from stack import data
from stack.state import Running

NOBODY = cast("Running", None)  # only handed on


@pytest.mark.parametrize(
    ("wanted", "exactly", "made"),
    [("medium", False, []), ("medium", True, ["medium"]), ("small", True, [])],
)
def test_data_of_another_scale_is_replaced_only_when_asked(
    monkeypatch: pytest.MonkeyPatch, wanted: str, exactly: bool, made: list[str]
) -> None:
    there = {"scale": "small", "seed": 1, "jobs": 10, "open_jobs": 9, "users": 2_000}
    anew: list[str] = []

    def again(_running: Running, scale: str, _seed: int, _say: Callable[[str], None]) -> Any:
        anew.append(scale)
        return {"scale": scale}

    monkeypatch.setattr(data, "_seed", lambda *_: there)
    monkeypatch.setattr(data, "seed_anew", again)
    found = data.ensure_seeded(NOBODY, wanted, 1, lambda _line: None, exactly=exactly)
    assert anew == made
    assert found["scale"] == (made[0] if made else "small")
