"""Levels held one after the other, each measured as a step of its own."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from capacity.load_model import Stage, level
from scenarios.arrivals.model import OpenModel


class Level(BaseModel):
    """One level: `rate` arrivals a second for `seconds`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rate: float = Field(ge=0)
    seconds: float = Field(gt=0)


class Stages(OpenModel):
    """`levels` in their order."""

    model: Literal["stages"] = "stages"
    levels: tuple[Level, ...] = Field(min_length=1)

    @property
    def lasts_s(self) -> float:
        """All levels together."""
        return sum(one.seconds for one in self.levels)

    def stages(self, duration_s: float) -> tuple[Stage, ...]:
        """A step for each level, numbered, for two may have the same rate."""
        return tuple(
            level(f"{number}: {one.rate:g}/s", one.rate, one.seconds)
            for number, one in enumerate(self.levels, start=1)
        )
