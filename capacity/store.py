"""Where records live: but for `history` the one module of the thinking that touches files.

A run is a folder: `run.json` (the record, whole or not at all), `timeline.csv`
(one row per second and series, appended while the run lasts), `load.jsonl`
(the generator's own account, from which a record that was never finished is
rebuilt) and `orders.json` (what the generator was told to do, beside `worker-1.json` and so
on where it has workers). A model is a folder
`models/<name>` beside the runs, with `model.json`. What a plan simulated lies under
`simulations/`, by a key of its inputs.
"""

import csv
import gzip
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO, TypeVar

from pydantic import BaseModel, ValidationError

from capacity.demands import MODEL_VERSION, DemandModel
from capacity.errors import HmbError, UsageError
from capacity.imports.foreign import Imported
from capacity.run import READABLE_VERSIONS, RECORD_VERSION, Run, Status
from capacity.senders import senders
from capacity.spool import Cell, Fold, entries, fold, to_line

if TYPE_CHECKING:
    import pandas as pd

Kept = TypeVar("Kept", bound=BaseModel)

RECORD = "run.json"
TIMELINE = "timeline.csv"
SPOOL = "load.jsonl"
MODEL = "model.json"
MODELS = "models"
SIMULATIONS = "simulations"
COLUMNS = ("second", "series", "value")


class RecordError(HmbError):
    """A record that cannot be read or written: what, where and how to mend it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One folder of the runs directory: its record, or why it cannot be read."""

    path: Path
    run: Run | None
    problem: str = ""

    @property
    def id(self) -> str:
        """The run's id, which is its folder's name."""
        return self.path.name


def write_run(directory: Path, run: Run) -> Path:
    """Write the record into `directory`, whole or not at all; the file's path.

    Raises `RecordError` when the disk is full or the folder cannot be written.
    """
    path = directory / RECORD
    write_text(path, run.model_dump_json(indent=1) + "\n")
    return path


def write_text(path: Path, text: str) -> None:
    """Replace the file at `path` by `text` in one step; a reader sees the old or the new.

    Raises `RecordError` when it cannot; the old file is then untouched.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    except OSError as error:
        raise _cannot_write(path, error) from error
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes the file private; a report or record is as open as its folder's others
        draft.chmod(0o666 & ~_umask())
        draft.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise _cannot_write(path, error) from error
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cannot_write(path: Path, error: OSError) -> RecordError:
    return RecordError(
        f"cannot write {path}: {error.strerror or error}; free some space or pick another folder"
    )


def read_run(path: Path) -> Run:
    """The record at `path`: a run's folder or its `run.json`.

    A record that was never finished (status `running`) comes with the steps and
    endpoints its spool holds.

    Raises `RecordError` for a missing file, one that is no record, and one of
    another version.
    """
    file = path / RECORD if path.is_dir() else path
    document = _document(file)
    version = document.get("version")
    if version not in READABLE_VERSIONS:
        raise RecordError(_version_message(file, version))
    try:
        run = Run.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the record"
        raise RecordError(
            f"{file} is damaged: {place}: {first['msg']}; run the load test again"
        ) from error
    return _completed(run, file.parent) if run.status is Status.RUNNING else run


def _completed(run: Run, directory: Path) -> Run:
    """The record of a run still going, or killed, with what its generators wrote until now."""
    written = read_spool(directory)
    return run.model_copy(
        update={
            "steps": written.steps(),
            "endpoints": written.endpoints(),
            "senders": senders(written),
        }
    )


def read_spool(directory: Path) -> Fold:
    """What the run's generators wrote, added up; nothing when there is no spool.

    Raises `RecordError` for one that is damaged.
    """
    spool = directory / SPOOL
    try:
        with spool.open(encoding="utf-8") as lines:
            return fold(lines)
    except FileNotFoundError:
        return Fold()
    except (OSError, ValueError) as error:
        raise RecordError(
            f"{spool} is damaged: {error}; delete it to open the record without it"
        ) from error


def read_cells(directory: Path) -> list[Cell]:
    """What the run's generators counted, by endpoint and second; nothing without a spool.

    Raises `RecordError` for a spool that is damaged.
    """
    spool = directory / SPOOL
    try:
        with spool.open(encoding="utf-8") as lines:
            return [entry for entry in entries(lines) if isinstance(entry, Cell)]
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise RecordError(
            f"{spool} is damaged: {error}; delete it to open the record without it"
        ) from error


def write_import(directory: Path, found: Imported) -> None:
    """Write an imported run into `directory`: its record, its timeline, and its seconds if known.

    Raises `RecordError` when it cannot be written.
    """
    with TimelineWriter(directory) as timeline:
        for second, values in sorted(found.timeline.items()):
            timeline.append(second, values)
    if found.cells:
        write_text(directory / SPOOL, "".join(f"{to_line(cell)}\n" for cell in found.cells))
    write_run(directory, found.run)


@contextmanager
def opened_text(path: Path) -> Iterator[TextIO]:
    """A file of text to be read line by line, unpacked if its name ends in `.gz`.

    Raises `RecordError` for one that cannot be read, when it is opened or later.
    """
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8", newline="") as lines
        ):
            yield lines
    except (OSError, EOFError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise RecordError(f"cannot read {path}: {reason}") from error


def model_folder(runs_dir: Path, name: str) -> Path:
    """Where the model called `name` lies. Raises `UsageError` for what is no folder's name."""
    if not name or name != Path(name).name or name.startswith("."):
        raise UsageError(f"{name!r} is no name for a model: use letters, digits and hyphens")
    return runs_dir / MODELS / name


def write_model(directory: Path, model: DemandModel) -> Path:
    """Write the model into `directory`, whole or not at all; the file's path.

    Raises `RecordError` when the disk is full or the folder cannot be written.
    """
    path = directory / MODEL
    write_text(path, model.model_dump_json(indent=1) + "\n")
    return path


def read_model(directory: Path) -> DemandModel:
    """The model in `directory`.

    Raises `RecordError` for a missing file, one that is no model, and one of another version.
    """
    file = directory / MODEL
    if not file.is_file():
        raise RecordError(f"no model at {file}; make one with hmb calibrate")
    document = _document(file)
    version = document.get("version")
    if version != MODEL_VERSION:
        raise RecordError(
            f"{file} is no model of version {MODEL_VERSION}, which this hmb reads; "
            f"make it anew with hmb calibrate"
        )
    try:
        return DemandModel.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the model"
        raise RecordError(
            f"{file} is damaged: {place}: {first['msg']}; make it anew with hmb calibrate"
        ) from error


def kept(file: Path, shape: type[Kept], make: Callable[[], Kept]) -> Kept:
    """What `file` holds; made and written there when it holds nothing of that `shape`.

    Raises `RecordError` when it cannot be written.
    """
    try:
        return shape.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        made = make()
        write_text(file, made.model_dump_json(indent=1) + "\n")
        return made


def _document(file: Path) -> dict[str, object]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RecordError(
            f"no run record at {file}; `hmb runs` lists the runs there are"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise RecordError(f"cannot read {file}: {reason}") from error
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise RecordError(
            f"{file} is not a run record: no JSON at line {error.lineno}; run the load test again"
        ) from error
    if not isinstance(document, dict):
        raise RecordError(f"{file} is not a run record; give a run's folder or its {RECORD}")
    return document


def _version_message(file: Path, version: object) -> str:
    if not isinstance(version, int):
        return f"{file} is not a run record: it states no version; give a run's folder"
    return (
        f"{file} is a record of version {version}, this hmb reads up to {RECORD_VERSION}; "
        f"open it with the hmb that wrote it, or run the load test again"
    )


def list_runs(runs_dir: Path) -> list[Listed]:
    """Every run under `runs_dir`: unreadable ones with their problem, then oldest to newest."""
    good: list[tuple[Run, Path]] = []
    bad: list[Listed] = []
    for file in sorted(runs_dir.glob(f"*/{RECORD}")):
        try:
            good.append((read_run(file), file.parent))
        except RecordError as error:
            bad.append(Listed(file.parent, None, str(error)))
    good.sort(key=lambda pair: pair[0].started_at)
    return bad + [Listed(path, run) for run, path in good]


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
            raise _cannot_write(self._path, error) from error

    def append(self, second: int, values: Mapping[str, float]) -> None:
        """Add the `values` by series of one `second` since the run's start."""
        try:
            for series, value in values.items():
                self._rows.writerow((second, series, f"{value:.9g}"))
            self._file.flush()
        except OSError as error:
            raise _cannot_write(self._path, error) from error

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        try:
            self._file.close()
        except OSError as error:
            raise _cannot_write(self._path, error) from error

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
