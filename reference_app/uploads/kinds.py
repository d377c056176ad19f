"""Which files may be uploaded, and how to tell what one is. Read once from `kinds.toml`."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Any

FIRST_BYTES = 64
"""So many bytes tell what a file is."""


class Kind(StrEnum):
    """What a file is for."""

    AVATAR = "avatar"
    RESUME = "resume"
    PORTFOLIO = "portfolio"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a kind of file may be: how large, how many of a person, which extensions by type."""

    largest_bytes: int
    most: int
    extensions: Mapping[str, tuple[str, ...]]


_DATA: dict[str, Any] = tomllib.loads(
    files("reference_app").joinpath("uploads", "kinds.toml").read_text("utf-8")
)
_BEGINNINGS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(each["begins"]) for name, each in _DATA["types"].items()
}

RULES: Mapping[Kind, Rule] = {
    kind: Rule(
        said["largest_bytes"],
        said["most"],
        {name: tuple(_DATA["types"][name]["extensions"]) for name in said["types"]},
    )
    for kind, said in ((kind, _DATA["kinds"][kind]) for kind in Kind)
}


def type_of(head: bytes) -> str | None:
    """What a file is by its first bytes; None for none of ours."""
    beginning = head[:FIRST_BYTES].hex()
    for name, pattern in _BEGINNINGS.items():
        if pattern.match(beginning):
            return name
    return None
