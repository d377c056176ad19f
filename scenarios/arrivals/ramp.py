"""A rate that rises, or falls, in a straight line."""

from typing import Literal

from pydantic import Field

from capacity.load_model import Piece, Stage
from scenarios.arrivals.model import OpenModel


class Ramp(OpenModel):
    """From `rate` to `to` arrivals a second, over the whole duration."""

    model: Literal["ramp"] = "ramp"
    rate: float = Field(ge=0)
    to: float = Field(ge=0)

    def stages(self, duration_s: float) -> tuple[Stage, ...]:
        """One step, along the ramp."""
        piece = Piece(seconds=duration_s, start=self.rate, end=self.to)
        return (Stage(name="measured", pieces=(piece,)),)
