"""A run's record and its spool: written, read back, imported, listed."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from capacity.imports.foreign import Imported
from capacity.run import READABLE_VERSIONS, RECORD_VERSION, Run, Status
from capacity.senders import senders
from capacity.spool import Cell, Fold, entries, fold, to_line
from capacity.store.files import RECORD, RecordError, read_document, write_text
from capacity.store.timeline import TimelineWriter

SPOOL = "load.jsonl"


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


def read_run(path: Path) -> Run:
    """The record at `path`: a run's folder or its `run.json`.

    A record that was never finished (status `running`) comes with the steps and
    endpoints its spool holds.

    Raises `RecordError` for a missing file, one that is no record, and one of
    another version.
    """
    file = path / RECORD if path.is_dir() else path
    document = read_document(file)
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
