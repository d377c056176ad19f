"""Blueprints as data: TOML that holds claims, the numbers they share, and a before / after.

A blueprint is a file or a folder of them, read in the order of their names. Each has

    [section]           # name, title, about, judged_by_runs
    [inputs]            # numbers by name, which checks refer to: "inputs.users"
    [[claim]]           # see capacity.audit.claims.Claim
    [[comparison]]      # see capacity.audit.claims.Comparison

A mistyped key is an error with the nearest valid name, never a claim that is met.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from capacity.audit.claims import Claim, Comparison, Literally
from capacity.audit.facts import Expectation
from capacity.audit.plan import Planned
from capacity.errors import UsageError
from capacity.nearest import nearest
from capacity.targets import Check

BLUEPRINT = Path(__file__).parents[1] / "blueprint"
_REFERENCE = "inputs."
_Part = TypeVar("_Part", bound=BaseModel)
_TABLES = ("section", "inputs", "claim", "comparison")


class BlueprintError(UsageError):
    """A blueprint that cannot be audited: file, claim, key and the nearest valid name."""


class Section(BaseModel):
    """A part of a blueprint: one file of it.

    `judged_by_runs` makes its claims targets of a run.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    about: str = ""
    judged_by_runs: bool = False


@dataclass(frozen=True, slots=True)
class Blueprint:
    """All claims in order, their sections, the before / after rows, and inputs by dotted name."""

    sections: tuple[Section, ...]
    claims: tuple[Claim, ...]
    comparisons: tuple[Comparison, ...]
    inputs: Mapping[str, object]

    def of(self, section: Section) -> list[Claim]:
        """The claims of one section."""
        return [claim for claim in self.claims if claim.section == section.name]

    def of_a_run(self) -> Iterator[Claim]:
        """The claims that `hmb loadtest` judges its runs by."""
        for section in self.sections:
            if section.judged_by_runs:
                yield from self.of(section)


def read_blueprint(path: Path | None = None) -> Blueprint:
    """The blueprint at `path`, a file or a folder; without one, the one hmb comes with.

    Raises `BlueprintError`, in one line, for what is no blueprint, an unknown key, metric,
    check or reference, or an id twice.
    """
    return _ours() if path is None else _read(path)


@cache
def _ours() -> Blueprint:
    return _read(BLUEPRINT)


def _read(path: Path) -> Blueprint:
    files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    documents = [(file, _document(file)) for file in files]
    if not documents:
        raise BlueprintError(f"{path} holds no .toml file; a blueprint is one, or a folder of them")
    inputs = dict(_inputs(documents))
    sections, claims, comparisons = [], [], []
    for file, document in documents:
        unnamed = {"name": file.stem, "title": file.stem}
        section = _part(file, "[section]", Section, document.get("section", unnamed))
        sections.append(section)
        for table in _tables(file, document, "claim"):
            filled = {"section": section.name, **_filled(file, table, inputs)}
            claims.append(_part(file, f'[[claim]] "{table.get("id")}"', Claim, filled))
        for table in _tables(file, document, "comparison"):
            place = f'[[comparison]] "{table.get("what")}"'
            comparisons.append(_part(file, place, Comparison, _filled(file, table, inputs)))
    _once(path, [claim.id for claim in claims])
    _named(path, comparisons, [claim.id for claim in claims])
    return Blueprint(tuple(sections), tuple(claims), tuple(comparisons), inputs)


def _document(file: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BlueprintError(f"no blueprint at {file}: give a TOML file, or a folder") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BlueprintError(f"cannot read the blueprint {file}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise BlueprintError(f"{file} is not TOML: {error}") from error
    for key in document:
        if key not in _TABLES:
            raise BlueprintError(f'{file}: unknown key "{key}": {nearest(key, _TABLES)}')
    return document


def _tables(file: Path, document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = document.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BlueprintError(f"{file}: {key} must be written as tables, [[{key}]]")
    return found


def _inputs(documents: Iterable[tuple[Path, dict[str, Any]]]) -> Iterator[tuple[str, object]]:
    """Every input of every file by its dotted name."""
    for file, document in documents:
        given = document.get("inputs", {})
        if not isinstance(given, dict):
            raise BlueprintError(f"{file}: inputs must be a table, [inputs]")
        yield from _flat("inputs", given)


def _flat(name: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}", inner)
    else:
        yield name, value


def _filled(file: Path, value: Any, inputs: Mapping[str, object]) -> Any:
    """`value` with every reference replaced by the input it names."""
    if isinstance(value, dict):
        return {key: _filled(file, inner, inputs) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(file, inner, inputs) for inner in value]
    if not (isinstance(value, str) and value.startswith(_REFERENCE)):
        return value
    if value not in inputs:
        raise BlueprintError(f'{file}: no input "{value}": {nearest(value, list(inputs))}')
    return inputs[value]


def _part(file: Path, place: str, kind: type[_Part], table: object) -> _Part:
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        raise BlueprintError(f"{file}: {place}: {_first(error, kind)}") from error


_KEYS: dict[str, type[BaseModel]] = {
    "check": Check,
    "expects": Expectation,
    "plan": Planned,
    "literal": Literally,
}


def _first(error: ValidationError, kind: type[BaseModel]) -> str:
    """One complaint in one line; an unknown key, which others follow from, before all others."""
    errors = error.errors(include_url=False)
    unknown = [one for one in errors if one["type"] == "extra_forbidden"]
    first = (unknown or errors)[0]
    names = [part for part in first["loc"] if isinstance(part, str)]
    key = ".".join(names)
    if first["type"] == "extra_forbidden":
        owner = _KEYS.get(names[-2], kind) if len(names) > 1 else kind
        return f'unknown key "{key}": {nearest(names[-1], list(owner.model_fields))}'
    if first["type"] == "missing":
        return f'key "{key}" is missing'
    reason = first["msg"].removeprefix("Value error, ")
    return f'key "{key}": {reason}' if key else reason


def _once(path: Path, ids: list[str]) -> None:
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise BlueprintError(f"{path}: more than one claim named {', '.join(twice)}")


def _named(path: Path, comparisons: Iterable[Comparison], ids: list[str]) -> None:
    for row in comparisons:
        if row.claim not in ids:
            place = f'{path}: [[comparison]] "{row.what}"'
            raise BlueprintError(f'{place}: no claim "{row.claim}": {nearest(row.claim, ids)}')
