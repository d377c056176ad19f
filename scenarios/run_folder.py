"""The folder of one run: made under a name of its own, taken away when nothing began."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from scenarios.errors import ScenarioError

_MOST_A_SECOND = 100


def new_folder(runs_dir: Path, scenario: str) -> Path:
    """Make a folder in `runs_dir` named after the moment and the scenario.

    Raises `ScenarioError` when it cannot be made.
    """
    stem = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{scenario}"
    names = [stem, *(f"{stem}-{number}" for number in range(2, _MOST_A_SECOND))]
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        for name in names:
            try:
                (runs_dir / name).mkdir()
            except FileExistsError:
                continue
            return runs_dir / name
    except OSError as error:
        raise ScenarioError(f"cannot make a folder in {runs_dir}: {error.strerror}") from error
    raise ScenarioError(f"{runs_dir} already holds {_MOST_A_SECOND} runs of this second")


def abandon(folder: Path) -> None:
    """Take away the folder of a run whose load never began."""
    shutil.rmtree(folder, ignore_errors=True)
