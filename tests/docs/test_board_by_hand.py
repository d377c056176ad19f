"""The lines of docs/board-by-hand.md, run as a person pastes them, print what the page says."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs" / "board-by-hand.md"


def _blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.stack
def test_every_line_prints_what_stands_below_it(make_home: Callable[[], Path]) -> None:
    home = make_home()
    (home / ".venv").symlink_to(CHECKOUT / ".venv")
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", "\n".join(_blocks("sh"))],
        check=False,
        cwd=home,
        env={**os.environ, "WEB_CONCURRENCY": "1"},  # what it prints is the same, and sooner
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.stdout.splitlines() == "".join(_blocks("text")).splitlines(), done.stderr
    assert done.returncode == 0, done.stderr
