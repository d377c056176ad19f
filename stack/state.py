"""What is known of a stack: `.hmb/stack.json`, and what `hmb status` tells of it."""

import json
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from stack.budget import PoolBudget
from stack.places import state_folder
from stack.processes import alive

_FILE = "stack.json"
_KEEPER = "keeper.json"
"""The keeper's process apart: a stack can be ended though its record is damaged."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Phase(StrEnum):
    """What a stack is doing."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPED = "stopped"


class Choices(_Part):
    """What was asked for; a second `up` must ask for the same. `services` None: all of them."""

    engine: str
    pods: int
    replicas: int
    services: tuple[str, ...] | None = None
    profiles: tuple[str, ...] = ()


class ProcessId(_Part):
    """A process, by number and by when it began (see `stack.processes.identity`)."""

    pid: int
    began: float

    @property
    def alive(self) -> bool:
        """Whether this very process still lives."""
        return alive(self.pid, self.began)


class ServiceState(_Part):
    """One running instance of a service.

    `port` is the one that matters (the first of `ports`: container port -> local);
    `started_at` is seconds since 1970; `metrics_folder` is where a pod's workers keep
    their Prometheus metrics.
    """

    name: str
    service: str
    kind: str
    process: ProcessId
    port: int | None
    ports: dict[int, int]
    urls: dict[str, str]
    log: Path
    started_at: float
    metrics_folder: Path | None = None

    @property
    def pid(self) -> int:
        """The number of its first process."""
        return self.process.pid


class Running(_Part):
    """A stack that runs: all one needs to use it, watch it and describe it.

    `environment` is the app's, for migrations and seeding; `monitor` what probes sign in
    with; `topology` and `versions` go into the run record.
    """

    home: Path
    choices: Choices
    base_url: str | None
    base_url_tls: str | None
    services: dict[str, ServiceState]
    environment: dict[str, str]
    monitor: dict[str, str]
    budget: PoolBudget | None
    topology: dict[str, int | float | str | bool]
    versions: dict[str, str]


class Record(_Part):
    """The whole of `stack.json`. `ports` outlive the stack, so that they stay the same."""

    phase: Phase
    keeper: ProcessId | None = None
    ports: dict[str, int] = {}
    data: Path | None = None
    running: Running | None = None


def read(home: Path) -> Record | None:
    """What is recorded for `home`; None when nothing is, or nothing that can be read.

    Of a record that another version wrote only what is needed to end its stack is kept.
    """
    try:
        content = (state_folder(home) / _FILE).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return Record.model_validate_json(content)
    except ValidationError:
        return _least(content) or _kept(home)


def _least(content: bytes) -> Record | None:
    try:
        known = json.loads(content)
        kept = {name: known[name] for name in ("keeper", "ports", "data") if name in known}
        return Record.model_validate({"phase": Phase.STARTING, **kept})
    except (ValueError, TypeError):
        return None


def _kept(home: Path) -> Record | None:
    """The least one needs to end the stack whose record cannot be read."""
    try:
        keeper = ProcessId.model_validate_json((state_folder(home) / _KEEPER).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return Record(phase=Phase.STARTING, keeper=keeper)


def write(home: Path, record: Record) -> None:
    """Replace the record of `home`, all at once. It holds passwords: only its owner reads it."""
    if record.keeper is not None:
        keeper = state_folder(home) / _KEEPER
        keeper.write_text(record.keeper.model_dump_json(), encoding="utf-8")
    path = state_folder(home) / _FILE
    partial = path.with_suffix(".part")
    partial.touch(mode=0o600)
    partial.write_text(record.model_dump_json(indent=2), encoding="utf-8")
    partial.replace(path)
