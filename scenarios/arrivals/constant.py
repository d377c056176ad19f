"""A constant arrival rate."""

from typing import Literal

from pydantic import Field

from capacity.load_model import Stage, level
from scenarios.arrivals.model import OpenModel


class Constant(OpenModel):
    """`rate` arrivals a second."""

    model: Literal["constant"] = "constant"
    rate: float = Field(gt=0)

    def stages(self, duration_s: float) -> tuple[Stage, ...]:
        """One step of that rate."""
        return (level("measured", self.rate, duration_s),)
