"""The statistics two versions are compared by, as data (`statistics.toml`)."""

import tomllib
from collections.abc import Sequence
from functools import cache
from math import exp, log, log1p
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

_FILE = Path(__file__).with_name("statistics.toml")


class Statistic(BaseModel):
    """One figure of an endpoint or of all requests, and which change of it matters.

    Changes are reckoned on a scale on which they add up, the worse direction up: the log
    of the ratio for `ratio`, the plain difference for `difference`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    text: str
    unit: str
    better: Literal["lower", "higher"]
    scale: Literal["ratio", "difference"]
    minimum_effect: float = Field(gt=0)
    decides: bool

    @property
    def percent(self) -> float | None:
        """95.0 for `p95`; None for what is no percentile."""
        return float(self.id[1:]) if self.id[1:].isdigit() else None

    @property
    def threshold(self) -> float:
        """The minimum effect on the scale of changes."""
        return log1p(self.minimum_effect) if self.scale == "ratio" else self.minimum_effect

    def position(self, value: float) -> float:
        """Where a figure stands on the scale of changes; the difference of two is a worsening.

        Raises `ValueError` for a ratio's figure that is not above 0.
        """
        place = log(value) if self.scale == "ratio" else value
        return place if self.better == "lower" else -place

    def as_change(self, worsening: float) -> float:
        """A worsening as people read it: a share of the base, or a difference."""
        change = worsening if self.better == "lower" else -worsening
        return exp(change) - 1 if self.scale == "ratio" else change


@cache
def statistics() -> tuple[Statistic, ...]:
    """All of them, in the order they are told."""
    document = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return tuple(Statistic.model_validate(one) for one in document["statistic"])


def with_minimum_effect(
    known: Sequence[Statistic], minimum_effect: float | None
) -> tuple[Statistic, ...]:
    """The same statistics; those that are ratios with this minimum effect, if one is given."""
    if minimum_effect is None:
        return tuple(known)
    return tuple(
        one.model_copy(update={"minimum_effect": minimum_effect}) if one.scale == "ratio" else one
        for one in known
    )
