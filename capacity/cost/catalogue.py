"""Providers' price lists as data: `catalogues/*.toml`, one file per provider.

    provider = "Upstash"
    source = "Upstash pricing"        # where the prices stand
    read = 2026-11-09                 # when they were read there
    confidence = "high"               # high: the provider's page; medium: told by others; low

    [[plan]]
    name = "Redis pay as you go"
    layer = "redis"
    fixed = 0                         # USD a month
    limits = { redis_commands_per_s_peak = 10000 }    # quantity -> the most the plan carries

    [[plan.charge]]
    what = "commands"
    quantity = "redis_commands"       # a quantity of capacity.cost.quantities
    per = 100000                      # what one price buys
    included = 0
    price = 0.20

A plan may have source, read and confidence of its own. One of sizes has `[[plan.size]]`
instead, each with cores, gb, connections and a price a month: the cheapest that fits is
taken, once for each machine of the layer.
"""

from datetime import date
from enum import StrEnum
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from capacity.cost.quantities import NAMES
from capacity.inputs import InputError, document, first_problem
from capacity.nearest import nearest

FOLDER = Path(__file__).with_name("catalogues")
STALE_DAYS = 90


Confidence = Literal["high", "medium", "low"]


class CatalogueError(InputError):
    """A catalogue that cannot be priced from: file, place and what is wrong."""


class Layer(StrEnum):
    """What a system needs one provider for."""

    EDGE = "edge"
    PODS = "pods"
    DATABASE = "database"
    REDIS = "redis"
    OBJECTS = "objects"
    ERRORS = "errors"
    METRICS = "metrics"
    PAYMENTS = "payments"


MACHINES = (Layer.PODS, Layer.DATABASE, Layer.REDIS)
"""Layers that are bought as machines, so that a plan of sizes makes sense."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(_Part):
    """From `above` units (after what is included) on, one `per` costs `price`."""

    above: float = Field(gt=0)
    price: float = Field(ge=0)


class Charge(_Part):
    """One thing that is billed by quantity, in USD."""

    what: str
    quantity: str
    per: float = Field(default=1, gt=0)
    included: float = Field(default=0, ge=0)
    price: float = Field(ge=0)
    steps: tuple[Step, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.quantity not in NAMES:
            raise ValueError(f'no quantity "{self.quantity}": {nearest(self.quantity, NAMES)}')
        if any(later.above <= earlier.above for earlier, later in pairwise(self.steps)):
            raise ValueError("steps must rise")
        return self


class Size(_Part):
    """One size of machine; `price` in USD a month of 730 hours."""

    name: str
    cores: float = Field(gt=0)
    gb: float = Field(gt=0)
    connections: int | None = Field(default=None, ge=1)
    price: float = Field(ge=0)


class Plan(_Part):
    """One plan of a provider for one layer; `place` is whose data centres it is in, if it matters.

    Where its prices were found elsewhere than the catalogue's others, it says so itself.
    """

    name: str
    layer: Layer
    fixed: float = Field(default=0, ge=0)
    charge: tuple[Charge, ...] = ()
    size: tuple[Size, ...] = ()
    limits: dict[str, float] = {}
    place: str = ""
    note: str = ""
    source: str | None = None
    read: date | None = None
    confidence: Confidence | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        strange = [name for name in self.limits if name not in NAMES]
        if strange:
            raise ValueError(f'no quantity "{strange[0]}": {nearest(strange[0], NAMES)}')
        if self.size and self.layer not in MACHINES:
            raise ValueError(f"sizes make sense for {', '.join(MACHINES)} only")
        if any(later.price < earlier.price for earlier, later in pairwise(self.size)):
            raise ValueError("sizes must be listed from the cheapest on")
        return self


class Catalogue(_Part):
    """One provider's plans, and how far to trust them."""

    provider: str
    source: str
    read: date
    confidence: Confidence
    plan: tuple[Plan, ...] = Field(min_length=1)

    def stale(self, today: date) -> str | None:
        """A warning when the prices were read more than 90 days before `today`."""
        age = (today - self.read).days
        if age <= STALE_DAYS:
            return None
        return (
            f"{self.provider}: prices of {self.read} are {age} days old; look them up again "
            f"({self.source})"
        )


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue in the file at `path`.

    Raises `CatalogueError`, in one line, for a file that cannot be read, an unknown key or
    quantity, and a catalogue without source, date or confidence.
    """
    try:
        return Catalogue.model_validate(document(path))
    except ValidationError as error:
        raise CatalogueError(f"{path.name}: {first_problem(error)}") from error


@cache
def read_catalogues(folder: Path = FOLDER) -> tuple[Catalogue, ...]:
    """All catalogues of a folder, by file name.

    Raises `CatalogueError` for a folder without any and a provider that is there twice.
    """
    found = tuple(read_catalogue(path) for path in sorted(folder.glob("*.toml")))
    if not found:
        raise CatalogueError(f"no catalogue in {folder}: each provider is a file *.toml")
    names = [one.provider for one in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CatalogueError(f"{folder.name}: more than one catalogue of {', '.join(twice)}")
    return found
