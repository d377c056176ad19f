"""The checklist: its size, its document, its files' errors, and what people tick."""

from datetime import date
from pathlib import Path

import pytest

from capacity.checklist.steps import ChecklistError, Named, phases, read_phase, steps
from stack.preflight import answers, progress, settings
from stack.preflight.run import Deployment, go_through

_STEP = '[[step]]\nid = "{}"\ndo = "do something"\nwhy = "for a reason"\nowner = "us"\ndays = 1\n'


def test_it_is_as_large_as_promised() -> None:
    assert len(phases()) == 7
    assert len(steps()) > 200
    assert sum(step.check is not None for step in steps()) > 80


def test_every_named_check_is_a_function() -> None:
    named = {step.check.name for step in steps() if isinstance(step.check, Named)}
    assert named == settings.NAMED.keys() | answers.NAMED.keys()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (_STEP.format("Not An Id"), "step.0.id"),
        (_STEP.format("one") + 'colour = "red"\n', "unknown key"),
        (
            _STEP.format("one") + 'check = { kind = "file", path = "x", pattern = "(" }\n',
            "no pattern",
        ),
        ("[[step]", "cannot read"),
    ],
)
def test_a_faulty_file_is_one_clear_line(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "phase.toml"
    path.write_text(f'title = "T"\nweek = "W"\n{text}')
    with pytest.raises(ChecklistError) as told:
        read_phase(path)
    assert why in str(told.value)
    assert "\n" not in str(told.value)


def test_ticks_are_kept_and_grow_old(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "preflight.json"
    assert progress.read(path) == {}
    progress.write(path, {"backup-restored": date(2026, 11, 1), "backup-apart": date(2026, 1, 1)})
    ticked = progress.read(path)
    chosen = [step for step in steps() if step.id in ticked]

    def states(today: date) -> dict[str, str]:
        found = go_through(chosen, Deployment(tmp_path), ticked, today)
        return {one.step.id: one.outcome.state.value for one in found}

    assert states(date(2026, 11, 28)) == {"backup-restored": "done", "backup-apart": "done"}
    assert states(date(2026, 12, 28)) == {"backup-restored": "to do", "backup-apart": "done"}


def test_progress_that_cannot_be_read_says_how_to_mend_it(tmp_path: Path) -> None:
    path = tmp_path / "preflight.json"
    path.write_text('{"done": {"x": "yesterday"}}')
    with pytest.raises(progress.ProgressError, match="tick again"):
        progress.read(path)
