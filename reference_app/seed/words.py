"""The words everything is made of, read from the TOML files in `data/`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from reference_app.catalogue import CATEGORIES, ISLANDS
from reference_app.seed.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Scale:
    """Rows of each table."""

    users: int
    companies: int
    jobs: int
    applications: int
    saved_jobs: int
    user_follows: int
    company_follows: int
    connections: int
    posts: int
    likes: int
    comments: int
    reviews: int


@dataclass(frozen=True, slots=True)
class Trade:
    """The vocabulary of one job category, and its share (relative) of all companies.

    `salary` is the usual range in dollars a year.
    """

    weight: float
    salary: list[int]
    titles: list[str]
    duties: list[str]
    requirements: list[str]
    company: list[str]
    searches: list[str]


@dataclass(frozen=True, slots=True)
class Place:
    """One island: its share (relative) of the people, and where on it work is."""

    share: int
    settlements: list[str]


@cache
def table(name: str) -> Mapping[str, Any]:
    """The data file `name` (a path below `data/`, without its ending) as it stands."""
    path = files("reference_app.seed").joinpath("data", f"{name}.toml")
    return tomllib.loads(path.read_text("utf-8"))


def scale(name: str) -> Scale:
    """The scale called `name`; raises `RefusedError` when there is none."""
    scales = table("scales")
    if name not in scales:
        raise RefusedError(f"no scale called {name!r}; there are: {', '.join(scales)}")
    return Scale(**scales[name])


@cache
def trades() -> tuple[Trade, ...]:
    """Every category's trade, in the catalogue's order."""
    return tuple(Trade(**table(f"trades/{slug}")) for slug in CATEGORIES)


@cache
def places() -> tuple[Place, ...]:
    """Every island, in the catalogue's order."""
    return tuple(Place(**table("islands")[slug]) for slug in ISLANDS)
