"""Where the calibration of the gate keeps what it measured."""

from pathlib import Path

import pytest

from tests.bench.gate_calibration import KEPT, place_of_bank


def test_a_folder_that_is_not_there_is_made_and_one_that_is_there_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = tmp_path / "of" / "november"
    monkeypatch.setenv(KEPT, str(named))
    assert place_of_bank("elsewhere") == named
    (named / "calls.py").touch()
    assert place_of_bank("elsewhere") == named
    assert [one.name for one in named.iterdir()] == ["calls.py"]


@pytest.mark.parametrize("named", [None, ""])
def test_without_one_it_is_left_in_the_scratch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str | None
) -> None:
    monkeypatch.delenv(KEPT, raising=False)
    if named is not None:
        monkeypatch.setenv(KEPT, named)
    assert place_of_bank(str(tmp_path)) == tmp_path


def test_what_cannot_be_a_folder_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").touch()
    monkeypatch.setenv(KEPT, str(tmp_path / "taken"))
    with pytest.raises(SystemExit, match=r"^error: HMB_BANK: .*taken: File exists: name a folder"):
        place_of_bank(str(tmp_path))
