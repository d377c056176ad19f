"""SLO files: a person's own targets, as TOML.

    [[slo]]
    id = "checkout-p95"
    metric = "latency"
    statistic = "p95"
    endpoint = "POST /checkout"     # optional: a name or a glob, or a list of them
    op = "<"                        # one of < <= > >=
    limit = 250
    unit = "ms"                     # optional: guards against a limit in another unit
    for = "10 s"                    # optional: missed only if past the limit for that long
    abort_after = "20 s"            # optional: stop the run once past the limit for that long
    gate = true                     # optional: false only reports
    level = "fail"                  # optional: warn, in place of gate, is told and decides nothing

A mistyped key or metric is an error with the nearest valid name, never a pass.

`metric` may be any series of the timeline too (`capacity.series`), of one instance or several:
`service.primary.cpu`, `pod.*.pool_waiting`. In place of `endpoint`, `journey` names what
the locustfile times as a whole, and `tag` a set of endpoints, given once in the file:

    [tags]
    buying = ["POST /checkout", "* /cart*"]

With `for` and `abort_after` every second of the measured time is judged by itself.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
)

from capacity import figures
from capacity.audit.blueprint import read_blueprint
from capacity.errors import UsageError
from capacity.metrics import METRICS, known_metric
from capacity.nearest import nearest
from capacity.run import JOURNEY
from capacity.targets import Op, Target


class SloError(UsageError):
    """An SLO file that cannot be judged by: file, place, key and the nearest valid name."""


_WRITTEN = re.compile(r"(\d+)\s*(s|m|h)")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_KEYS = ("slo", "tags")
_TAGS = TypeAdapter(dict[str, Annotated[list[str], Field(min_length=1)]])


def _seconds(text: object) -> int:
    """Whole seconds in `10 s`, `2m`: a record has one reading a second."""
    found = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if seconds < 1:
        raise ValueError(f"{text!r} is no time in whole seconds: write it like 10 s or 2 m")
    return seconds


Seconds = Annotated[int, BeforeValidator(_seconds, json_schema_input_type=str)]


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
    tag: str | None = None
    journey: str | None = None
    gate: bool = True
    level: Literal["fail", "warn"] = "fail"
    for_: Seconds | None = Field(default=None, alias="for")
    abort_after: Seconds | None = None
    minimum_samples: int = Field(default=1, ge=1)

    @field_validator("limit")
    @classmethod
    def _finite(cls, value: float) -> float:
        if not abs(value) < float("inf"):
            raise ValueError("must be a finite number")
        return value


_FIELDS = [field.alias or name for name, field in Slo.model_fields.items()]


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
        if key not in _KEYS:
            raise SloError(f'{path}: unknown key "{key}": {nearest(key, _KEYS)}')
    tags = _tags(path, document.get("tags", {}))
    tables = document.get("slo")
    if not isinstance(tables, list) or not tables:
        raise SloError(f"{path}: holds no [[slo]]; each target is one such table")
    targets: list[Target] = []
    for position, table in enumerate(tables, start=1):
        target = _target(path, position, table, tags)
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


def _tags(path: Path, tables: object) -> Mapping[str, list[str]]:
    """The sets of endpoints the file names."""
    try:
        return _TAGS.validate_python(tables, strict=True)
    except ValidationError as error:
        raise SloError(
            f'{path}: [tags] gives each tag a list of endpoints: buying = ["POST /checkout"]'
        ) from error


def _target(path: Path, position: int, table: object, tags: Mapping[str, Sequence[str]]) -> Target:
    if not isinstance(table, Mapping):
        raise SloError(f"{path}: slo must be written as tables, [[slo]]")
    given = table.get("id")
    place = f"{path}: [[slo]] {position}" + (f' "{given}"' if isinstance(given, str) else "")
    for key in table:
        if key not in _FIELDS:
            raise SloError(f'{place}: unknown key "{key}": {nearest(key, _FIELDS)}')
    try:
        slo = Slo.model_validate(table)
        return _as_target(slo, tags)
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


def _as_target(slo: Slo, tags: Mapping[str, Sequence[str]]) -> Target:
    metric = known_metric(slo.metric)
    if slo.statistic is None and len(metric.statistics) > 1:
        raise ValueError(f"{slo.metric} needs a statistic: {', '.join(metric.statistics)}")
    statistic = slo.statistic or metric.statistics[0]
    unit = slo.unit or metric.unit
    if slo.level == "warn" and "gate" in slo.model_fields_set:
        raise ValueError("level = warn decides nothing: leave out gate")
    endpoints = _endpoints(slo, tags)
    return Target(
        id=slo.id,
        text=slo.text or _text(slo, statistic, unit, endpoints),
        metric=slo.metric,
        statistic=statistic,
        endpoints=tuple(endpoints),
        op=slo.op,
        limit=slo.limit,
        unit=unit,
        gate=slo.gate and slo.level == "fail",
        warn=slo.level == "warn",
        for_s=slo.for_,
        abort_after_s=slo.abort_after,
        minimum_samples=slo.minimum_samples,
    )


def _endpoints(slo: Slo, tags: Mapping[str, Sequence[str]]) -> list[str]:
    """Patterns of the endpoints an SLO is about; none for the whole load."""
    given = [key for key in ("endpoint", "tag", "journey") if getattr(slo, key)]
    if len(given) > 1:
        raise ValueError(f"names {' and '.join(given)}: give one of them")
    if slo.journey is not None:
        return [f"{JOURNEY} {slo.journey}"]
    if slo.tag is None:
        return [slo.endpoint] if isinstance(slo.endpoint, str) else slo.endpoint
    if slo.tag not in tags:
        hint = nearest(slo.tag, list(tags)) if tags else "the file has no [tags]"
        raise ValueError(f'unknown tag "{slo.tag}": {hint}')
    return list(tags[slo.tag])


def _text(slo: Slo, statistic: str, unit: str, endpoints: list[str]) -> str:
    """What an SLO without words of its own says."""
    named_metric = slo.metric in METRICS
    what = slo.metric.replace("_", " ").capitalize() if named_metric else slo.metric
    which = "" if statistic in ("share", "mean") else f" {statistic.replace('_', ' ')}"
    named = slo.tag or slo.journey or " and ".join(endpoints)
    where = f" of {named}" if named else ""
    limit = figures.limit(slo.op, slo.limit, unit)
    lasting = f", or past it for less than {slo.for_} s" if slo.for_ else ""
    return f"{what}{which}{where} {limit}{lasting}"
