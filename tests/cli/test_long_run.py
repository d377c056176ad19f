"""A run long enough for growth to be judged is warmed up in proportion, and says so first."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from capacity.soak import LEAST_S
from cli import load
from scenarios import catalogue
from scenarios.request import RunRequest, sized


class _Enough(Exception):  # noqa: N818 - no error: the test has what it came for
    """Raised in place of the load."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., RunRequest]:
    """What a load test with these words would run."""
    from typer.main import get_command

    from cli.main import app

    kept: list[RunRequest] = []

    def keep(request: RunRequest, *_: object) -> None:
        kept.append(request)
        raise _Enough

    monkeypatch.setattr(load, "own_stack", lambda *_: nullcontext())
    monkeypatch.setattr(load, "load_stack", keep)
    monkeypatch.chdir(tmp_path)

    def ask(*words: str) -> RunRequest:
        with pytest.raises(_Enough):
            get_command(app).main(["loadtest", *words], standalone_mode=False)
        return kept.pop()

    return ask


@pytest.mark.parametrize(
    ("words", "warmup_s", "told"),
    [
        (["--duration", "30m"], 900, "45 min: 15 min of warm-up"),
        (["--duration", "8h"], 900, "15 min of warm-up"),
        (["soak"], 900, "45 min: 15 min of warm-up"),
        (["soak", "--duration", "10m"], 300, "15 min: 5 min of warm-up"),
        (["soak", "--warmup", "20s"], 20, "30 min: 20 s of warm-up"),
        (["--rate", "5", "--duration", "10m"], 300, "15 min: 5 min of warm-up"),
        (["--stages", "5@10m,9@10m"], 10, "20 min: 10 s of warm-up"),
        (["--duration", "599s"], 10, ""),
        ([], 10, ""),
        (["--warmup", "3s"], 3, ""),
    ],
)
def test_a_long_run_has_a_long_warm_up_unless_told_otherwise(
    asked: Callable[..., RunRequest],
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    warmup_s: float,
    told: str,
) -> None:
    assert sized(asked(*words))[1] == warmup_s
    said = capsys.readouterr().err
    assert told in said
    assert ("of warm-up" in said) == bool(told)


def test_what_is_long_is_what_growth_is_judged_of() -> None:
    for name in catalogue.names():
        assert catalogue.load(name).long.from_s == LEAST_S
