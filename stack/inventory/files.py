"""Reading what may not be there."""

import tomllib
from pathlib import Path
from typing import Any


def text(home: Path, name: str) -> str:
    """The text of a file of the checkout; empty when it is not there."""
    path = home / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def toml(home: Path, name: str) -> dict[str, Any]:
    """A TOML file of the checkout; empty when it is not there."""
    return tomllib.loads(text(home, name))


def number(words: str) -> int | float | str:
    """What a setting's text stands for."""
    try:
        return int(words)
    except ValueError:
        try:
            return float(words)
        except ValueError:
            return words
