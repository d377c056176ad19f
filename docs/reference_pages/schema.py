"""The keys of a pydantic model as rows, read from its JSON schema.

Keywords are those of JSON Schema, Validation (2020-12), sections 6.1 to 6.5.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "table",
    "array": "list",
    "null": "nothing",
}
_LIMITS = {
    "exclusiveMinimum": "above {}",
    "minimum": "at least {}",
    "exclusiveMaximum": "below {}",
    "maximum": "at most {}",
    "minItems": "at least {} of them",
    "minLength": "at least {} letters",
}

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One key: where it stands, what it takes, what holds without it, what it is about."""

    key: str
    kind: str
    default: str
    about: str


def rows(whole: Schema, at: str) -> list[Row]:
    """Every key below `at`; `[]` after a name is a list of tables, `*` a name of one's own."""
    return list(_Reader(whole.get("$defs", {})).fields(whole, at))


class _Reader:
    def __init__(self, known: Mapping[str, Schema]) -> None:
        self._known = known

    def fields(self, schema: Schema, at: str) -> Iterator[Row]:
        needed = schema.get("required", [])
        for name, given in schema.get("properties", {}).items():
            one = self._resolved(given)
            key = f"{at}.{name}" if at else name
            # what tells several kinds of a table apart has to be said, whatever its default
            needs = name in needed or "const" in one
            default = "must be there" if needs else _told(given.get("default"))
            inner = list(self._below(one, key))
            if not inner:
                yield Row(key, self._words(one), default, given.get("description", ""))
            elif name not in needed or one.get("description"):
                yield Row(key, self._words(one), default, _sentence(one))
            yield from inner

    def _below(self, schema: Schema, key: str) -> Iterator[Row]:
        """The rows of the tables a value is made of."""
        for variant in self._variants(schema):
            if "properties" in variant:
                yield from self.fields(variant, key)
            elif isinstance(variant.get("additionalProperties"), Mapping):
                yield from self._below(self._resolved(variant["additionalProperties"]), f"{key}.*")
            elif isinstance(variant.get("items"), Mapping):
                yield from self._below(self._resolved(variant["items"]), f"{key}[]")

    def _variants(self, schema: Schema) -> list[Schema]:
        """What a value may be, one after the other; nothing at all apart."""
        several = schema.get("oneOf") or schema.get("anyOf")
        if several is None:
            return [] if schema.get("type") == "null" else [schema]
        return [inner for one in several for inner in self._variants(self._resolved(one))]

    def _resolved(self, schema: Schema) -> Schema:
        reference = schema.get("$ref")
        if reference is None:
            return schema
        return {**self._known[reference.rsplit("/", 1)[1]], **schema, "$ref": None}

    def _words(self, schema: Schema) -> str:
        if "const" in schema:
            return f'"{schema["const"]}"'
        if "enum" in schema:
            return " or ".join(f'"{one}"' for one in schema["enum"])
        several = self._variants(schema)
        if len(several) > 1 or several[0] is not schema:
            return " or ".join(dict.fromkeys(self._words(one) for one in several))
        words = _TYPES.get(schema.get("type", ""), "anything")
        limits = [_LIMITS[key].format(schema[key]) for key in _LIMITS if key in schema]
        if isinstance(schema.get("items"), Mapping):
            words = f"list of {self._words(self._resolved(schema['items']))}"
        elif isinstance(schema.get("additionalProperties"), Mapping):
            inner = self._resolved(schema["additionalProperties"])
            words = f"table of {self._words(inner)}"
        return ", ".join((words, *limits))


def _told(default: object) -> str:
    return "nothing" if default in (None, "", [], {}) else json.dumps(default)


def _sentence(schema: Schema) -> str:
    """The first paragraph of what a model says of itself."""
    text: str = schema.get("description", "")
    return text.split("\n\n")[0]
