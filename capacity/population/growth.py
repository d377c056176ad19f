"""Paths of growth: users by the month, and the month a number of users is reached."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from capacity.inputs import Array, InputError, document, first_problem

_FILE = Path(__file__).with_name("growth.toml")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    between: Literal["geometric", "linear"]
    points: tuple[tuple[float, float], ...] = Field(min_length=2)


@dataclass(frozen=True, slots=True)
class GrowthPath:
    """One path: users at some months, and how they grow between."""

    name: str
    text: str
    geometric: bool
    months: Array
    users: Array

    @property
    def last_month(self) -> float:
        """Where the path ends."""
        return float(self.months[-1])

    def at(self, month: Array | float) -> Array:
        """Registered users at `month`; before the first point and after the last they stay."""
        if self.geometric:
            return np.exp(np.interp(month, self.months, np.log(self.users)))
        return np.asarray(np.interp(month, self.months, self.users))

    def month_of(self, users: Array, after: Array) -> Array:
        """The month `users` are reached, when they grow by the share `after` a month beyond the
        path's end; infinite when they do not grow there."""
        scale = np.log if self.geometric else np.asarray
        month = np.interp(scale(users), scale(self.users), self.months)
        times = np.maximum(users / self.users[-1], 1.0)
        growing = np.log1p(np.maximum(after, 1e-12))
        return np.where(times > 1, self.last_month + np.log(times) / growing, month)


@cache
def paths(file: Path = _FILE) -> dict[str, GrowthPath]:
    """The paths of a file, by name.

    Raises `InputError` for unknown keys and points that do not rise.
    """
    found = {}
    for name, table in document(file).items():
        try:
            told = _Table.model_validate(table)
        except ValidationError as error:
            raise InputError(f"{file.name}: [{name}]: {first_problem(error)}") from error
        months, users = np.array(told.points).T
        if not ((np.diff(months) > 0).all() and (np.diff(users) > 0).all()):
            raise InputError(f"{file.name}: [{name}]: points must rise in month and users")
        geometric = told.between == "geometric"
        if geometric and users[0] <= 0:
            raise InputError(f"{file.name}: [{name}]: a geometric path starts above 0 users")
        found[name] = GrowthPath(name, told.text, geometric, months, users)
    return found
