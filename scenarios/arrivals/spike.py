"""A sudden crowd: a level, many times that at once, and the level again."""

from typing import Literal

from pydantic import Field

from capacity.load_model import Stage, level
from scenarios.arrivals.model import OpenModel


class Spike(OpenModel):
    """`rate` arrivals a second, but `peak` for `peak_share` of the time, in the middle."""

    model: Literal["spike"] = "spike"
    rate: float = Field(ge=0)
    peak: float = Field(gt=0)
    peak_share: float = Field(gt=0, lt=1)

    def stages(self, duration_s: float) -> tuple[Stage, ...]:
        """Before, during, and after: the last shows whether the system comes back."""
        peak_s = duration_s * self.peak_share
        beside_s = (duration_s - peak_s) / 2
        return (
            level("before", self.rate, beside_s),
            level("spike", self.peak, peak_s),
            level("after", self.rate, beside_s),
        )
