"""Variables in a compose file: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:?why}` and kin.

Follows https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md,
nested defaults included.
"""

import re
from collections.abc import Mapping

from stack.errors import StackError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-?+]")
_REQUIRED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*):?\?")


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """`text` with its variables replaced; `$$` stands for a dollar sign.

    Raises `StackError` for a required variable that is not set and for a reference
    that is not closed.
    """
    parts: list[str] = []
    position = 0
    while (dollar := text.find("$", position)) >= 0:
        parts.append(text[position:dollar])
        value, position = _reference(text, dollar + 1, variables)
        parts.append(value)
    parts.append(text[position:])
    return "".join(parts)


def required_names(text: str) -> set[str]:
    """The variables `text` refuses to do without."""
    return set(_REQUIRED.findall(text))


def _reference(text: str, start: int, variables: Mapping[str, str]) -> tuple[str, int]:
    """The value of the reference whose `$` stands before `start`, and where the text goes on."""
    if text.startswith("$", start):
        return "$", start + 1
    if text.startswith("{", start):
        end = _closing_brace(text, start)
        return _braced(text[start + 1 : end], variables), end + 1
    name = _NAME.match(text, start)
    if name is None:
        raise StackError(f"a lone $ in {text!r}; write $$ for a dollar sign")
    return variables.get(name.group(), ""), name.end()


def _closing_brace(text: str, start: int) -> int:
    depth = 0
    for position in range(start, len(text)):
        if text[position] == "{":
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if depth == 0:
                return position
    raise StackError(f"no closing brace in {text!r}")


def _braced(inside: str, variables: Mapping[str, str]) -> str:
    name = _NAME.match(inside)
    if name is None:
        raise StackError(f"not a variable: ${{{inside}}}")
    value = variables.get(name.group())
    rest = inside[name.end() :]
    if not rest:
        return value or ""
    operator = _OPERATOR.match(rest)
    if operator is None:
        raise StackError(f"not a variable: ${{{inside}}}")
    argument = rest[operator.end() :]
    present = bool(value) if operator.group().startswith(":") else value is not None
    match operator.group()[-1]:
        case "-":
            return value or "" if present else interpolate(argument, variables)
        case "+":
            return interpolate(argument, variables) if present else ""
        case _:
            if not present:
                why = interpolate(argument, variables)
                raise StackError(f"{name.group()} is not set{f': {why}' if why else ''}")
            return value or ""
