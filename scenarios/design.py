"""What a calibration runs: mixes that tell classes apart, levels, and what is held out.

The mixes are data, in `design.toml` beside this file.
"""

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from scenarios import catalogue
from scenarios.catalogue import JourneyName, Scenario, Think

BASE = "mixed"
_FILE = Path(__file__).with_name("design.toml")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mix(_Part):
    """How a mix differs from `mixed`."""

    why: str
    population: dict[JourneyName, float]
    session: dict[str, float] = {}
    journeys: dict[JourneyName, dict[str, float]] = {}


class Extent(_Part):
    """How much is run; levels are shares of the heaviest."""

    warmup_s: float = Field(ge=0)
    duration_s: float = Field(gt=0)
    levels: tuple[float, ...] = Field(min_length=3)
    mixes_at: float = Field(gt=0, le=1)
    held_out_level: float = Field(gt=0, le=1)
    pods: int = Field(ge=2, le=10)
    held_out_pods: int = Field(ge=2, le=10)


class Design(_Part):
    """The whole file."""

    think_mean_s: float = Field(gt=0)
    think_cap_s: float = Field(gt=0)
    users: int = Field(gt=0)
    quick: Extent
    full: Extent
    held_out_mix: Mix
    mixes: dict[str, Mix]


@dataclass(frozen=True, slots=True)
class Planned:
    """One run of a calibration. `about_pods`: it is there for its number of pods."""

    scenario: Scenario
    users: int
    pods: int
    held_out: bool
    why: str
    about_pods: bool = False

    def with_pods(self, pods: int) -> "Planned":
        """The same on another number of pods."""
        return replace(self, pods=pods)


@cache
def design() -> Design:
    """The design in `design.toml`."""
    return Design.model_validate(tomllib.loads(_FILE.read_text(encoding="utf-8")))


def plan(*, quick: bool, users: int | None = None) -> list[Planned]:
    """The runs in order, those on one number of pods together; `users` of the heaviest level."""
    whole = design()
    extent = whole.quick if quick else whole.full
    heaviest = whole.users if users is None else users
    base = _scenario(whole, extent, BASE, {})

    def at(share: float) -> int:
        return max(1, round(heaviest * share))

    levels = [
        Planned(base, at(share), extent.pods, held_out=False, why=f"level {share:.0%}")
        for share in extent.levels
    ]
    mixes = [
        Planned(
            _scenario(whole, extent, f"{BASE}-{name}", _said(mix)),
            at(extent.mixes_at),
            extent.pods,
            held_out=False,
            why=mix.why,
        )
        for name, mix in whole.mixes.items()
    ]
    apart = whole.held_out_mix
    held_out = [
        Planned(
            base, at(extent.held_out_level), extent.pods, held_out=True, why="a level held out"
        ),
        Planned(
            _scenario(whole, extent, f"{BASE}-held-out", _said(apart)),
            at(extent.mixes_at),
            extent.pods,
            held_out=True,
            why=apart.why,
        ),
        Planned(
            base,
            at(extent.mixes_at),
            extent.held_out_pods,
            held_out=True,
            why="a number of pods held out",
            about_pods=True,
        ),
    ]
    return [*levels, *mixes, *held_out]


def for_growth(planned: list[Planned]) -> list[Planned]:
    """What of a calibration is run on smaller data too: all that is fitted, and a level held out.

    The mixes must be the same, or growth with the data and change of the mix look alike.
    """
    return [
        one
        for one in planned
        if not one.held_out or (one.scenario.name == BASE and not one.about_pods)
    ]


def _said(mix: Mix) -> dict[str, Any]:
    return mix.model_dump(exclude={"why"})


def _scenario(whole: Design, extent: Extent, name: str, said: dict[str, Any]) -> Scenario:
    """`mixed` except for what a mix says, with the calibration's times."""
    return catalogue.varied(
        catalogue.load(BASE),
        {
            "name": name,
            "think": Think(mean_s=whole.think_mean_s, cap_s=whole.think_cap_s).model_dump(),
            "warmup_s": extent.warmup_s,
            "duration_s": extent.duration_s,
            **said,
        },
    )
