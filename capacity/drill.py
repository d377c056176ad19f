"""Drills: what is broken under load, and what is promised of it, as data.

`capacity/drills.toml` lists them. A promise is a `Target` like any other, so that a
drill's run is judged, told and exits as every run does.
"""

import tomllib
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from capacity.errors import UsageError
from capacity.nearest import nearest
from capacity.targets import Target

_MENDING_S = 120.0
_FILE = Path(__file__).with_name("drills.toml")


class Drill(BaseModel):
    """One thing to break. Times in seconds; `at_s` counts from the load's start.

    `promised` decide the exit code, `told` only inform. `note` says what a reader of the
    result must know. `scenario` is the load under which it happens.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    text: str
    services: tuple[str, ...] = ()
    at_s: float = Field(gt=0)
    lasts_s: float = Field(ge=0)
    heals_s: float = Field(ge=0, description="time the load goes on after the repair")
    promised: tuple[str, ...] = Field(min_length=1)
    told: tuple[str, ...] = ()
    note: str = ""
    scenario: str = "drill"

    @property
    def most_s(self) -> float:
        """How long the load, warm-up included, goes on at most: a slow machine mends slowly."""
        return self.at_s + self.lasts_s + self.heals_s + _MENDING_S


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    promise: dict[str, dict[str, str | float]]
    drill: list[Drill]

    @cached_property
    def targets(self) -> dict[str, Target]:
        """Every promise by name, as one that decides."""
        return {
            name: Target.model_validate({"id": name, "section": "drill", "gate": True, **words})
            for name, words in self.promise.items()
        }


def drills() -> list[Drill]:
    """All drills, in the order they are run in."""
    return _read().drill


def drill(name: str) -> Drill:
    """The drill of that name. Raises `UsageError` with the nearest one when there is none."""
    found = next((one for one in drills() if one.name == name), None)
    if found is None:
        hint = nearest(name, [one.name for one in drills()])
        raise UsageError(f"no drill is called {name!r}: {hint}; hmb drill --list tells them all")
    return found


def promises(wanted: Drill) -> list[Target]:
    """What `wanted` is judged by: what decides first, then what only informs."""
    known = _read().targets
    return [
        *(known[name] for name in wanted.promised),
        *(known[name].model_copy(update={"gate": False}) for name in wanted.told),
    ]


def _read() -> _File:
    return _File.model_validate(tomllib.loads(_FILE.read_text(encoding="utf-8")))
