"""The same load for long: does anything grow, slow down or run out?"""

from typing import Literal

from pydantic import Field

from capacity.load_model import Stage, level
from scenarios.arrivals.model import OpenModel


class Soak(OpenModel):
    """`rate` arrivals a second, in `parts` steps of the same length to be held side by side."""

    model: Literal["soak"] = "soak"
    rate: float = Field(gt=0)
    parts: int = Field(default=6, ge=2, le=24)

    def stages(self, duration_s: float) -> tuple[Stage, ...]:
        """The parts, in order."""
        return tuple(
            level(f"part {number}", self.rate, duration_s / self.parts)
            for number in range(1, self.parts + 1)
        )
