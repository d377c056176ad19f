"""A whole day, compressed in time: the rate of each hour, from midnight to midnight."""

from itertools import pairwise
from typing import Literal

from pydantic import Field, field_validator

from capacity.load_model import Piece, Stage
from scenarios.arrivals.model import OpenModel

_PARTS = ("night", "morning", "afternoon", "evening")
"""Six hours each, from midnight on."""


class Day(OpenModel):
    """`hours` are weights of the moments 0:00 to 23:00; the largest stands for `peak` a second.

    Between two hours the rate goes in a straight line, from the last to the first too.
    """

    model: Literal["day"] = "day"
    peak: float = Field(gt=0)
    hours: tuple[float, ...]

    @field_validator("hours")
    @classmethod
    def _a_day(cls, hours: tuple[float, ...]) -> tuple[float, ...]:
        if len(hours) != 24 or min(hours) < 0 or max(hours) <= 0:
            raise ValueError("a day has 24 weights, none below 0 and one at least above")
        return hours

    def stages(self, duration_s: float) -> tuple[Stage, ...]:
        """A step for each part of the day."""
        rates = [self.peak * weight / max(self.hours) for weight in self.hours]
        hour_s = duration_s / 24
        pieces = [
            Piece(seconds=hour_s, start=start, end=end)
            for start, end in pairwise([*rates, rates[0]])
        ]
        return tuple(
            Stage(name=name, pieces=tuple(pieces[6 * part : 6 * part + 6]))
            for part, name in enumerate(_PARTS)
        )
