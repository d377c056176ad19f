"""What there is to switch (`flags.toml`), and what FEATURE_FLAGS says of it.

Apart from `flags`, so that reading the settings takes nothing that serves.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

ALWAYS = 100
"""The share for which something that is on is on, in per cent."""

_SPELLED = {"on": ALWAYS, "off": 0}


class UnknownFlagError(ValueError):
    """There is no flag of this name."""


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that can be switched; `default` in per cent."""

    name: str
    description: str
    default: int


KNOWN: Mapping[str, Flag] = {
    name: Flag(name, data["description"], int(data["default"]))
    for name, data in tomllib.loads(
        files("reference_app").joinpath("kit", "flags.toml").read_text("utf-8")
    ).items()
}
"""By name."""


def read_settings(entries: tuple[str, ...]) -> dict[str, int]:
    """What FEATURE_FLAGS says: `name=on`, `name=off` or `name=25`, as per cent by name.

    Raises `ValueError` for an unknown name and for what is no share.
    """
    told = {}
    for entry in entries:
        name, _, value = entry.partition("=")
        known(name.strip())
        spelled = value.strip().lower()
        percent = _SPELLED.get(spelled, int(spelled) if spelled.isdecimal() else None)
        if percent is None or percent > ALWAYS:
            raise ValueError(f"{name.strip()} must be on, off or a number from 0 to 100")
        told[name.strip()] = percent
    return told


def known(name: str) -> Flag:
    """The flag of this name. Raises `UnknownFlagError`."""
    flag = KNOWN.get(name)
    if flag is None:
        raise UnknownFlagError(f"there is no flag called {name!r}; there are: {', '.join(KNOWN)}")
    return flag
