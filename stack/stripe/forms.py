"""Stripe's request encoding: `a[b][0][c]=v` to nested values, held against a schema.

The schema of every operation is data (`parameters.toml`): one line per parameter,
its path and its type. A type is alternatives separated by `|`: a base type (`str`, `int`,
`bool`, `float`, `time`, `map`) or a literal word, the empty word meaning "may be unset
with an empty value". A `!` at the end makes it required.
"""

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl

from stack.stripe.errors import ApiError, invalid
from stack.stripe.objects import Json

_KEY = re.compile(r"\[([^\[\]]*)\]")
_BASES = {"str", "int", "bool", "float", "time", "map"}
MAX_FIELDS = 1000
MAX_DEPTH = 6
_PAGING = {"limit": "int", "starting_after": "str", "ending_before": "str"}


@dataclass(slots=True)
class Schema:
    """One parameter: the types of its value, its inner parameters, those of its elements."""

    types: list[str] = field(default_factory=list)
    required: bool = False
    fields: "dict[str, Schema]" = field(default_factory=dict)
    element: "Schema | None" = None

    def at(self, path: str) -> "Schema":
        """The schema under a path such as `items[].price`, made on the way where absent."""
        node = self
        for step in path.replace("[]", ".[]").split("."):
            if step == "[]":
                node.element = node.element or Schema()
                node = node.element
            else:
                node = node.fields.setdefault(step, Schema())
        return node


@cache
def schemas() -> dict[str, Schema]:
    """The schema of every operation, by name."""
    text = resources.files("stack.stripe").joinpath("parameters.toml").read_text("utf-8")
    made: dict[str, Schema] = {}
    for resource, operations in tomllib.loads(text).items():
        for operation, parameters in operations.items():
            paging = _PAGING if operation == "list" else {}
            made[f"{resource}.{operation}"] = _schema({**parameters, **paging, "expand[]": "str"})
    return made


def _schema(parameters: dict[str, str]) -> Schema:
    root = Schema()
    for path, kind in parameters.items():
        root.at(path).types = kind.removesuffix("!").split("|")
        if kind.endswith("!"):
            root.at(path.removesuffix("[]")).required = True
    return root


def decode(text: str) -> Json:
    """The nested strings of a form body or a query. Lists are still dicts of numbers."""
    tree: Json = {}
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    for key, value in pairs:
        head = key.split("[", 1)[0]
        steps = [head, *_KEY.findall(key)]
        if head + "".join(f"[{step}]" for step in steps[1:]) != key or len(steps) > MAX_DEPTH:
            raise invalid(f"Invalid parameter name: {key}", param=key)
        _place(tree, steps, value, key)
    return tree


def _place(tree: Json, steps: list[str], value: str, key: str) -> None:
    node = tree
    for step in steps[:-1]:
        inner = node.setdefault(step or str(len(node)), {})
        if not isinstance(inner, dict):
            raise invalid(f"Invalid mix of value and object: {key}", param=key)
        node = inner
    node[steps[-1] or str(len(node))] = value


def checked(operation: str, tree: Json) -> Json:
    """The typed parameters of a call.

    Raises `ApiError`: parameter_unknown, parameter_missing, parameter_invalid_*.
    """
    return _object(schemas()[operation], tree, "")


def _object(schema: Schema, tree: Json, path: str) -> Json:
    made: Json = {}
    for name, raw in tree.items():
        param = f"{path}[{name}]" if path else name
        inner = schema.fields.get(name)
        if inner is None:
            raise _unknown(param, schema, path)
        made[name] = _value(inner, raw, param)
    for name, inner in schema.fields.items():
        if inner.required and made.get(name) in (None, "", []):
            param = f"{path}[{name}]" if path else name
            raise invalid(
                f"Missing required param: {param}.", code="parameter_missing", param=param
            )
    return made


def _unknown(param: str, schema: Schema, path: str) -> ApiError:
    known = ", ".join(sorted(schema.fields)) or "none"
    where = f" in {path}" if path else ""
    return invalid(
        f"Received unknown parameter: {param}. (This server knows{where}: {known}.)",
        code="parameter_unknown",
        param=param,
    )


def _value(schema: Schema, raw: Any, param: str) -> Any:
    if isinstance(raw, str):
        return _scalar(schema, raw, param)
    if "map" in schema.types:
        return {name: str(value) for name, value in raw.items()}
    if schema.element is not None:
        return _list(schema.element, raw, param)
    if schema.fields:
        return _object(schema, raw, param)
    raise invalid(f"Invalid object: {param} takes a single value.", param=param)


def _list(element: Schema, raw: Json, param: str) -> list[Any]:
    if not all(name.isdigit() for name in raw):
        raise invalid(f"Invalid array: {param}", param=param)
    return [_value(element, raw[name], f"{param}[{name}]") for name in sorted(raw, key=int)]


def _scalar(schema: Schema, raw: str, param: str) -> Any:
    literals = [kind for kind in schema.types if kind not in _BASES]
    if raw in literals:
        return raw
    if raw == "":
        raise invalid(
            f"You passed an empty string for '{param}'.",
            code="parameter_invalid_empty",
            param=param,
        )
    for kind in schema.types:
        if kind in _BASES - {"map"}:
            return _CONVERT[kind](raw, param)
    if literals:
        allowed = ", ".join(word for word in literals if word)
        raise invalid(f"Invalid {param}: must be one of {allowed}", param=param)
    raise invalid(f"Invalid {'array' if schema.element else 'object'}: {param}", param=param)


def _integer(raw: str, param: str) -> int:
    if not re.fullmatch(r"-?\d{1,15}", raw):
        raise invalid(f"Invalid integer: {raw}", code="parameter_invalid_integer", param=param)
    return int(raw)


def _number(raw: str, param: str) -> float:
    if not re.fullmatch(r"-?\d{1,12}(\.\d{1,12})?", raw):
        raise invalid(f"Invalid decimal: {raw}", param=param)
    return float(raw)


def _boolean(raw: str, param: str) -> bool:
    if raw not in ("true", "false"):
        raise invalid(f"Invalid boolean: {raw}", param=param)
    return raw == "true"


def _string(raw: str, param: str) -> str:
    if len(raw) > 5000:
        raise invalid(
            f"Invalid string: {param} must be at most 5000 characters",
            code="parameter_invalid_string",
            param=param,
        )
    return raw


_CONVERT = {
    "int": _integer,
    "time": _integer,
    "float": _number,
    "bool": _boolean,
    "str": _string,
}
