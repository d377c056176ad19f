"""What arrived once, again: a CSV of arrivals per second."""

import csv
from math import isfinite
from pathlib import Path
from typing import Literal

from pydantic import Field

from capacity.errors import UsageError
from capacity.load_model import Piece, Spacing, Stage
from scenarios.arrivals.model import OpenModel

COLUMNS = ["second", "arrivals"]
_MOST_SECONDS = 86_400
_MOST_ARRIVALS = 100_000


class ReplayError(UsageError):
    """A file that is no list of arrivals: what is wrong, in which line."""


class Replay(OpenModel):
    """So many arrivals in each second, from the first on.

    Even spacing keeps each second's count; Poisson lets chance vary it.
    """

    model: Literal["replay"] = "replay"
    spacing: Spacing = "even"
    arrivals: tuple[float, ...] = Field(min_length=1)
    file: str

    @property
    def lasts_s(self) -> float:
        """As long as what is replayed."""
        return float(len(self.arrivals))

    @property
    def source(self) -> str:
        """The file."""
        return self.file

    def stages(self, duration_s: float) -> tuple[Stage, ...]:
        """One step of pieces as long as nothing changes."""
        pieces: list[Piece] = []
        for rate in self.arrivals:
            seconds = 1.0
            if pieces and pieces[-1].start == rate:
                seconds += pieces.pop().seconds
            pieces.append(Piece(seconds=seconds, start=rate, end=rate))
        return (Stage(name="measured", pieces=tuple(pieces)),)


def read_replay(path: Path) -> Replay:
    """The arrivals in the CSV at `path`: columns `second` (from 0, rising) and `arrivals`.

    Seconds left out had none. Raises `ReplayError`, in one line.
    """
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.reader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "not CSV"
        raise ReplayError(f"cannot read the arrivals in {path}: {reason}") from error
    if not rows or [name.strip() for name in rows[0]] != COLUMNS:
        raise ReplayError(f"{path}: the first line must be {','.join(COLUMNS)}")
    counts: list[float] = []
    for number, row in enumerate(rows[1:], start=2):
        if row:
            _add(counts, row, f"{path}, line {number}")
    if not sum(counts):
        raise ReplayError(f"{path} holds no arrival")
    return Replay(arrivals=tuple(counts), file=str(path))


def _add(counts: list[float], row: list[str], place: str) -> None:
    try:
        second, arrivals = int(row[0]), float(row[1])
    except (ValueError, IndexError):
        raise ReplayError(f"{place}: write a whole second and its arrivals: 12,340") from None
    if not len(counts) <= second < _MOST_SECONDS:
        raise ReplayError(f"{place}: seconds rise, from 0 to {_MOST_SECONDS - 1} at most")
    if not isfinite(arrivals) or not 0 <= arrivals <= _MOST_ARRIVALS:
        raise ReplayError(f"{place}: arrivals are from 0 to {_MOST_ARRIVALS} in a second")
    counts.extend([0.0] * (second - len(counts)))
    counts.append(arrivals)
