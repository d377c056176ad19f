"""Files as such: written whole or not at all, read with every refusal in one line."""

import gzip
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, TypeVar

from pydantic import BaseModel, ValidationError

from capacity.errors import HmbError

Kept = TypeVar("Kept", bound=BaseModel)

RECORD = "run.json"


class RecordError(HmbError):
    """A record that cannot be read or written: what, where and how to mend it."""


def write_text(path: Path, text: str) -> None:
    """Replace the file at `path` by `text` in one step; a reader sees the old or the new.

    Raises `RecordError` when it cannot; the old file is then untouched.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    except OSError as error:
        raise cannot_write(path, error) from error
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
        raise cannot_write(path, error) from error
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


def cannot_write(path: Path, error: OSError) -> RecordError:
    """The error to raise when `path` could not be written because of `error`."""
    return RecordError(
        f"cannot write {path}: {error.strerror or error}; free some space or pick another folder"
    )


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


def read_document(file: Path) -> dict[str, object]:
    """The JSON object in `file`. Raises `RecordError` for a missing file and for anything else."""
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
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise RecordError(
            f"{file} is not a run record: no JSON at line {error.lineno}; run the load test again"
        ) from error
    if not isinstance(found, dict):
        raise RecordError(f"{file} is not a run record; give a run's folder or its {RECORD}")
    return found
