"""Every kind of TOML file with its keys: from the model that reads it, or from the files."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from textwrap import dedent
from typing import Any

from pydantic import BaseModel, ConfigDict

from docs.reference_pages.schema import rows
from docs.reference_pages.tables import code, plain, table

CHECKOUT = Path(__file__).resolve().parents[2]
_GROUPS = Path(__file__).with_name("files.toml")
_COMMENT = re.compile(r"^# ?")
_EXAMPLE = re.compile(r"(?:^    \S.*\n(?:^    .*\n|^\n(?=    ))*)+", re.MULTILINE)
"""What is indented in a module's docstring: a file as it is written."""
_SHOWN = 60
"""Letters of a value that are shown."""


class Group(BaseModel):
    """One `[[group]]` of `files.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    about: str
    files: tuple[str, ...]
    model: str | None = None
    at: str = ""
    names: tuple[str, ...] = ()
    values: bool = False

    @property
    def paths(self) -> list[Path]:
        """The files there are."""
        return sorted({path for one in self.files for path in CHECKOUT.glob(one)})


@cache
def groups() -> tuple[Group, ...]:
    """All kinds of files, in the order of the page."""
    tables = tomllib.loads(_GROUPS.read_text(encoding="utf-8"))["group"]
    return tuple(Group.model_validate(one) for one in tables)


def page() -> str:
    """A section for each kind."""
    return "\n".join("\n\n".join(_section(one)) for one in groups())


def _section(group: Group) -> Iterator[str]:
    yield f"## {group.title}"
    yield group.about
    names = [code(path.relative_to(CHECKOUT)) for path in group.paths]
    if names:
        yield f"{'Files' if len(names) > 1 else 'File'}: {', '.join(names)}."
        yield _opening(group.paths[0])
    if group.values:
        yield from (_assumptions(path) for path in group.paths)
    elif group.model is not None:
        yield from _of_model(group.model, group.at)
    else:
        yield _of_files(group)


def _opening(path: Path) -> str:
    """The comment a file begins with, which says what its keys mean."""
    lines = takewhile(_COMMENT.match, path.read_text(encoding="utf-8").splitlines())
    text = "\n".join(_COMMENT.sub("", line) for line in lines)
    return f"```text\n{text}\n```" if text else ""


def _of_model(where: str, at: str) -> Iterator[str]:
    name, _, of = where.partition(":")
    module = import_module(name)
    example = _EXAMPLE.search(module.__doc__ or "")
    if example:
        yield f"```toml\n{dedent(example[0]).strip()}\n```"
    model: type[BaseModel] = getattr(module, of)
    found = rows(model.model_json_schema(), at)
    head = ["key", "value", "without it"]
    told = [[code(row.key), plain(row.kind), plain(row.default)] for row in found]
    if any(row.about for row in found):
        head.append("about")
        told = [[*cells, plain(row.about)] for cells, row in zip(told, found, strict=True)]
    yield table(head, told)


def _of_files(group: Group) -> str:
    found: dict[str, object] = {}
    for path in group.paths:
        for key, value in _leaves(tomllib.loads(path.read_text(encoding="utf-8")), ()):
            found.setdefault(_named(key, group.names), value)
    return table(
        ("key", "value", "for example"),
        ((code(key), _kind(value), code(_short(value))) for key, value in found.items()),
    )


def _assumptions(path: Path) -> str:
    from capacity.inputs import read_inputs

    told = [
        (
            code(name),
            f"{one.low:g} : {one.mid:g} : {one.high:g}",
            plain(one.unit),
            str(one.evidence),
            plain(one.reason),
        )
        for name, one in read_inputs(path).known.items()
    ]
    return table(("name", "low : likeliest : high", "unit", "evidence", "why"), told)


def _leaves(value: object, key: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every value that is no table, by the names on the way to it."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, (*key, name))
    elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        for one in value:
            yield from _leaves(one, (*key[:-1], f"{key[-1]}[]"))
    else:
        yield key, value


def _named(key: tuple[str, ...], patterns: Sequence[str]) -> str:
    """The key as one text, names of the file's own choosing written *."""
    for pattern in patterns:
        parts = pattern.split(".")
        if len(parts) <= len(key) and all(map(fnmatchcase, key, parts)):
            return ".".join((*parts, *key[len(parts) :]))
    return ".".join(key)


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return f"list of {_kind(value[0])}" if value else "list"
    words = {bool: "true or false", int: "number", float: "number", str: "text", dict: "table"}
    return words.get(type(value), type(value).__name__)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
