"""One generator process's share of a load that several send: every n-th of whatever is counted."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

Part = TypeVar("Part")


class Share(BaseModel):
    """Share `number` (from 0) of `of`: the parts number, number + of, number + 2 of...

    All shares together are the whole, each part once. Of arrivals on a schedule each share
    is as even over time as the whole is, and no process needs to know of another.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int = Field(default=0, ge=0)
    of: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _one_of_them(self) -> "Share":
        if self.number >= self.of:
            raise ValueError("number must be below of")
        return self

    def pick(self, parts: Iterable[Part]) -> Iterator[Part]:
        """Those of `parts` that are in this share, in order."""
        return islice(parts, self.number, None, self.of)

    def count(self, parts: int) -> int:
        """How many of so many parts are in this share."""
        return len(range(self.number, parts, self.of))
