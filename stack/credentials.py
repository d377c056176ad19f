"""Passwords and keys of a native stack: made once per checkout, kept where only we read.

Every variable the compose file refuses to default (`${NAME:?}`) gets one.
"""

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from stack.errors import StackError

_FILE = "credentials.json"


def ensure(state: Path, names: Iterable[str]) -> dict[str, str]:
    """The value of every name, made and stored when new. 48 hexadecimal digits each."""
    path = state / _FILE
    known = _stored(path)
    missing = sorted(set(names) - known.keys())
    if missing:
        known |= {name: secrets.token_hex(24) for name in missing}
        _store(path, known)
    return known


def _stored(path: Path) -> dict[str, str]:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise StackError(
            f"{path} is damaged: remove {path.parent} to start afresh, data included"
        ) from None
    return {str(name): str(value) for name, value in stored.items()}


def _store(path: Path, values: dict[str, str]) -> None:
    partial = path.with_suffix(".part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(values, file, indent=2, sort_keys=True)
    partial.replace(path)
