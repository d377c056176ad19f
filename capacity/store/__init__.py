"""Where records live: but for `history` the one module of the thinking that touches files.

A run is a folder: `run.json` (the record, whole or not at all), `timeline.csv`
(one row per second and series, appended while the run lasts), `load.jsonl`
(the generator's own account, from which a record that was never finished is
rebuilt) and `orders.json` (what the generator was told to do, beside `worker-1.json` and so
on where it has workers). A model is a folder
`models/<name>` beside the runs, with `model.json`. What a plan simulated lies under
`simulations/`, by a key of its inputs.
"""

from capacity.store.files import RECORD, RecordError, kept, opened_text, write_text
from capacity.store.models import MODEL, model_folder, read_model, write_model
from capacity.store.runs import (
    SPOOL,
    Listed,
    list_runs,
    read_cells,
    read_run,
    read_spool,
    write_import,
    write_run,
)
from capacity.store.timeline import COLUMNS, TimelineWriter, read_timeline

SIMULATIONS = "simulations"

__all__ = [
    "COLUMNS",
    "MODEL",
    "RECORD",
    "SIMULATIONS",
    "SPOOL",
    "Listed",
    "RecordError",
    "TimelineWriter",
    "kept",
    "list_runs",
    "model_folder",
    "opened_text",
    "read_cells",
    "read_model",
    "read_run",
    "read_spool",
    "read_timeline",
    "write_import",
    "write_model",
    "write_run",
    "write_text",
]
