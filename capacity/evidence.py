"""Figures that say where they come from, and how sure they are.

Every number shown to a person carries its evidence. What was not measured to the
last digit is a span: a low, a middle and a high value.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator


class Evidence(StrEnum):
    """What a figure rests on."""

    MEASURED = "measured"
    """A run or a probe on this stack."""
    MODELLED = "modelled"
    """A model fitted to measurements; its held-out error goes with it."""
    PRICED = "priced"
    """A provider's public price, with source and date."""
    CLAIMED = "claimed"
    """The blueprint's word."""
    ASSUMED = "assumed"
    """Our choice; its reason goes with it."""


class Span(BaseModel):
    """A figure with its interval: low <= mid <= high, all in one unit.

    Raises `ValueError` when they are out of order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    low: float
    mid: float
    high: float

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= self.mid <= self.high:
            raise ValueError(
                f"low <= mid <= high does not hold: {self.low:g}, {self.mid:g}, {self.high:g}"
            )
        return self

    @classmethod
    def exact(cls, value: float) -> Self:
        """A figure without doubt."""
        return cls(low=value, mid=value, high=value)

    def times(self, factor: float) -> "Span":
        """The same span in a unit `factor` (>= 0) times smaller."""
        return Span(low=self.low * factor, mid=self.mid * factor, high=self.high * factor)

    def through(self, rising: Callable[[float], float]) -> "Span":
        """The span of a rising function of the figure."""
        return Span(low=rising(self.low), mid=rising(self.mid), high=rising(self.high))
