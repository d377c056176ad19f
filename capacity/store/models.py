"""Models: where they lie, written and read back."""

from pathlib import Path

from pydantic import ValidationError

from capacity.demands import MODEL_VERSION, DemandModel
from capacity.errors import UsageError
from capacity.store.files import RecordError, read_document, write_text

MODEL = "model.json"
MODELS = "models"


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
    document = read_document(file)
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
