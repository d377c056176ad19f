"""SLO files: a person's own targets, as TOML.

    [[slo]]
    id = "checkout-p95"
    metric = "latency"
    statistic = "p95"
    endpoint = "POST /checkout"     # optional: a name or a glob, or a list of them
    op = "<"                        # one of < <= > >=
    limit = 250
    unit = "ms"                     # optional: guards against a limit in another unit
    gate = true                     # optional: false only reports

A mistyped key or metric is an error with the nearest valid name, never a pass.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from capacity import figures
from capacity.audit.blueprint import read_blueprint
from capacity.errors import UsageError
from capacity.metrics import METRICS
from capacity.nearest import nearest
from capacity.targets import Op, Target


class SloError(UsageError):
    """An SLO file that cannot be judged by: file, place, key and the nearest valid name."""


class Slo(BaseModel):
    """One `[[slo]]` of a file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    metric: str
    statistic: str | None = None
    text: str = ""
    endpoint: str | list[str] = Field(default_factory=list)
    op: Op
    limit: float
    unit: str | None = None
    gate: bool = True
    minimum_samples: int = Field(default=1, ge=1)

    @field_validator("limit")
    @classmethod
    def _finite(cls, value: float) -> float:
        if not abs(value) < float("inf"):
            raise ValueError("must be a finite number")
        return value


def blueprint_targets() -> list[Target]:
    """The promises hmb judges its own stack by when no SLO file is given."""
    return list(read_blueprint().of_a_run())


def read_slo(path: Path) -> list[Target]:
    """The targets of the SLO file at `path`, in its order.

    Raises `SloError`, in one line, for a file that cannot be read, is no TOML,
    has no `[[slo]]`, an unknown key, metric, statistic or unit, or an id twice.
    """
    document = _document(path)
    for key in document:
        if key != "slo":
            raise SloError(f'{path}: unknown key "{key}": {nearest(key, ["slo"])}')
    tables = document.get("slo")
    if not isinstance(tables, list) or not tables:
        raise SloError(f"{path}: holds no [[slo]]; each target is one such table")
    targets: list[Target] = []
    for position, table in enumerate(tables, start=1):
        target = _target(path, position, table)
        if any(target.id == other.id for other in targets):
            raise SloError(f'{path}: two [[slo]] are named "{target.id}"; ids must differ')
        targets.append(target)
    return targets


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SloError(f"no SLO file at {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SloError(f"cannot read the SLO file {path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise SloError(f"{path} is not TOML: {error}") from error


def _target(path: Path, position: int, table: object) -> Target:
    if not isinstance(table, Mapping):
        raise SloError(f"{path}: slo must be written as tables, [[slo]]")
    given = table.get("id")
    place = f"{path}: [[slo]] {position}" + (f' "{given}"' if isinstance(given, str) else "")
    for key in table:
        if key not in Slo.model_fields:
            raise SloError(f'{place}: unknown key "{key}": {nearest(key, list(Slo.model_fields))}')
    try:
        slo = Slo.model_validate(table)
        return _as_target(slo)
    except ValidationError as error:
        raise SloError(f"{place}: {_first(error)}") from error
    except ValueError as error:
        raise SloError(f"{place}: {error}") from error


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    key = str(first["loc"][0]) if first["loc"] else ""
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        return f'key "{key}" is missing'
    if key == "id" and first["type"] == "string_pattern_mismatch":
        return 'key "id": use small letters, digits, dots and hyphens'
    return f'key "{key}": {reason}' if key else reason


def _as_target(slo: Slo) -> Target:
    if slo.metric not in METRICS:
        raise ValueError(f'unknown metric "{slo.metric}": {nearest(slo.metric, list(METRICS))}')
    metric = METRICS[slo.metric]
    if slo.statistic is None and len(metric.statistics) > 1:
        raise ValueError(f"{slo.metric} needs a statistic: {', '.join(metric.statistics)}")
    statistic = slo.statistic or metric.statistics[0]
    unit = slo.unit or metric.unit
    endpoints = [slo.endpoint] if isinstance(slo.endpoint, str) else slo.endpoint
    return Target(
        id=slo.id,
        text=slo.text or _text(slo, statistic, unit, endpoints),
        metric=slo.metric,
        statistic=statistic,
        endpoints=tuple(endpoints),
        op=slo.op,
        limit=slo.limit,
        unit=unit,
        gate=slo.gate,
        minimum_samples=slo.minimum_samples,
    )


def _text(slo: Slo, statistic: str, unit: str, endpoints: list[str]) -> str:
    """What an SLO without words of its own says."""
    what = slo.metric.replace("_", " ").capitalize()
    which = "" if statistic in ("share", "mean") else f" {statistic.replace('_', ' ')}"
    where = f" of {' and '.join(endpoints)}" if endpoints else ""
    return f"{what}{which}{where} {figures.limit(slo.op, slo.limit, unit)}"
