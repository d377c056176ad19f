"""A run's `timeline.csv`: one row per second and series, appended while the run lasts."""

import csv
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from capacity.store.files import RecordError, cannot_write

if TYPE_CHECKING:
    import pandas as pd

TIMELINE = "timeline.csv"
COLUMNS = ("second", "series", "value")


class TimelineWriter:
    """Appends seconds to a run's `timeline.csv`; what is written survives a kill.

    Use as a context manager. Raises `RecordError` when the disk is full.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / TIMELINE
        try:
            directory.mkdir(parents=True, exist_ok=True)
            new = not self._path.exists() or self._path.stat().st_size == 0
            self._file = self._path.open("a", encoding="utf-8", newline="")
            self._rows = csv.writer(self._file, lineterminator="\n")
            if new:
                self._rows.writerow(COLUMNS)
                self._file.flush()
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def append(self, second: int, values: Mapping[str, float]) -> None:
        """Add the `values` by series of one `second` since the run's start."""
        try:
            for series, value in values.items():
                self._rows.writerow((second, series, f"{value:.9g}"))
            self._file.flush()
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        try:
            self._file.close()
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def read_timeline(directory: Path) -> "pd.DataFrame":
    """The run's timeline: index `second` (int), one column per series, NaN where none was read.

    A run without one gives an empty frame. The torn last line of a killed run
    is left out; any other damage raises `RecordError`.
    """
    import pandas as pd

    path = directory / TIMELINE
    rows = _rows(path)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    if frame.empty:
        return pd.DataFrame(index=pd.Index([], name="second", dtype="int64"))
    # a second sampled twice (a clock step) keeps its last reading
    wide = frame.drop_duplicates(["second", "series"], keep="last").pivot(
        index="second", columns="series", values="value"
    )
    wide.columns.name = None
    return wide.sort_index()


def _rows(path: Path) -> list[tuple[int, str, float]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"cannot read {path}: {error}") from error
    lines = text.split("\n")
    whole = lines[:-1]  # what follows the last newline was being written when the run was killed
    if whole and whole[0] != ",".join(COLUMNS):
        raise RecordError(f"{path} is not a timeline: its first line must be {','.join(COLUMNS)}")
    rows = []
    for number, fields in enumerate(csv.reader(whole[1:]), start=2):
        try:
            second, series, value = fields
            rows.append((int(second), series, float(value)))
        except ValueError as error:
            raise RecordError(
                f"{path} is damaged at line {number}; delete the file to report without it"
            ) from error
    return rows
